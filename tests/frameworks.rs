//! Pairs that Django 5.2 and SQLAlchemy 2 made: `frameworks/*/source.sql` is a SQLite file that the ORM filled,
//! `target.sql` a PostgreSQL database as the same models make it. Both are committed, so no Python is needed.
//!
//! Where Python and the framework are there, the whole way is gone with them too, and every object is compared through
//! the ORM; `FRAMEWORKS=required` (scripts/frameworks.sh) makes a skip a failure.

use crate::support::flow::{constraints, lines, migrate, verify};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use std::path::{Path, PathBuf};
use std::process::Command;

fn directory(framework: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frameworks").join(framework)
}

/// Copies the committed pair, proves it, and hands over the target.
fn copied(server: &Server, framework: &str, more: &[&str], without_config: &str) -> Database {
    let read = |name: &str| std::fs::read_to_string(directory(framework).join(name)).unwrap();
    let (source, database) = (SqliteFile::from_sql(&read("source.sql")), server.fresh_database());
    database.execute(&read("target.sql"));
    let before = (constraints(&database), columns(&database));
    let refused = migrate(source.path(), &database, more).ends_with(3);
    let refusals = refused.report["findings"].as_array().unwrap().iter();
    let refusals: Vec<_> = refusals.filter(|finding| finding["severity"] == "refusal").collect();
    assert!(refusals.len() == 1 && refusals[0]["object"] == without_config, "{refusals:?}");
    let config = directory(framework).join("cutover.toml");
    let more = [more, &["--config", config.to_str().unwrap()]].concat();
    let run = migrate(source.path(), &database, &more).ends_with(0);
    for table in run.report["tables"].as_array().unwrap() {
        assert_eq!(table["verify"], "match", "{table}");
    }
    assert_eq!((constraints(&database), columns(&database)), before, "the schema is the application's");
    verify(source.path(), &database, &["--config", config.to_str().unwrap()]).ends_with(0);
    database
}

fn columns(database: &Database) -> String {
    lines(
        database,
        "SELECT format('%s.%s %s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
                attidentity, pg_get_expr(adbin, adrelid))
         FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
         WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND relkind = 'r' ORDER BY 1",
    )
}

fn next_number(database: &Database, table: &str) -> String {
    database.query_one_text(&format!("SELECT nextval(pg_get_serial_sequence('{table}', 'id'))"))
}

/// Rows 2 to 5, written by hand after `django/shop/rows.py`.
const PRODUCTS: [&str; 4] = [
    "2 SKU-00001 live plain f t -5 9223372036854775807 32767 | 0.1 0.10 0.000001 2024-02-29 2024-03-31 01:00:01+00 00:00:00 \
     00:00:00 {} 192.0.2.7 someone@example.org",
    "3 SKU-00002 draft Grüße, 世界 🛒 t f 2147483647 -9223372036854775808 -32768 | 1e+300 1.10 123456.654321 0001-01-01 \
     2024-03-31 01:00:02.499999+00 23:59:59.999999 17520:00:00 {\"a\": {\"b\": {\"c\": []}}, \"ö\": [1, 2.5, null, true, \"\\\\ \\\" \\n 中\"]} \
     2001:db8::1 ",
    "4 SKU-00003 live two⏎lines\tand 'quotes' \"double\" \\back f ∅ -2147483648 3000000000 0 | -2.5 19.99 -1.500000 9999-12-31 \
     2024-03-31 01:00:02.999999+00 12:30:00 -23:59:59.999999 [0.1, -0.001, 123456789012345678901234567890] 255.255.255.255 \
     someone@example.org",
    "5 SKU-00004 draft  spaces  t t 17 0 32767 | 5e-324 99999999.99 0.000000 ∅ 2024-03-31 01:00:04+00 08:00:01 \
     9605:06:07.000008 \"text\" ::1 ",
];

#[test]
fn a_django_application() {
    let Some(server) = Server::available() else { return };
    // what `migrate` wrote into the target makes way for what the source holds
    let more = ["--existing", "truncate"];
    let database = copied(server, "django", &more, "shop_product.warranty");
    let rows = "SET TimeZone = 'UTC'; SELECT replace(array_to_string(ARRAY[id::text, sku, state, description, active::text::char(1),
            approved::text::char(1), stock::text, views::text, level::text, '|', weight::text, price::text, rate::text, released::text,
            created::text, opens::text, warranty::text, extra::text, host(seen_from), contact], ' ', '∅'), E'\\n', '⏎')
        FROM shop_product WHERE id BETWEEN 2 AND 5 ORDER BY id";
    let found = lines(&database, rows);
    assert_eq!(found.lines().collect::<Vec<_>>(), PRODUCTS);
    let uuids = "SELECT token || ' ' || encode(image, 'hex') FROM shop_product WHERE id = 4";
    assert_eq!(lines(&database, uuids), "35bf992d-c9e9-c616-612e-7696a6cecc1b 00ff\n");
    // a JSON null is not an SQL NULL, and Django writes the latter for None
    assert_eq!(database.query_one_text("SELECT count(*) FROM shop_product WHERE extra IS NULL"), "7");
    // the last tag and one category were deleted before the copy: their numbers are not given again
    assert_eq!((next_number(&database, "shop_product"), next_number(&database, "shop_tag")), pair("41", "6"));
    assert_eq!(next_number(&database, "shop_category"), "7");
    for (sql, code) in [
        ("UPDATE shop_product SET price = -1 WHERE id = 1", "23514"),
        ("UPDATE shop_product SET active = true", "23505"),
        ("INSERT INTO shop_product_tags VALUES (99999, 1, 99999)", "23503"),
    ] {
        let refused = database.try_execute(&format!(
            "SET CONSTRAINTS ALL IMMEDIATE; BEGIN; SET CONSTRAINTS ALL IMMEDIATE; {sql}"
        ));
        assert!(refused.as_ref().is_err_and(|why| why.contains(code)), "{sql}: {refused:?}");
    }
}

