//! Declared types: the affinity is SQLite's own, a name is the same with and without its arguments.

use super::oracle;
use cutover::catalog::affinity::{Affinity, type_name};
use cutover::plan::choose::Family;

/// The bytes are a declared type.
pub fn run(data: &[u8]) {
    let Ok(declared) = std::str::from_utf8(data) else { return };
    let name = type_name(declared);
    assert!(!name.contains('(') && !name.contains("  ") && name.trim() == name, "{name:?}");
    assert_eq!(name, name.to_ascii_uppercase());
    assert_eq!(type_name(&name), name, "a name is not its own name");
    assert_eq!(Family::of(&name), Family::of(declared));
    for text in [declared.to_owned(), declared.to_ascii_lowercase(), declared.to_ascii_uppercase()] {
        assert_eq!(Affinity::of(&text, false), Affinity::of(declared, false));
        assert_eq!(Family::of(&text), Family::of(declared));
    }
    let strict = Affinity::of(declared, true);
    assert!(strict == Affinity::of(declared, false) || declared.trim_ascii().eq_ignore_ascii_case("any"));
    if !declared.contains('\0') {
        let quoted = oracle::quoted(declared);
        assert_eq!(Affinity::of(&quoted, false), as_sqlite_says(&quoted), "{quoted}");
        if let Some(kept) = as_sqlite_keeps_it(declared) {
            assert_eq!(Affinity::of(&kept, false), as_sqlite_says(declared), "{kept}");
        }
    }
}

/// The type as SQLite's own catalog gives it, if the text is a type and nothing else.
fn as_sqlite_keeps_it(declared: &str) -> Option<String> {
    let kept: String = oracle::tried(|database| {
        database.execute(&format!("CREATE TABLE t(a {declared})"), []).ok()?;
        let sql = "SELECT type FROM pragma_table_xinfo('t') WHERE cid = 0 AND name = 'a' AND type <> ''";
        database.query_row(sql, [], |row| row.get(0)).ok()
    })?;
    // SQLite takes ALWAYS GENERATED off, and other words behind the type are constraints.
    let words = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect::<String>();
    (words(&kept) == words(declared)).then_some(kept)
}

/// What SQLite makes of 1.5 and of '1' tells the five affinities apart.
fn as_sqlite_says(declared: &str) -> Affinity {
    let sql = format!("SELECT typeof(CAST(1.5 AS {declared})), typeof(CAST('1' AS {declared}))");
    let classes: (String, String) = oracle::tried(|database| {
        database
            .query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("a type is one in a CAST, too")
    });
    match (classes.0.as_str(), classes.1.as_str()) {
        ("integer", "integer") => Affinity::Integer,
        ("text", "text") => Affinity::Text,
        ("blob", "blob") => Affinity::Blob,
        ("real", "real") => Affinity::Real,
        ("real", "integer") => Affinity::Numeric,
        other => panic!("no affinity gives {other:?}"),
    }
}
