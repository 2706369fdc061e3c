//! SQLite's scripts in PostgreSQL's words: DDL, migrations and first rows become scripts that may be run twice.
//!
//! Pure. What a statement means for the schema is the difference between the plans before and after it: whoever calls
//! [`translate`] has had SQLite run the script and gives what it made ([`Step`]). Statements for rows, and what is meant by
//! several statements together (a table that is built anew), are read from their text.

mod columns;
mod done;
mod fill;
mod guard;
mod insert;
mod joined;
mod later;
mod literal;
mod model;
mod parts;
mod rebuild;
mod rows;
mod script;
mod sequence;
mod tokens;
mod turn;

pub use model::Model;
pub use script::{Problem, Script, translate};

use crate::catalog::Catalog;
use crate::catalog::script::{Piece, Statement};
use crate::plan::Plan;
use std::rc::Rc;

/// The schema at one point of a history.
#[derive(Debug)]
pub struct State {
    /// as SQLite has it
    pub catalog: Catalog,
    /// what it becomes
    pub plan: Plan,
    /// the same, taken apart
    pub model: Model,
}

/// One statement, and the schema before and after it.
#[derive(Debug)]
pub struct Step {
    /// its text
    pub piece: Piece,
    /// what it is; the parser's sentence where it could not be read
    pub statement: Result<Statement, String>,
    /// before it
    pub before: Rc<State>,
    /// after it
    pub after: Rc<State>,
}

/// One script.
#[derive(Debug)]
pub struct Source {
    /// its name, as comments and messages call it
    pub name: String,
    /// its statements
    pub steps: Vec<Step>,
    /// comments after the last one
    pub rest: Vec<Option<String>>,
}

/// Why something is not translated, as a part of a sentence.
type Reason = String;
