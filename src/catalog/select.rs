//! SQLite's SELECT as a tree of our own: what a view says, and the queries within expressions.

use super::expr::Expr;

/// One SELECT with everything around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// WITH
    pub with: Vec<CommonTable>,
    /// WITH RECURSIVE
    pub recursive: bool,
    /// the first part
    pub first: SelectCore,
    /// UNION and its relatives
    pub compounds: Vec<(Compound, SelectCore)>,
    /// ORDER BY
    pub order_by: Vec<Ordering>,
    /// LIMIT and OFFSET
    pub limit: Option<(Expr, Option<Expr>)>,
}

/// One part of a WITH.
#[derive(Debug, Clone, PartialEq)]
pub struct CommonTable {
    /// its name
    pub name: String,
    /// names of its columns, where they are given
    pub columns: Vec<String>,
    /// what it is
    pub select: Select,
}

/// What stands on either side of UNION.
#[derive(Debug, Clone, PartialEq)]
pub enum SelectCore {
    /// SELECT … FROM …
    Query(Box<Query>),
    /// VALUES (…), (…)
    Values(Vec<Vec<Expr>>),
}

/// UNION and its relatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compound {
    /// UNION
    Union,
    /// UNION ALL
    UnionAll,
    /// EXCEPT
    Except,
    /// INTERSECT
    Intersect,
}

/// One SELECT … FROM … WHERE … GROUP BY … HAVING ….
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// DISTINCT
    pub distinct: bool,
    /// what is selected
    pub columns: Vec<ResultColumn>,
    /// FROM
    pub from: Option<From>,
    /// WHERE
    pub filter: Option<Expr>,
    /// GROUP BY
    pub group_by: Vec<Expr>,
    /// HAVING
    pub having: Option<Expr>,
    /// it has a WINDOW clause
    pub windows: bool,
}

/// One column of the result.
#[derive(Debug, Clone, PartialEq)]
pub enum ResultColumn {
    /// an expression, and its name where it has one
    Expr(Expr, Option<String>),
    /// `*`
    Star,
    /// `t.*`
    TableStar(String),
}

/// FROM.
#[derive(Debug, Clone, PartialEq)]
pub struct From {
    /// the first source
    pub first: Source,
    /// what is joined to it, from left to right
    pub joins: Vec<Join>,
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// a table or a view
    Table {
        /// its name
        name: String,
        /// AS
        alias: Option<String>,
    },
    /// a query
    Select {
        /// the query
        select: Box<Select>,
        /// AS
        alias: Option<String>,
    },
    /// joins in parentheses
    Group {
        /// what is within
        from: Box<From>,
        /// AS
        alias: Option<String>,
    },
    /// a table-valued function
    Call {
        /// its name
        name: String,
    },
}

/// One join.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// which
    pub kind: JoinKind,
    /// NATURAL
    pub natural: bool,
    /// with what
    pub source: Source,
    /// ON
    pub on: Option<Expr>,
    /// USING
    pub using: Vec<String>,
}

/// Kinds of joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// `,`
    Comma,
    /// JOIN, INNER JOIN
    Inner,
    /// CROSS JOIN
    Cross,
    /// LEFT JOIN
    Left,
    /// RIGHT JOIN
    Right,
    /// FULL JOIN
    Full,
}

/// One term of an ORDER BY.
#[derive(Debug, Clone, PartialEq)]
pub struct Ordering {
    /// by what
    pub expr: Expr,
    /// DESC
    pub descending: bool,
    /// NULLS FIRST or NULLS LAST, where it is said
    pub nulls_first: Option<bool>,
}
