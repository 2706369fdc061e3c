//! SQLite's expressions in PostgreSQL's words: a typed whitelist (semantics.md §3.6). What PostgreSQL cannot mean exactly
//! the same way is an error with its reason, never a text that is copied and hoped for.
//!
//! Pure: an expression, and what is known of the columns that it may name, give SQL text.

use super::types::Mapping;
use crate::catalog::affinity::Affinity;
use crate::catalog::expr::Expr;

/// Why an expression is not translated, as a part of a sentence: "typeof() of a column that holds more than one class".
pub type Reason = String;

/// What an expression may name: the rows of one table, or of all that a FROM joins.
#[derive(Debug, Clone, Default)]
pub struct Scope<'a> {
    /// the tables, in their order
    pub relations: Vec<Relation>,
    /// the query around this one, for a subquery
    pub outer: Option<&'a Scope<'a>>,
    /// what is translated already: subqueries and aggregates
    pub given: Vec<(Expr, Translated)>,
}

/// One table, view or subquery in a scope.
#[derive(Debug, Clone, Default)]
pub struct Relation {
    /// what expressions call it: its alias, else its name in the source
    pub name: String,
    /// what stands before its columns in the target, quoted; none where a bare column is enough (a CHECK, an index)
    pub qualifier: Option<String>,
    /// its columns
    pub columns: Vec<ScopeColumn>,
}

/// One column in a scope.
#[derive(Debug, Clone)]
pub struct ScopeColumn {
    /// name in the source
    pub source: String,
    /// name in the target, not quoted
    pub target: String,
    /// the target's type, and how SQLite's values became it
    pub mapping: Mapping,
    /// affinity in the source
    pub affinity: Affinity,
    /// collation in the source, in upper case
    pub collation: String,
    /// it may hold NULL
    pub nullable: bool,
}

/// A translated expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Translated {
    /// PostgreSQL's text, safe to stand in parentheses anywhere
    pub sql: String,
    /// its type, and how SQLite's value of the expression would become it
    pub mapping: Mapping,
    /// the expression's affinity in SQLite (none, BLOB, for all but columns and CASTs)
    pub affinity: Affinity,
    /// what is to be said of it although it is carried
    pub notes: Vec<String>,
}

/// The value of an expression.
///
/// # Errors
/// The reason why it is not translated.
pub fn value(_expr: &Expr, _scope: &Scope<'_>) -> Result<Translated, Reason> {
    Err("expressions are not translated".to_owned())
}

/// A condition in a WHERE: SQLite's "true" is PostgreSQL's true, and false and NULL are not told apart.
///
/// # Errors
/// The reason why it is not translated.
pub fn condition(expr: &Expr, scope: &Scope<'_>) -> Result<Translated, Reason> {
    value(expr, scope)
}

/// A CHECK: SQLite accepts what is not false, that is true and NULL.
///
/// # Errors
/// The reason why it is not translated.
pub fn check(expr: &Expr, scope: &Scope<'_>) -> Result<Translated, Reason> {
    value(expr, scope)
}

/// A key of an index: only functions that PostgreSQL calls immutable; what sorts and compares the same way.
///
/// # Errors
/// The reason why it is not translated.
pub fn index_key(expr: &Expr, scope: &Scope<'_>) -> Result<Translated, Reason> {
    value(expr, scope)
}

/// A column's DEFAULT or generated value, as the column of that affinity and mapping would store it.
///
/// # Errors
/// The reason why it is not translated.
pub fn stored(
    expr: &Expr,
    scope: &Scope<'_>,
    _affinity: Affinity,
    _mapping: &Mapping,
) -> Result<Translated, Reason> {
    value(expr, scope)
}
