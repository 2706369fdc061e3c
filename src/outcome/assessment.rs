//! What a copy would do, table by table, and whether it would work (`copy --validate`).

use serde::Serialize;

/// The plan in the order of its work, and the verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// `copy --migrate` would begin and, as far as can be known, succeed
    pub would_work: bool,
    /// findings that stand against it
    pub refusals: u64,
    /// findings to be weighed
    pub warnings: u64,
    /// findings worth knowing
    pub notes: u64,
    /// objects that the target will not have
    pub not_carried: u64,
    /// tables in the order in which their rows are copied: heavy ones first
    pub tables: Vec<TableOutline>,
}

/// How one table is copied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableOutline {
    /// name in the source
    pub source: String,
    /// name in the target
    pub target: String,
    /// it is made; else it exists and is filled
    pub is_created: bool,
    /// bytes weighed in the source
    pub bytes: u64,
    /// chunks in which its digests are taken
    pub chunks: u64,
    /// transactions in which its rows commit; after a stop, those that are committed stay
    pub transactions: u64,
    /// its rows share a transaction with those of other small tables
    pub shares_transaction: bool,
    /// its pages are written frozen (COPY … FREEZE)
    pub is_frozen: bool,
    /// columns of which less than storage class and bytes is kept, or compared, and why
    pub reservations: Vec<Reservation>,
}

/// A column that is not kept, or not proved, in every respect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reservation {
    /// source column
    pub column: String,
    /// `E1`, `E2`, `B` or `LOSS`
    pub level: String,
    /// what is proved of it, and what not
    pub why: String,
}
