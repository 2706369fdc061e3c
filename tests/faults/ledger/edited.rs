//! F46: rows of the ledger edited, deleted, doubled, moved, of another version; its tables dropped.

use super::pair::{Pair, clean, key, rows, status};
use crate::resume::hold::Hold;
use crate::resume::running::Running;
use crate::resume::world::{Target, World};
use crate::support::flow::validate;
use crate::support::postgres::Database;
use crate::support::seals::edit_unseen;

/// What an edit of a copy that stopped in the middle must bring about.
struct Edit {
    sql: &'static str,
    /// what is said of it
    said: &'static str,
}

/// Refused by name, nothing copied on or skipped; told by `status`; compared without the ledger; begun anew.
fn assert_seen(pair: &Pair, edit: &Edit) {
    // The child is whole, of the parent one chunk of three is there.
    let database = pair.killed_after(6);
    database.execute(edit.sql);
    let case = edit.sql;
    let done = pair.copy(&database).run();
    assert_eq!(done.code, 3, "{case}: {done:?}");
    for word in ["is damaged", edit.said, "cutover verify", "--restart", "cutover clean"] {
        assert!(done.said().contains(word), "{case}: {word}: {done:?}");
    }
    assert_eq!(rows(&database), "100 20", "{case}: nothing is copied on");
    assert_eq!(key(&database), "not valid", "{case}: what was laid aside is back");
    let told = status(&database);
    assert!(told.code == 0 && told.stdout.contains(&format!("damaged: {}", edit.said)), "{case}: {told:?}");
    let verified = pair.verify(&database).run();
    assert!(verified.code == 4 && verified.said().contains("E_LEDGER_DAMAGED"), "{case}: {verified:?}");
    let anew = pair.copy(&database).args(["--restart"]).run();
    assert_eq!(anew.code, 0, "{case}: {anew:?}");
    pair.assert_whole(&database, case);
}

fn assert_all_seen(edits: &[Edit]) {
    let Some(pair) = Pair::new() else { return };
    edits.iter().for_each(|edit| assert_seen(&pair, edit));
}

#[test]
fn f46_a_chunk_that_was_edited_is_seen() {
    assert_all_seen(&[
        Edit {
            sql: "UPDATE cutover.chunk SET digest = (SELECT digest FROM cutover.chunk WHERE digest IS NOT NULL LIMIT 1)
                  WHERE table_name = 'parent' AND chunk = 2",
            said: "chunk 2 of table \"parent\" in cutover.chunk is not as it was written",
        },
        Edit {
            sql: "UPDATE cutover.chunk SET verified_at = now() WHERE table_name = 'child' AND chunk = 1",
            said: "chunk 1 of table \"child\" in cutover.chunk is not as it was written",
        },
        Edit {
            sql: "UPDATE cutover.chunk SET hi = hi - 1 WHERE table_name = 'parent' AND chunk = 1",
            said: "chunk 1 of table \"parent\" in cutover.chunk is not as it was written",
        },
        Edit {
            sql: "UPDATE cutover.chunk a SET digest = b.digest, seal = b.seal FROM cutover.chunk b
                  WHERE a.table_name = 'parent' AND a.chunk = 1 AND b.table_name = 'parent' AND b.chunk = 0",
            said: "chunk 1 of table \"parent\" in cutover.chunk is not as it was written",
        },
    ]);
}

#[test]
fn f46_rows_that_are_gone_or_doubled_are_seen() {
    assert_all_seen(&[
        Edit {
            sql: "DELETE FROM cutover.chunk WHERE table_name = 'parent' AND chunk = 2",
            said: "cutover.chunk has 7 rows of this source instead of 8",
        },
        Edit {
            sql: "ALTER TABLE cutover.chunk DROP CONSTRAINT chunk_pkey;
                  DELETE FROM cutover.chunk WHERE table_name = 'parent' AND chunk = 2;
                  INSERT INTO cutover.chunk SELECT * FROM cutover.chunk WHERE table_name = 'child' AND chunk = 0",
            said: "chunk 0 of table \"child\" in cutover.chunk is there twice",
        },
        Edit {
            sql: "DELETE FROM cutover.step WHERE object = 'of_parent'",
            said: "cutover.step has",
        },
    ]);
}

