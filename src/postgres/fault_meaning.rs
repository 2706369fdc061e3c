//! What a SQLSTATE means for a run: its kind, our words for it, and the way out.

use crate::error::ErrorKind::{self, Refused, Target};

/// Kind, our words, remedy; by the code, else by its class.
pub(super) fn meaning(code: &str) -> (ErrorKind, &'static str, &'static str) {
    let row = |key: &str| MEANINGS.iter().find(|(known, ..)| *known == key);
    let found = row(code).or_else(|| row(code.get(..2).unwrap_or_default()));
    found.map_or((Target, "", UNKNOWN), |(_, kind, what, remedy)| (*kind, what, remedy))
}

/// How to give a password.
pub(super) const PASSWORD: &str = "give the password in ~/.pgpass (mode 600), in PGPASSWORD or in an --env-file; at a terminal it is asked for where none was given";

const RESUME: &str = "run the same command again to resume";
const UNKNOWN: &str = "the server's log has the full story; run the same command again to resume";

const MEANINGS: &[(&str, ErrorKind, &str, &str)] = &[
    ("28P01", Refused, "the server refuses the password", PASSWORD),
    (
        "28000",
        Refused,
        "the server refuses this login",
        "check the user's name, its right to log in, and pg_hba.conf (address, database, user, TLS)",
    ),
    ("3D000", Refused, "no such database", "create it first (CREATE DATABASE …), or correct its name"),
    ("3F000", Refused, "no such schema", "create it (CREATE SCHEMA …), or choose another with --schema"),
    (
        "42501",
        Refused,
        "a right is missing",
        "the owner of the object, or a superuser, must GRANT it: USAGE and CREATE on the schema to \
     make tables; SELECT, INSERT and TRUNCATE on a table that exists, or its ownership (GRANT \
     owner TO user) for keys and indexes; CREATE on the database for our ledger's schema",
    ),
    (
        "25006",
        Refused,
        "the server is read-only",
        "connect to the primary (target_session_attrs=read-write), or switch \
     default_transaction_read_only off",
    ),
    (
        "53300",
        Target,
        "the server has no free connection for us",
        "use fewer --jobs, end idle sessions, or raise max_connections or the role's CONNECTION \
     LIMIT; then run the same command again",
    ),
    (
        "53100",
        Target,
        "the server's disk is full",
        "make room there (its log says on which volume: data or WAL), then run the same command again to resume",
    ),
    (
        "53200",
        Target,
        "the server ran out of memory",
        "use fewer --jobs or a smaller maintenance_work_mem, or where it is out of shared memory for locks raise \
     max_locks_per_transaction (a restart of the server); then run the same command again",
    ),
    (
        "53400",
        Target,
        "a limit of the server was reached",
        "raise the limit that the message names; then run the same command again",
    ),
    (
        "55P03",
        Target,
        "another session holds a lock we need",
        "pg_stat_activity and pg_blocking_pids() name it: often a long SELECT, an open transaction \
     or autovacuum on the same table; end it, then run the same command again",
    ),
    (
        "40P01",
        Target,
        "a deadlock with another session",
        "stop what else changes these tables, then run the same command again",
    ),
    ("40001", Target, "another session changed the same rows", RESUME),
    ("57014", Target, "the statement was cancelled from outside", RESUME),
    (
        "57P01",
        Target,
        "the server ended our session (shutdown, crash of a neighbour, or pg_terminate_backend)",
        RESUME,
    ),
    (
        "57P02",
        Target,
        "the server ended our session (shutdown, crash of a neighbour, or pg_terminate_backend)",
        RESUME,
    ),
    (
        "57P03",
        Target,
        "the server is starting up or shutting down",
        "wait until it is up, then run the same command again",
    ),
    ("57P04", Refused, "the database was dropped", "create it again, then start anew"),
    (
        "25P03",
        Target,
        "a timeout of the server ended our session",
        "set it to 0 for this role (ALTER ROLE … SET), or connect without the pooler; then run the \
     same command again",
    ),
    (
        "25P04",
        Target,
        "a timeout of the server ended our session",
        "set it to 0 for this role (ALTER ROLE … SET), or connect without the pooler; then run the \
     same command again",
    ),
    (
        "57P05",
        Target,
        "a timeout of the server ended our session",
        "set it to 0 for this role (ALTER ROLE … SET), or connect without the pooler; then run the \
     same command again",
    ),
    (
        "P0001",
        Target,
        "a trigger or function of the target refused",
        "its text may quote data and is in the server's log only; disable the trigger or correct \
     its rule",
    ),
    ("08", Target, "the connection failed", RESUME),
    ("28", Refused, "the server refuses this login", PASSWORD),
    (
        "22",
        Target,
        "the server refuses a value",
        "values are not shown; the server's log has the row. The column's type does not take what \
     the source holds: run copy --validate",
    ),
    (
        "23514",
        Target,
        "a CHECK of the target refuses a row, or no partition takes it",
        "values are not shown; the server's log has the row. Alter or drop the constraint (or add the partition) and run the \
     same command again to resume; or mend the rows in the source and copy with --restart",
    ),
    (
        "23505",
        Target,
        "a unique key or index of the target has this key already",
        "values are not shown; the server's log has the row. Drop the key or index and run the same command again to \
     resume; or mend the rows in the source and copy with --restart",
    ),
    (
        "23",
        Target,
        "a constraint of the target is violated",
        "values are not shown; the server's log has the row. Look at the source's rows by that \
     constraint's columns, or run copy --validate",
    ),
    (
        "53",
        Target,
        "the server lacks a resource",
        "look at the server's log and disk; then run the same command again to resume",
    ),
    (
        "58",
        Target,
        "the server lacks a resource",
        "look at the server's log and disk; then run the same command again to resume",
    ),
    ("57", Target, "the server's operator intervened", RESUME),
    (
        "XX",
        Target,
        "the server has an internal error",
        "look at the server's log; data_corrupted means its storage is damaged",
    ),
];
