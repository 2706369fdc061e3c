//! SQLite's expressions as a tree of our own: what a CHECK, a DEFAULT, a generated column, an index or a view says.
//!
//! The grammar's tree ends in this room (`read`); everything above works on this one. It is what was written, not what it
//! means: whether `"x"` is a column or a text is decided where the columns are known.

use super::select::{Ordering, Select};

/// How a name was quoted. It decides what a name may mean where no column is called so (semantics.md §3.6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Quote {
    /// not at all
    #[default]
    None,
    /// `"x"`: a text where nothing is called so
    Double,
    /// `` `x` ``
    Backtick,
    /// `[x]`
    Bracket,
}

/// One expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// NULL
    Null,
    /// a number as it was written, without sign: `1`, `0x10`, `1_000`, `1.5e3`
    Number(String),
    /// `'text'`
    Text(String),
    /// `x'00ff'`
    Blob(Vec<u8>),
    /// CURRENT_TIMESTAMP, CURRENT_DATE, CURRENT_TIME
    Moment(Moment),
    /// a column, or what stands where one may: `a`, `"a"`, `t.a`; `true` and `false`, too
    Name {
        /// the table's name or alias
        table: Option<String>,
        /// the name without its quotes
        name: String,
        /// its quotes
        quote: Quote,
    },
    /// an operator before its operand
    Unary(UnaryOp, Box<Expr>),
    /// an operator between two
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `a BETWEEN low AND high`
    Between {
        /// what is compared
        operand: Box<Expr>,
        /// NOT
        not: bool,
        /// from
        low: Box<Expr>,
        /// to
        high: Box<Expr>,
    },
    /// `a IN (…)`
    In {
        /// what is looked for
        operand: Box<Expr>,
        /// NOT
        not: bool,
        /// where
        list: Vec<Expr>,
    },
    /// `a IN (SELECT …)`
    InSelect {
        /// what is looked for
        operand: Box<Expr>,
        /// NOT
        not: bool,
        /// where
        select: Box<Select>,
    },
    /// `a ISNULL`, `a NOTNULL`; `a IS NULL` is an operator like any other
    IsNull {
        /// what is asked
        operand: Box<Expr>,
        /// NOT
        not: bool,
    },
    /// LIKE and its relatives
    Like {
        /// the text
        operand: Box<Expr>,
        /// NOT
        not: bool,
        /// which of them
        op: LikeOp,
        /// the pattern
        pattern: Box<Expr>,
        /// ESCAPE
        escape: Option<Box<Expr>>,
    },
    /// CASE
    Case {
        /// what is compared with each WHEN
        operand: Option<Box<Expr>>,
        /// WHEN and THEN
        arms: Vec<(Expr, Expr)>,
        /// ELSE
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST(a AS type)`
    Cast {
        /// what is changed
        operand: Box<Expr>,
        /// the type as written, with its numbers in parentheses
        declared: String,
    },
    /// `a COLLATE name`; the name in upper case
    Collate(Box<Expr>, String),
    /// a function
    Call(Box<Call>),
    /// `EXISTS (SELECT …)`
    Exists(Box<Select>),
    /// `(SELECT …)`
    Subquery(Box<Select>),
    /// `(a, b)`
    Row(Vec<Expr>),
    /// what this tree has no word for, and why it cannot be carried
    Other(&'static str),
}

/// Words for the present moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// CURRENT_TIMESTAMP
    Stamp,
    /// CURRENT_DATE
    Date,
    /// CURRENT_TIME
    Time,
}

/// Operators with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-`
    Minus,
    /// `+`: no operation, but it takes away a column's affinity
    Plus,
    /// NOT
    Not,
    /// `~`
    BitNot,
}

/// Operators with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// OR
    Or,
    /// AND
    And,
    /// `=`, `==`
    Eq,
    /// `<>`, `!=`
    Ne,
    /// IS, IS NOT DISTINCT FROM
    Is,
    /// IS NOT, IS DISTINCT FROM
    IsNot,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `&`
    BitAnd,
    /// `|`
    BitOr,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `||`
    Concat,
    /// `->`
    Arrow,
    /// `->>`
    DoubleArrow,
}

/// LIKE and its relatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LikeOp {
    /// LIKE
    Like,
    /// GLOB
    Glob,
    /// REGEXP: a function of the application's own
    Regexp,
    /// MATCH: a virtual table's own
    Match,
}

/// A function and what it is called with.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// its name in lower case
    pub name: String,
    /// DISTINCT
    pub distinct: bool,
    /// `*` in place of arguments
    pub star: bool,
    /// its arguments
    pub arguments: Vec<Expr>,
    /// ORDER BY within the parentheses
    pub order_by: Vec<Ordering>,
    /// FILTER (WHERE …)
    pub filter: Option<Expr>,
    /// OVER: a window function
    pub over: bool,
}

impl Expr {
    /// A bare name.
    pub fn name(name: &str) -> Expr {
        Expr::Name { table: None, name: name.to_owned(), quote: Quote::None }
    }
}