#[test]
fn f46_a_source_or_a_step_that_was_edited_is_seen() {
    assert_all_seen(&[
        Edit {
            sql: "UPDATE cutover.source SET fingerprint = fingerprint || ' '",
            said: "the source's own row in cutover.source is not as it was written",
        },
        Edit {
            sql: "UPDATE cutover.source SET finished_at = now()",
            said: "the source's own row in cutover.source is not as it was written",
        },
        Edit { sql: "UPDATE cutover.step SET state = 'done' WHERE object = 'of_parent'", said: "step " },
        Edit {
            sql: "UPDATE cutover.step SET sql = 'DROP TABLE child' WHERE object = 'of_parent'",
            said: "step ",
        },
    ]);
}

/// What the plan names is dropped by `--restart`, so that it must be the plan that was written.
#[test]
fn f46_an_edited_plan_is_not_acted_on() {
    let Some(pair) = Pair::new() else { return };
    let database = pair.database(false);
    database.execute("CREATE TABLE precious (id integer)");
    pair.killed(&database, "after_commit=kill:6");
    database.execute(
        "UPDATE cutover.source SET plan = replace(plan, '\"target\":\"child\"', '\"target\":\"precious\"')",
    );
    for more in [&[][..], &["--restart"]] {
        let done = pair.copy(&database).args(more).run();
        assert!(done.code == 3 && done.said().contains("not as it was written"), "{more:?}: {done:?}");
        assert_eq!(rows(&database), "100 20");
    }
    assert_eq!(pair.verify(&database).run().code, 4);
    let done = clean(&database);
    assert!(done.code == 3 && done.said().contains("DROP SCHEMA cutover CASCADE"), "{done:?}");
    assert_eq!(database.query_one_text("SELECT to_regclass('public.precious') IS NOT NULL"), "t");
}

/// A second row of the source, and one of what was there before, gone.
#[test]
fn f46_doubled_sources_and_forgotten_rows_of_others_are_seen() {
    let Some(pair) = Pair::new() else { return };
    let database = pair.killed_after(6);
    database.execute(
        "ALTER TABLE cutover.source DROP CONSTRAINT source_path_target_schema_key;
         INSERT INTO cutover.source OVERRIDING SYSTEM VALUE
             SELECT (jsonb_populate_record(s, '{\"source_id\": 77}')).* FROM cutover.source s",
    );
    let done = pair.copy(&database).run();
    assert!(done.code == 3 && done.said().contains("is there twice"), "{done:?}");
    assert_eq!(rows(&database), "100 20");

    let database = pair.database(true);
    database.execute("INSERT INTO parent VALUES (1000, 'before')");
    let append = ["--existing", "append"];
    let copy = pair.copy(&database).args(append).env("CUTOVER_FAILPOINTS", "after_commit=kill:6");
    assert_eq!(copy.run().code, super::pair::ABORTED);
    database.execute("DELETE FROM cutover.before");
    let done = pair.copy(&database).args(append).run();
    assert!(done.code == 3 && done.said().contains("cutover.before has 0 rows"), "{done:?}");
}

/// A copy that is whole is proved without the ledger, and found to differ without it.
#[test]
fn f46_a_finished_copy_is_proved_without_a_damaged_ledger() {
    let Some(pair) = Pair::new() else { return };
    let database = pair.database(true);
    assert_eq!(pair.copy(&database).run().code, 0);
    database.execute("UPDATE cutover.chunk SET rows = rows + 1 WHERE table_name = 'parent' AND chunk = 0");
    let done = pair.copy(&database).run();
    assert!(done.code == 3 && done.said().contains("is damaged"), "{done:?}");
    let done = validate(pair.source.path(), &database, &[]).ends_with(3);
    assert!(done.said().contains("is damaged"), "{}", done.said());
    // Without it the tables are anybody's, and that their keys take no numbers by themselves is a difference.
    let done = pair.verify(&database).run();
    assert!(done.code == 4 && done.said().contains("E_SEQUENCE_MISSING"), "{done:?}");
    let done = pair.verify(&database).args(["--objects", "off"]).run();
    assert!(done.code == 0 && done.said().contains("E_LEDGER_DAMAGED"), "{done:?}");
    database.execute("UPDATE parent SET name = 'other' WHERE id = 7");
    assert_eq!(pair.verify(&database).run().code, 4);
    let done = clean(&database);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!((key(&database).as_str(), rows(&database).as_str()), ("valid", "100 60"));
}

