//! SQLite's expressions in PostgreSQL's words: a typed whitelist (semantics.md §3.6). What PostgreSQL cannot mean exactly
//! the same way is an error with its reason, never a text that is copied and hoped for.
//!
//! Pure: an expression, and what is known of the columns that it may name, give SQL text.

mod arithmetic;
mod case;
mod cast;
mod compare;
mod dates;
mod functions;
mod held;
mod like;
mod literal;
mod logic;
mod names;
mod numbers;
mod op;
mod query;
mod stored;
mod term;
#[cfg(test)]
mod tests;
mod texts;

use super::types::{Mapping, PgType};
use crate::catalog::affinity::Affinity;
use crate::catalog::expr::{BinaryOp, Expr, UnaryOp};
use compare::Op;
use literal::Constant;
pub use query::Given;
use term::{Kind, Made, Term};

/// Why an expression is not translated, as a part of a sentence: "typeof() of a column that holds more than one class".
pub type Reason = String;

/// What an expression may name: the rows of one table, or of all that a FROM joins.
#[derive(Debug, Clone, Default)]
pub struct Scope<'a> {
    /// the tables, in their order
    pub relations: Vec<Relation>,
    /// the query around this one, for a subquery
    pub outer: Option<&'a Scope<'a>>,
    /// the source is a UTF-16 file: SQLite orders its texts by other bytes than PostgreSQL has of them (semantics.md §3.4)
    pub utf16: bool,
    /// numbers that are INTEGER in one row and REAL in another may be taken as doubles, with a note: what is only shown and
    /// guards nothing
    pub by_double: bool,
    /// what is translated already: subqueries and aggregates
    pub given: Vec<Given>,
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

/// What a translation goes on in.
#[derive(Debug, Clone, Copy)]
struct Room<'a> {
    scope: &'a Scope<'a>,
}

impl Room<'_> {
    /// A DEFAULT names no column.
    fn is_default(&self) -> bool {
        self.scope.relations.is_empty() && self.scope.outer.is_none()
    }

    /// The term, unless it depends on the bytes of texts and the source has others. Of a DEFAULT the source's encoding is not
    /// known here.
    fn by_encoding(&self, term: Term) -> Made {
        if term.encoded && (self.scope.utf16 || self.is_default()) {
            return Err(
                "the bytes of a text, or its order by them, which depend on the source's encoding".to_owned()
            );
        }
        Ok(term)
    }
}

/// The value of an expression.
///
/// # Errors
/// The reason why it is not translated.
pub fn value(expr: &Expr, scope: &Scope<'_>) -> Result<Translated, Reason> {
    let room = Room { scope };
    Ok(room.by_encoding(made(&room, expr)?)?.finish())
}

/// A condition in a WHERE: SQLite's "true" is PostgreSQL's true, and false and NULL are not told apart.
///
/// # Errors
/// The reason why it is not translated.
pub fn condition(expr: &Expr, scope: &Scope<'_>) -> Result<Translated, Reason> {
    let room = Room { scope };
    Ok(room.by_encoding(logic::condition(&room, expr)?)?.finish())
}

/// A CHECK: SQLite accepts what is not false, that is true and NULL.
///
/// # Errors
/// The reason why it is not translated.
pub fn check(expr: &Expr, scope: &Scope<'_>) -> Result<Translated, Reason> {
    condition(expr, scope)
}

/// The WHERE of a partial index: a condition of nothing but functions that PostgreSQL calls immutable.
///
/// # Errors
/// The reason why it is not translated.
pub fn index_condition(expr: &Expr, scope: &Scope<'_>) -> Result<Translated, Reason> {
    let room = Room { scope };
    Ok(room.by_encoding(immutable(logic::condition(&room, expr)?)?)?.finish())
}

/// A key of an index: only functions that PostgreSQL calls immutable; what sorts and compares the same way.
///
/// # Errors
/// The reason why it is not translated.
pub fn index_key(expr: &Expr, scope: &Scope<'_>) -> Result<Translated, Reason> {
    let room = Room { scope };
    let term = room.by_encoding(immutable(made(&room, expr)?)?)?;
    if term.constant.is_some() || !term.of_row {
        return Err("a constant, which is no key".to_owned());
    }
    match &term.kind {
        Kind::Held(mapping) if mapping.pg == PgType::Json => {
            return Err("a value of type json, which PostgreSQL has no order for".to_owned());
        }
        Kind::Held(mapping) if !held::keeps_key_order(mapping) => {
            return Err(format!("a key that is {}, which {} orders otherwise", term.kind.word(), mapping.pg));
        }
        Kind::Mixed(_) => return Err(format!("a key that is {}", term.kind.word())),
        _ => {}
    }
    if term.kind != Kind::Text {
        return Ok(term.finish());
    }
    let collation = compare::collation(&term, &term);
    let sql = if collation == "BINARY" { term.atom() } else { compare::text_key(&term, &collation)? };
    Ok(Translated { sql, ..term.finish() })
}

fn immutable(term: Term) -> Made {
    if term.immutable {
        Ok(term)
    } else {
        Err("a function that PostgreSQL does not call immutable".to_owned())
    }
}

