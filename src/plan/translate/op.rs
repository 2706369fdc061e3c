//! The operators of comparisons, and what a comparison rests on.

use super::term::Term;

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Is,
    IsNot,
}

impl Op {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Op::Eq => "=",
            Op::Ne => "<>",
            Op::Lt => "<",
            Op::Le => "<=",
            Op::Gt => ">",
            Op::Ge => ">=",
            Op::Is => "IS NOT DISTINCT FROM",
            Op::IsNot => "IS DISTINCT FROM",
        }
    }

    pub(super) fn is_order(self) -> bool {
        matches!(self, Op::Lt | Op::Le | Op::Gt | Op::Ge)
    }

    pub(super) fn is_about_null(self) -> bool {
        matches!(self, Op::Is | Op::IsNot)
    }

    /// What it says of two values, neither of them NULL, of which the first is `order` than the second.
    pub(super) fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Op::Eq | Op::Is => order.is_eq(),
            Op::Ne | Op::IsNot => order.is_ne(),
            Op::Lt => order.is_lt(),
            Op::Le => order.is_le(),
            Op::Gt => order.is_gt(),
            Op::Ge => order.is_ge(),
        }
    }
}

/// What a comparison rests on beside its operands, since it may take them in other words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rests {
    /// only functions that PostgreSQL calls immutable
    pub(super) immutable: bool,
    /// the order of texts by their bytes
    pub(super) encoded: bool,
}

impl Rests {
    pub(super) const NOTHING: Rests = Rests { immutable: true, encoded: false };

    pub(super) fn of(left: &Term, right: &Term) -> Rests {
        Rests { immutable: left.immutable && right.immutable, encoded: left.encoded || right.encoded }
    }

    /// The same of another comparison, too.
    pub(super) fn and(self, other: Rests) -> Rests {
        Rests { immutable: self.immutable && other.immutable, encoded: self.encoded || other.encoded }
    }

    /// What is made of the comparison.
    pub(super) fn mark(self, term: Term) -> Term {
        Term { immutable: term.immutable && self.immutable, encoded: term.encoded || self.encoded, ..term }
    }
}
