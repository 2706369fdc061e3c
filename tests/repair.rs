//! `cutover verify --repair`: what was damaged in a copy is copied again, and nothing else is touched.

use crate::support::cli::Cli;
use crate::support::flow::{Run, constraints, four_at_once, lines, migrate, verify};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;

/// A rowid key, a text key, no key; a parent with each kind of child, one of which is its own.
const SOURCE: &str = "
    CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, boss INTEGER REFERENCES people (id));
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
    INSERT INTO people SELECT i, 'name' || i, CASE WHEN i > 5 THEN i % 5 + 1 END FROM n;
    CREATE INDEX people_name ON people (name);
    CREATE TABLE notes (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE, body TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
    INSERT INTO notes SELECT i, i, 'note' || i FROM n;
    CREATE TABLE tags (tag TEXT PRIMARY KEY, person INTEGER REFERENCES people (id) ON DELETE SET NULL, weight REAL) WITHOUT ROWID;
    INSERT INTO tags SELECT 'tag' || id, id, id / 3.0 FROM people;
    CREATE TABLE loose (a INTEGER, b TEXT, c TEXT);
    INSERT INTO loose VALUES (1, 'x', 'p'), (1, 'x', 'p'), (2, NULL, 'q'), (3, 'y', 'r');
    CREATE VIEW few AS SELECT id, name FROM people WHERE id < 10;
";

/// Ten rows in a chunk.
const CHUNKS: [&str; 2] = ["--chunk-rows", "10"];

fn copied(server: &Server) -> (SqliteFile, Database) {
    let (source, database) = (SqliteFile::from_sql(SOURCE), server.fresh_database());
    migrate(source.path(), &database, &CHUNKS).ends_with(0);
    (source, database)
}

fn repair(source: &SqliteFile, database: &Database, more: &[&str]) -> Run {
    let all: Vec<&str> = ["--repair"].into_iter().chain(more.iter().copied()).collect();
    verify(source.path(), database, &all)
}

/// Everything that an application sees.
fn content(database: &Database) -> String {
    let tables = ["people", "notes", "tags", "loose"];
    let rows =
        tables.map(|table| lines(database, &format!("SELECT t::text FROM public.{table} t ORDER BY 1")));
    rows.join("--\n") + &constraints(database)
}

fn repaired<'a>(run: &'a Run, table: &str) -> &'a serde_json::Value {
    let tables = run.report["repaired"]["tables"].as_array().unwrap();
    tables.iter().find(|one| one["table"] == table).unwrap_or_else(|| panic!("{table}: {}", run.said()))
}

struct Damage {
    name: &'static str,
    sql: &'static str,
    /// table, chunks copied again
    tables: &'static [(&'static str, u64)],
    /// how many objects are made again
    objects: usize,
}

fn damage(name: &'static str, sql: &'static str, tables: &'static [(&'static str, u64)]) -> Damage {
    Damage { name, sql, tables, objects: 0 }
}

fn damages() -> Vec<Damage> {
    vec![
        damage("a row of a child deleted", "DELETE FROM notes WHERE id = 25", &[("notes", 1)]),
        damage("a value of a parent", "UPDATE people SET name = 'other' WHERE id = 3", &[("people", 1)]),
        damage(
            "parents deleted, and what hangs on them",
            "DELETE FROM people WHERE id IN (15, 37)",
            &[("people", 2), ("notes", 2), ("tags", 1)],
        ),
        damage(
            "all is truncated",
            "TRUNCATE people, notes, tags, loose",
            &[("people", 4), ("notes", 4), ("tags", 1), ("loose", 1)],
        ),
        damage("a text key", "UPDATE tags SET weight = 0 WHERE tag = 'tag7'", &[("tags", 1)]),
        damage("no key: doubled", "INSERT INTO loose SELECT * FROM loose WHERE a = 3", &[("loose", 1)]),
        damage("no key: altered", "UPDATE loose SET b = 'z' WHERE a = 3", &[("loose", 1)]),
        Damage { objects: 1, ..damage("an index", "DROP INDEX people_name", &[]) },
        Damage { objects: 1, ..damage("a view", "DROP VIEW few", &[]) },
        Damage {
            objects: 1,
            ..damage(
                "a primary key, and a row doubled under it",
                "ALTER TABLE notes DROP CONSTRAINT notes_pkey; INSERT INTO notes SELECT * FROM notes WHERE id = 12",
                &[("notes", 1)],
            )
        },
        Damage {
            objects: 1,
            ..damage(
                "a foreign key, and an orphan",
                "ALTER TABLE notes DROP CONSTRAINT notes_person_fkey; UPDATE notes SET person = 99 WHERE id = 12",
                &[("notes", 1)],
            )
        },
        damage("a sequence", "SELECT setval(pg_get_serial_sequence('people', 'id'), 3)", &[]),
    ]
}

#[test]
fn every_damage_is_repaired_and_nothing_else_is_touched() {
    let Some(server) = Server::available() else { return };
    four_at_once(damages(), |damage| {
        let (source, database) = copied(server);
        let before = content(&database);
        database.execute(damage.sql);
        let seen = verify(source.path(), &database, &[]).ends_with(4);
        assert!(seen.report["repaired"].is_null());
        let run = repair(&source, &database, &[]).ends_with(0);
        assert_eq!(run.report["outcome"], "done", "{}", damage.name);
        assert_eq!(content(&database), before, "{}", damage.name);
        let tables = run.report["repaired"]["tables"].as_array().unwrap();
        assert_eq!(tables.len(), damage.tables.len(), "{}: {tables:?}", damage.name);
        for (table, chunks) in damage.tables {
            assert_eq!(repaired(&run, table)["chunks"], *chunks, "{}: {}", damage.name, run.said());
            assert!(run.done.stdout.contains(&format!("repaired: {table}: ")), "{}", run.said());
        }
        assert_eq!(
            run.report["repaired"]["objects"].as_array().unwrap().len(),
            damage.objects,
            "{}",
            run.said()
        );
        verify(source.path(), &database, &[]).ends_with(0);
        migrate(source.path(), &database, &CHUNKS).ends_with(0);
        let again = repair(&source, &database, &[]).ends_with(0);
        assert!(again.done.stdout.contains("repaired: nothing"), "{}", again.said());
    });
}