/// A column's DEFAULT or generated value, as the column of that affinity and mapping would store it. In a scope without
/// relations it is a DEFAULT: `NULL` stands for none, and functions of the present moment are allowed.
///
/// # Errors
/// The reason why it is not translated.
pub fn stored(
    expr: &Expr,
    scope: &Scope<'_>,
    affinity: Affinity,
    mapping: &Mapping,
) -> Result<Translated, Reason> {
    let room = Room { scope };
    let term = room.by_encoding(made(&room, expr)?)?;
    if room.is_default() {
        let term = stored::stored(term, affinity, mapping, true)?;
        // The grammar of DEFAULT takes no condition that is not in parentheses.
        let sql = term.at(term::Binding::Operator);
        return Ok(Translated { sql, mapping: mapping.clone(), affinity, ..term.finish() });
    }
    if term.precomputed {
        return Err(
            "a call with constants alone, which PostgreSQL computes before it knows the collation".to_owned()
        );
    }
    let term = immutable(stored::stored(term, affinity, mapping, false)?)?;
    Ok(Translated { mapping: mapping.clone(), affinity, ..term.finish() })
}

/// Storage class of a constant other than NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// INTEGER
    Integer,
    /// REAL
    Real,
    /// TEXT
    Text,
    /// BLOB
    Blob,
}

/// The class in which a column of that affinity would store a DEFAULT; none where it is NULL or no constant.
pub fn constant_class(expr: &Expr, affinity: Affinity) -> Option<Class> {
    let term = made(&Room { scope: &Scope::default() }, expr).ok()?;
    match literal::stored(term.constant?, affinity).ok()? {
        Constant::Null => None,
        Constant::Integer(_) => Some(Class::Integer),
        Constant::Real(_) => Some(Class::Real),
        Constant::Text(_) => Some(Class::Text),
        Constant::Blob(_) => Some(Class::Blob),
    }
}

/// An expression as a term.
fn made(room: &Room<'_>, expr: &Expr) -> Made {
    match expr {
        Expr::Null => Term::constant(Constant::Null),
        Expr::Number(digits) => Term::constant(literal::number(digits)?),
        Expr::Text(text) => Term::constant(Constant::Text(text.clone())),
        Expr::Blob(bytes) => Term::constant(Constant::Blob(bytes.clone())),
        Expr::Name { table, name, quote } => names::name(room, table.as_deref(), name, *quote),
        Expr::Unary(UnaryOp::Not, operand) => logic::not(room, operand),
        Expr::Unary(op, operand) => arithmetic::unary(room, *op, operand),
        Expr::Binary(op, left, right) => binary(room, *op, left, right),
        Expr::Between { operand, not, low, high } => logic::between(room, operand, *not, low, high),
        Expr::In { operand, not, list } => logic::within(room, operand, *not, list),
        Expr::IsNull { operand, not } => logic::is_null(room, operand, *not),
        Expr::Like { operand, not, op, pattern, escape } => {
            like::like(room, *op, *not, (operand, pattern), escape.as_deref())
        }
        Expr::Collate(inner, name) => collated(made(room, inner)?, name),
        Expr::Moment(moment) => Ok(dates::current(*moment)),
        Expr::Case { operand, arms, otherwise } => {
            case::case(room, operand.as_deref(), arms, otherwise.as_deref())
        }
        Expr::Cast { operand, declared } => cast::cast(made(room, operand)?, declared),
        Expr::Call(call) if query::is_aggregate(call) => query::aggregate(room, expr, call),
        Expr::Call(call) => functions::call(room, call),
        Expr::Exists(_) | Expr::Subquery(_) | Expr::InSelect { .. } => query::subquery(room, expr),
        Expr::Row(_) => Err("a row value".to_owned()),
        Expr::Other(what) => Err((*what).to_owned()),
    }
}

fn binary(room: &Room<'_>, op: BinaryOp, left: &Expr, right: &Expr) -> Made {
    let comparison = |op: Op| logic::comparison(room, op, left, right);
    match op {
        BinaryOp::Or | BinaryOp::And => logic::junction(room, op, left, right),
        BinaryOp::Eq => comparison(Op::Eq),
        BinaryOp::Ne => comparison(Op::Ne),
        BinaryOp::Is => comparison(Op::Is),
        BinaryOp::IsNot => comparison(Op::IsNot),
        BinaryOp::Lt => comparison(Op::Lt),
        BinaryOp::Le => comparison(Op::Le),
        BinaryOp::Gt => comparison(Op::Gt),
        BinaryOp::Ge => comparison(Op::Ge),
        BinaryOp::Concat => concat(&made(room, left)?.as_text()?, &made(room, right)?.as_text()?),
        BinaryOp::Arrow | BinaryOp::DoubleArrow => Err("a part of a JSON value".to_owned()),
        _ => arithmetic::binary(room, op, left, right),
    }
}

/// `a || b`.
fn concat(left: &Term, right: &Term) -> Made {
    if left.kind == Kind::Null || right.kind == Kind::Null {
        return Term::constant(Constant::Null);
    }
    if let (Some(one), Some(other)) = (left.text_constant(), right.text_constant()) {
        return Term::computed(&[left, right], Constant::Text(format!("{one}{other}")));
    }
    let sql = format!("{} || {}", left.atom(), right.atom());
    Ok(Term::of(&[left, right], sql, term::Binding::Operator, Kind::Text))
}

/// `a COLLATE name`: nothing of the value changes.
fn collated(term: Term, name: &str) -> Made {
    let name = name.to_ascii_uppercase();
    Ok(Term { collation: Some(term::Collation { name, explicit: true }), ..term })
}