#[test]
fn f46_a_ledger_of_another_format_is_refused() {
    let Some(pair) = Pair::new() else { return };
    let database = pair.killed_after(6);
    for format in ["5", "2", "NULL"] {
        let sql = if format == "NULL" {
            "DELETE FROM cutover.meta".to_owned()
        } else {
            format!("UPDATE cutover.meta SET format = {format}")
        };
        database.execute(&sql);
        for done in
            [pair.copy(&database).run(), pair.verify(&database).run(), status(&database), clean(&database)]
        {
            assert!(done.code == 3 && done.said().contains("has format"), "{format}: {done:?}");
        }
    }
    assert_eq!(rows(&database), "100 20");
    database.execute("INSERT INTO cutover.meta (format) VALUES (4)");
    pair.assert_finishes(&database, "the format is back");
}

fn assert_broken(pair: &Pair, database: &Database, table: &str) {
    let gone = format!("cutover.{table} is gone");
    for done in [
        pair.copy(database).run(),
        pair.copy(database).args(["--restart"]).run(),
        status(database),
        clean(database),
    ] {
        assert!(done.code == 3 && done.said().contains(&gone), "{table}: {done:?}");
    }
    let done = pair.verify(database).run();
    assert!(done.code == 4 && done.said().contains("E_LEDGER_DAMAGED"), "{table}: {done:?}");
    assert_eq!(rows(database), "100 20", "{table}");
}

#[test]
fn f46_tables_of_the_ledger_that_are_gone_are_named() {
    let Some(pair) = Pair::new() else { return };
    for table in ["meta", "chunk", "step"] {
        let database = pair.killed_after(6);
        database.execute(&format!("DROP TABLE cutover.{table} CASCADE"));
        assert_broken(&pair, &database, table);
    }
    // Without any of it the rows are somebody else's.
    let database = pair.killed_after(6);
    database.execute("DROP SCHEMA cutover CASCADE");
    let done = pair.copy(&database).run();
    assert!(done.code == 3 && done.said().contains("E_TARGET_ROWS"), "{done:?}");
    assert_eq!(rows(&database), "100 20");
}

/// The seal is no defence against somebody who computes it: that is what the documents say.
#[test]
fn f46_a_row_that_is_sealed_anew_is_believed() {
    let Some(pair) = Pair::new() else { return };
    let database = pair.killed_after(6);
    edit_unseen(&database, "UPDATE cutover.chunk SET bytes = bytes + 1");
    pair.assert_finishes(&database, "sealed anew");
}

/// While a run goes on: whatever it writes into an edited row keeps the seal broken, so that this run or the next one says it.
#[test]
fn f46_what_is_edited_during_a_run_is_seen_by_it_or_by_the_next() {
    let Some(world) = World::new() else { return };
    for (edit, said) in [
        (
            "chunk SET rows = rows + 7 WHERE table_name = 'customer' AND digest IS NOT NULL",
            "of table \"customer\"",
        ),
        ("chunk SET bytes = bytes + 5 WHERE table_name = 'setting'", "of table \"setting\""),
        ("step SET detail = 'x' WHERE kind = 'vacuum' AND table_name = 'event'", "in cutover.step"),
        ("source SET options = options || ' '", "source.db"),
    ] {
        let database = world.database(Target::Existing);
        let run = Running::start(world.copy(&database));
        let hold = Hold::chunk(&database, "setting", 0);
        hold.wait_until_held(1);
        // The chunk's own row is held by us; nobody else writes it now.
        assert!(hold.rows(&format!("UPDATE cutover.{edit} RETURNING 1; COMMIT")).unwrap() > 0, "{edit}");
        let done = run.end();
        assert!([3, 6].contains(&done.code) && done.said().contains("is damaged"), "{edit}: {done:?}");
        let again = world.copy(&database).run();
        assert!(again.code == 3 && again.said().contains("E_LEDGER_DAMAGED"), "{edit}: {again:?}");
        assert!(again.said().contains(said), "{edit}: {again:?}");
    }
}
