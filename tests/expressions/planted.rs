//! The judge can see: translations with a known mistake are found by the same rows and the same comparison.

use super::judge::{Judge, Pair, Role, TRIED, Verdict};
use super::table::{self, Table};
use crate::support::dice::Dice;
use crate::support::postgres::Server;
use cutover::catalog::affinity::Affinity;
use cutover::plan::translate::Translated;
use cutover::plan::types::{Codec, Mapping, PgType};

const INT: (PgType, Codec) = (PgType::Int8, Codec::Int);
const BOOL: (PgType, Codec) = (PgType::Bool, Codec::Bool);
const TEXT: (PgType, Codec) = (PgType::Text, Codec::Text);
const FLOAT: (PgType, Codec) = (PgType::Float8, Codec::Float);

/// What is used how in SQLite; what it becomes by mistake, and rightly, in PostgreSQL.
type Fault = (Role, &'static str, &'static str, &'static str, (PgType, Codec));

const FAULTS: &[Fault] = &[
    // LIKE copied as it is: letters have a case, and backslashes mean something
    (
        Role::Check,
        "w LIKE 'A%'",
        "w LIKE 'A%'",
        r#"lower(w COLLATE "C") LIKE lower('A%' COLLATE "C") ESCAPE ''"#,
        BOOL,
    ),
    (
        Role::Value,
        r"w LIKE 'a\b'",
        r"lower(w) LIKE lower('a\b')",
        r#"lower(w COLLATE "C") LIKE 'a\b' ESCAPE ''"#,
        BOOL,
    ),
    // a division without NULLIF
    (Role::Value, "10 / i", "10 / i", "10 / nullif(i, 0)", INT),
    (Role::Check, "10 % i = 1", "10 % i = 1", "10 % nullif(i, 0) = 1", BOOL),
    // CAST rounds
    (Role::Value, "CAST(r AS INTEGER)", "CAST(r AS bigint)", "CAST(trunc(r) AS bigint)", INT),
    // NOCASE forgotten, and folded by the locale
    (Role::Condition, "nc = 'a'", "nc = 'a'", r#"lower(nc COLLATE "C") = 'a'"#, BOOL),
    (Role::Value, "nc = 'É'", "translate(lower(nc), 'É', 'é') = 'é'", r#"lower(nc COLLATE "C") = 'É'"#, BOOL),
    (Role::Condition, "rt = 'a'", "rt = 'a'", "rtrim(rt, ' ') = 'a'", BOOL),
    // NULL among the arguments, among the operands, in a list
    (Role::Value, "max(i, 3)", "greatest(i, 3)", "CASE WHEN i IS NOT NULL THEN greatest(i, 3) END", INT),
    (Role::Value, "i IS NULL", "i = NULL", "i IS NULL", BOOL),
    (Role::Condition, "i NOT IN (1, 2)", "coalesce(i, 0) NOT IN (1, 2)", "i NOT IN (1, 2)", BOOL),
    // a CHECK takes NULL
    (Role::Check, "i > 3", "coalesce(i > 3, false)", "i > 3", BOOL),
    // a substring from the end
    (
        Role::Value,
        "substr(w, -2)",
        "substr(w, -2)",
        "CASE WHEN length(w) < 2 THEN w ELSE right(w, 2) END",
        TEXT,
    ),
    // letters that only the locale knows
    (Role::Value, "upper(w)", "replace(upper(w), 'é', 'É')", r#"upper(w COLLATE "C")"#, TEXT),
    // blanks
    (Role::Value, "trim(w)", r"trim(w, E' \t')", "trim(w)", TEXT),
    // halves
    (
        Role::Value,
        "round(r)",
        "round(r)",
        "CASE WHEN r >= 0 THEN floor(r + 0.5) ELSE -floor(-r + 0.5) END",
        FLOAT,
    ),
    // order
    (Role::Order, "w", r#"w COLLATE "und-x-icu""#, r#"w COLLATE "C""#, TEXT),
    (Role::Key, "nc", "nc", r#"lower(nc COLLATE "C")"#, TEXT),
];

#[test]
fn wrong_translations_are_found() {
    let Some(server) = Server::available() else { return };
    // A table whose REALs are quarters: what is right is then short.
    let table = (1..).map(|seed| Table::new(&mut Dice(seed), 400)).find(Table::has_quarters).unwrap();
    let (file, database) = (table.file("UTF-8"), server.fresh_database());
    let sqlite = file.connection();
    table::moved(&table, &file, &database);
    database.execute(TRIED);
    let judge = Judge { sqlite: &sqlite, database: &database, from: "t".to_owned(), key: "t.id".to_owned() };
    let found = |role: Role, sql: &str, target: &str, (pg, codec): &(PgType, Codec)| {
        let mapping = Mapping { pg: *pg, codec: codec.clone() };
        let translated =
            Translated { sql: target.to_owned(), mapping, affinity: Affinity::Blob, notes: Vec::new() };
        let verdicts = judge.verdicts(role, &[Pair { sql: sql.to_owned(), translated }]).remove(0);
        verdicts.into_iter().filter(|verdict| matches!(verdict, Verdict::Disagree(..))).collect::<Vec<_>>()
    };
    for (role, sql, wrong, right, mapping) in FAULTS {
        assert_eq!(found(*role, sql, right, mapping), [], "{sql}: {right}");
        assert!(
            wrong == right || !found(*role, sql, wrong, mapping).is_empty(),
            "{sql}: {wrong} is not found"
        );
    }
    // A value of another class.
    assert!(!found(Role::Value, "i", "i", &TEXT).is_empty());
    assert!(!found(Role::Value, "i", "i", &FLOAT).is_empty());
}