fn pair(one: &str, other: &str) -> (String, String) {
    (one.to_owned(), other.to_owned())
}

/// Rows 2 to 5, written by hand after `sqlalchemy/rows.py`.
const BOOKS: [&str; 4] = [
    "2 Book 0 1 0 9223372036854775807 f t  2024-04-01 01:00:00 2024-03-31 00:59:59.999999+00 2024-02-29 00:00:00 00:00:00 0.00 \
     0.1 FICTION {}",
    "3 Book 1 0 2147483647 -9223372036854775808 t f plain 2024-04-02 00:59:59.999999 2024-03-31 00:59:59+00 0001-01-01 \
     23:59:59.999999 336:00:00 0.10 1e+300 SCIENCE {\"\\u00f6\": [1, 2.5, null, true, \"\\\\ \\\" \\n \\u4e2d\"], \"a\": {\"b\": []}}",
    "4 Book 1 1 ∅ 0 f ∅ Grüße, 世界 🛒 2024-04-03 01:00:00 ∅ 9999-12-31 12:30:00 -23:59:59.999999 1.10 -2.5 À_LA_CARTE \
     {\"long\": 1e+300}",
    "5 Book 2 0 0 9223372036854775807 t t two⏎lines\tand 'quotes' \"double\" \\back 2024-04-04 00:59:59.999999 \
     2024-03-31 00:59:59.999999+00 ∅ ∅ 9605:06:07.000008 99999999.99 5e-324 ∅ null",
];

#[test]
fn a_sqlalchemy_application() {
    let Some(server) = Server::available() else { return };
    let database = copied(server, "sqlalchemy", &[], "book.loan");
    let rows = "SET TimeZone = 'UTC'; SELECT replace(array_to_string(ARRAY[id::text, title, printing::text, pages::text, copies::text,
            current::text::char(1), lent::text::char(1), text, bought::text, seen::text, printed::text, opens::text, loan::text,
            price::text, weight::text, shelf::text, facts::text], ' ', '∅'), E'\\n', '⏎')
        FROM book WHERE id BETWEEN 2 AND 5 ORDER BY id";
    let found = lines(&database, rows);
    assert_eq!(found.lines().collect::<Vec<_>>(), BOOKS);
    assert_eq!((next_number(&database, "author"), next_number(&database, "book")), pair("7", "41"));
    assert_eq!(database.query_one_text("SELECT count(*) FROM book_author"), "60");
    assert!(
        database.try_execute("INSERT INTO page VALUES (99999, 1, 'x')").unwrap_err().contains("23503"),
        "the foreign keys are back"
    );
}

/// The way with the framework itself; true where it was gone.
fn through_the_orm(server: &Server, framework: &str, module: &str) {
    let import = format!("import {module}, psycopg");
    let has = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let database = server.fresh_database();
    // A pg_dump that is older than the server refuses it.
    let dumps = has(Command::new("pg_dump").args(["--schema-only", "-d", &database.tcp_url()]));
    if !has(Command::new("python3").args(["-c", &import])) || !dumps {
        let required = std::env::var_os("FRAMEWORKS").is_some_and(|value| value == "required");
        assert!(!required, "python3 with {module} and psycopg, and a pg_dump for this server, are required");
        eprintln!("skipped: no python3 with {module} and psycopg, or no pg_dump for this server");
        return;
    }
    let output = Command::new("python3")
        .arg(directory(framework).join("run.py"))
        .args(["check", "--to", &database.tcp_url(), "--cutover", env!("CARGO_BIN_EXE_cutover")])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("equal through the"), "{said}");
    eprintln!("{}", said.lines().last().unwrap_or_default());
}

#[test]
fn django_itself_finds_every_object_equal() {
    let Some(server) = Server::available() else { return };
    through_the_orm(server, "django", "django");
}

#[test]
fn sqlalchemy_itself_finds_every_row_equal() {
    let Some(server) = Server::available() else { return };
    through_the_orm(server, "sqlalchemy", "sqlalchemy");
}
