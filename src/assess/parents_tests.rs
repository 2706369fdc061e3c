//! What is proved of foreign keys holds in the rows.

use crate::assess::fixture::{Dice, config, made};
use crate::assess::job::Job;
use crate::assess::{Assessed, follow, open, parents, plan_against};
use crate::event::Events;
use crate::plan::target::TargetCatalog;
use crate::sqlite::aside::{AsideRows, Search};
use rusqlite::Connection;
use std::path::Path;

fn assessed(path: &Path) -> Assessed {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let config = config(path);
    let planned = runtime.block_on(async {
        let jobs = open(&config).await?;
        plan_against(jobs, &config, &Events::silent(), TargetCatalog::default()).await
    });
    planned.unwrap().remove(0)
}

/// Orphans as the scan finds them, and whether the profile proves that there are none.
fn judged(job: &Job, assessed: &Assessed) -> Option<(u64, bool)> {
    let child = assessed.plan.tables.iter().find(|table| table.source == "c")?;
    let parent = assessed.plan.tables.iter().find(|table| table.source == "p")?;
    let probe = child.foreign_keys.first()?.probe.as_ref()?;
    let rows: AsideRows = follow::new_rows(&assessed.plan).unwrap();
    let search = Search {
        table: "c",
        rowid: child.rowid_name(),
        order: &[],
        orphans_of: Some((0, probe)),
        filters: [None; 2],
        empty_is_null: [vec![], vec![]],
        same: vec![],
        referring: vec![],
    };
    let mut orphans = 0;
    let count = |_| {
        orphans += 1;
        Ok(())
    };
    rows.each(&job.source.reader().unwrap(), &search, count).unwrap();
    Some((orphans, parents::has_all(job, child, parent, probe)))
}

/// Parents from `first` on with a gap now and then; children of any class, mostly within.
fn fill(connection: &Connection, seed: u64) {
    let mut dice = Dice(seed);
    let key =
        dice.pick(&["id INTEGER PRIMARY KEY, k INTEGER UNIQUE", "k INTEGER UNIQUE, id INT PRIMARY KEY"]);
    let declared = dice.pick(&["INTEGER", "TEXT", "", "REAL", "NUMERIC", "INT NOT NULL"]);
    let other = dice.pick(&["id", "id", "id", "k"]);
    connection
        .execute_batch(&format!(
            "PRAGMA foreign_keys = OFF; CREATE TABLE p({key}); CREATE TABLE c(p {declared} REFERENCES p({other}))"
        ))
        .unwrap();
    let (first, rows) = (dice.pick(&[-5, 0, 1, i64::MAX - 30, i64::MIN]), dice.roll(12) as i64);
    let gap = dice.pick(&[-1, -1, 0, 3]);
    for at in (0..rows).filter(|at| *at != gap) {
        connection.execute("INSERT INTO p(id, k) VALUES (?1, ?1)", [first + at]).unwrap();
    }
    let out = dice.pick(&[0, 0, 0, 2]);
    for _ in 0..dice.roll(20) {
        let within = first.saturating_add(dice.roll((rows as u64).max(1) + out) as i64);
        let sql = match dice.roll(if dice.0.is_multiple_of(3) { 40 } else { 4 }) {
            5 => format!("'{within}'"),
            6 => format!("CAST({within} AS REAL)"),
            7 => format!("CAST('{within}' AS BLOB)"),
            8 => "''".to_owned(),
            9 if declared != "INT NOT NULL" => "NULL".to_owned(),
            _ => format!("{within}"),
        };
        connection.execute(&format!("INSERT INTO c VALUES ({sql})"), []).unwrap();
    }
}

#[test]
fn what_is_proved_is_what_the_scan_finds() {
    let (mut proved, mut orphaned) = (0, 0);
    for seed in 0..150 {
        let dir = tempfile::tempdir().unwrap();
        let path = made(&dir, |connection| fill(connection, seed));
        let assessed = assessed(&path);
        let Some((orphans, is_proved)) = judged(&assessed.job, &assessed) else { continue };
        assert!(!is_proved || orphans == 0, "seed {seed}: {orphans} orphans");
        let told = assessed.plan.tables.iter().flat_map(|table| &table.foreign_keys).map(|key| key.orphans);
        assert_eq!(told.sum::<u64>(), orphans, "seed {seed}");
        proved += u64::from(is_proved);
        orphaned += u64::from(orphans > 0);
    }
    assert!(proved >= 10 && orphaned >= 10, "{proved} proved, {orphaned} with orphans");
}

fn proof_of(sql: &str) -> Option<(u64, bool)> {
    let dir = tempfile::tempdir().unwrap();
    let path = made(&dir, |connection| connection.execute_batch(sql).unwrap());
    let assessed = assessed(&path);
    judged(&assessed.job, &assessed)
}

#[test]
fn the_edges_of_the_proof() {
    let parents = "PRAGMA foreign_keys = OFF; CREATE TABLE p(id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1), (2), (3);";
    let of = |child: &str| proof_of(&format!("{parents} CREATE TABLE c(p INTEGER REFERENCES p); {child}"));
    assert_eq!(of("INSERT INTO c VALUES (1), (3), (NULL)"), Some((0, true)));
    assert_eq!(of(""), Some((0, true)));
    assert_eq!(of("INSERT INTO c VALUES (1), (4)"), Some((1, false)));
    assert_eq!(of("INSERT INTO c VALUES (0)"), Some((1, false)));
    assert_eq!(of("DELETE FROM p WHERE id = 2; INSERT INTO c VALUES (1)"), Some((0, false)));
    assert_eq!(of("DELETE FROM p; INSERT INTO c VALUES (NULL)"), Some((0, false)));
}
