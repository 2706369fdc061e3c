//! What a summary says; and a report for the tests of others.

use super::*;
use crate::error::ErrorKind;
use crate::finding::{Finding, NotCarried, Severity};
use crate::outcome::*;

fn table(name: &str, rows: u64, bytes: u64, verify: Verify) -> TableReport {
    TableReport {
        rows: RowCounts { source: rows, copied: rows, target: Some(rows), set_aside: 0 },
        bytes,
        chunks: 1,
        digest: Digests { source: Some("aa".into()), target: Some("aa".into()) },
        verify,
        seconds: TableSeconds { copy: 0.5, verify: 0.25, index: 0.125 },
        columns: vec![ColumnReport {
            source: "id".into(),
            target: "id".into(),
            declared: "INTEGER".into(),
            pg_type: "bigint".into(),
            level: "E0".into(),
            why: "declared INTEGER, all values are integers".into(),
            evidence: EvidenceReport {
                integers: 3,
                against: vec!["rowid 2".into()],
                change: "type = \"smallint\"".into(),
                ..EvidenceReport::default()
            },
        }],
        ..TableReport::bare(name, rows)
    }
}

fn object(name: &str, kind: &str, state: &str) -> ObjectReport {
    ObjectReport { name: name.into(), table: "orders".into(), kind: kind.into(), state: state.into() }
}

/// As verification tells it, without values.
pub(in crate::report) fn one_changed_row() -> (DifferenceCounts, RowDifference) {
    let cell =
        |class: &str, hash: &str| CellFacts { class: class.into(), bytes: 8, hash: hash.into(), value: None };
    let row = RowDifference {
        kind: DifferenceKind::Changed,
        key: "rowid 17".into(),
        target_row: Some("(0,5)".into()),
        source_times: 1,
        target_times: 1,
        columns: vec![ColumnDifference {
            column: "total".into(),
            target_column: "total".into(),
            source: cell("REAL", "3f2a112233445566"),
            target: cell("double precision", "91bc778899aabbcc"),
        }],
    };
    (DifferenceCounts { changed: 1, exact: true, ..DifferenceCounts::default() }, row)
}

/// A report in which every list has something.
pub(in crate::report) fn example() -> RunReport {
    let finding = |code: &str, severity, message: &str| {
        Finding::new(code, severity, "orders.total", message).count(12).examples(vec!["rowid 7".into()])
    };
    let not_carried = |name: &str| NotCarried {
        kind: "trigger".into(),
        name: name.into(),
        table: Some("orders".into()),
        why: "PostgreSQL has no such trigger language".into(),
        sql: "CREATE TRIGGER secret_text …".into(),
    };
    RunReport {
        format: REPORT_FORMAT,
        tool: "cutover 0.1.0".into(),
        outcome: Outcome::Done,
        exit_code: 0,
        run: RunInfo {
            id: "0b8f".into(),
            started_unix: 1_700_000_000,
            seconds: 3.4,
            resumed_from: None,
            command: "copy".into(),
            config: None,
            options: String::new(),
            retries: 0,
            phases: Vec::new(),
            verify_again: Vec::new(),
        },
        source: vec![SourceInfo { path: "app.db".into(), ..SourceInfo::default() }],
        target: Some(TargetInfo { schema: "public".into(), ..TargetInfo::default() }),
        environment: Some(environment()),
        assessment: Some(assessment()),
        plan_hash: vec!["cc".into()],
        tables: vec![
            table("orders", 51_000, 52_000_000, Verify::Match),
            table("users", 234, 149_000, Verify::Match),
        ],
        objects: Objects {
            indexes: vec![object("i", "index", "done"), object("j", "index", "restored")],
            constraints: vec![
                object("pk", "primary key", "done"),
                object("fk_user", "foreign key", "not valid"),
            ],
            sequences: vec![object("orders_id_seq", "sequence", "next value 51001")],
            views: vec![object("v", "view", "done")],
            triggers: vec![object("orders_touch", "trigger", "done")],
        },
        not_carried: vec![not_carried("t1"), not_carried("t2")],
        findings: vec![
            finding("N_NAME", Severity::Note, "the name is quoted"),
            finding("W_ORPHAN", Severity::Warning, "rows whose parent is missing").fix("add the parents"),
        ],
        error: None,
        repaired: None,
        queries: None,
        timing: None,
        prediction: None,
        rate: Vec::new(),
        around: AroundReport::default(),
    }
}

fn environment() -> Environment {
    Environment {
        host: HostFacts { cutover: "0.1.0".into(), cores: 2, memory_bytes: Some(8), ..HostFacts::default() },
        sources: vec![SourceEnvironment {
            path: "/tmp/app.db".into(),
            holders: Some(vec![Holder { pid: 7, name: "gunicorn".into(), writes: true }]),
            ..SourceEnvironment::default()
        }],
        server: Some(ServerFacts {
            connections: Some(ConnectionsFact { limit: "l".into(), allowed: 9, used: 1 }),
            settings: vec![ServerSetting { name: "wal_level".into(), value: "replica".into() }],
            slots: vec![SlotFact::default()],
            publications: vec!["p".into()],
            ..ServerFacts::default()
        }),
        link: Some(LinkFacts { round_trip_ms: 0.12, ..LinkFacts::default() }),
        space: Some(SpaceForecast { heap_bytes: 9, needed_bytes: 10, ..SpaceForecast::default() }),
    }
}

fn assessment() -> Assessment {
    let reservation = Reservation { column: "placed".into(), level: "E2".into(), why: "spelling".into() };
    let orders = TableOutline {
        source: "orders".into(),
        transactions: 1,
        reservations: vec![reservation],
        ..TableOutline::default()
    };
    let users = TableOutline { source: "users".into(), shares_transaction: true, ..orders.clone() };
    Assessment {
        would_work: true,
        warnings: 1,
        notes: 2,
        tables: vec![orders, TableOutline { reservations: vec![], ..users }],
        ..Assessment::default()
    }
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap()
}

#[test]
fn a_good_run_reads_well() {
    let expected = "\
table   rows       size  copy  verify
─────────────────────────────────────
orders  51,000  52.0 MB  0.5 s   match
users      234   149 kB  0.5 s   match
";
    let text = text(&example(), Width::Plain);
    let squeezed = |text: &str| {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        text.lines().map(words).filter(|line| !line.starts_with('─')).collect::<Vec<_>>()
    };
    assert_eq!(squeezed(&text)[..3], squeezed(expected)[..], "{text}");
    for part in [
        "made: 2 indexes, 1 constraint valid, 1 constraint not valid, 1 sequence, 1 view, 1 trigger\n",
        "  not valid: fk_user (foreign key of orders)\n",
        "  orders_id_seq: next value 51001\n",
        "not carried: 2 triggers\n  t1 (of orders): PostgreSQL has no such trigger language\n",
        "warning W_ORPHAN orders.total: rows whose parent is missing (12 cases; for example rowid 7)\n",
        "    fix: add the parents\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(text.find("W_ORPHAN") < text.find("N_NAME"), "{text}");
    assert!(!text.contains("secret_text") && !text.contains('\u{1b}'), "{text}");
    assert_eq!(
        last_line(&text),
        "done: 2 tables, 51,234 rows, 52.1 MB copied and verified in 3.4 s (15.3 MB/s)"
    );
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
}

#[test]
fn only_a_done_run_is_called_done() {
    let mut report = example();
    for outcome in
        [Outcome::SetAside, Outcome::Refused, Outcome::Differs, Outcome::Failed, Outcome::Interrupted]
    {
        report.outcome = outcome;
        let text = text(&report, Width::Plain);
        assert!(!text.to_lowercase().contains("done"), "{outcome:?}: {text}");
    }
}

#[test]
fn each_command_and_outcome_has_its_sentence() {
    let sentence = |change: &dyn Fn(&mut RunReport)| {
        let mut report = example();
        change(&mut report);
        last_line(&text(&report, Width::Plain)).to_owned()
    };
    let not_run = |r: &mut RunReport| r.tables[1].verify = Verify::NotRun;
    assert_eq!(
        sentence(&not_run),
        "done: 2 tables, 51,234 rows, 52.1 MB copied in 3.4 s (15.3 MB/s); verified 1 of 2 tables"
    );
    assert_eq!(
        sentence(&|r| r.run.resumed_from = Some(7)),
        "done: 2 tables, 51,234 rows, 52.1 MB copied and verified; this run resumed after 7 chunks and took 3.4 s"
    );
    assert_eq!(
        sentence(&|r| r.run.command = "validate".into()),
        "done: 2 tables, 51,234 rows, 52.1 MB would be copied; nothing was written (checked in 3.4 s)"
    );
    assert_eq!(
        sentence(&|r| r.run.command = "verify".into()),
        "done: 2 tables, 51,234 rows, 52.1 MB compared in 3.4 s: both sides are equal"
    );
    assert_eq!(
        sentence(&|r| {
            r.run.command = "verify".into();
            r.tables[1].verify = Verify::NotComparable;
        }),
        "done: 2 tables, 51,234 rows, 52.1 MB compared in 3.4 s: 1 equal, 1 not comparable"
    );
    let aside = |r: &mut RunReport| {
        r.outcome = Outcome::SetAside;
        r.tables[1].rows.set_aside = 3;
        r.tables[1].rows.copied -= 3;
    };
    assert_eq!(
        sentence(&aside),
        "set aside: 3 rows are not in the target; 2 tables, 51,231 rows, 52.1 MB copied and verified in 3.4 s (15.3 MB/s)"
    );
    let refusal = |r: &mut RunReport| {
        r.outcome = Outcome::Refused;
        r.findings[0].severity = Severity::Refusal;
    };
    assert_eq!(sentence(&refusal), "refused for 1 reason (above); nothing was copied");
    let differs = |r: &mut RunReport| {
        r.outcome = Outcome::Differs;
        r.tables[0].verify = Verify::Differs;
    };
    assert_eq!(sentence(&differs), "differs: 1 of 2 tables is not equal on both sides (3.4 s)");
    let gone = |r: &mut RunReport| r.outcome = Outcome::Differs;
    assert_eq!(sentence(&gone), "differs: not in the rows; what does is told below (3.4 s)");
    let interrupted = |r: &mut RunReport| {
        (r.outcome, r.exit_code) = (Outcome::Interrupted, 130);
        r.tables[0].rows.copied = 1000;
    };
    assert_eq!(
        sentence(&interrupted),
        "interrupted after 3.4 s with 1 of 2 tables and 1,234 of 51,234 rows copied; run the same command again to resume"
    );
    let failed = |r: &mut RunReport| (r.outcome, r.exit_code) = (Outcome::Failed, 5);
    assert_eq!(
        sentence(&failed),
        "failed after 3.4 s with 2 of 2 tables and 51,234 of 51,234 rows copied; when the cause is mended, the same command resumes"
    );
}

/// To say the same again helps nobody where a file could not be opened.
#[test]
fn what_is_to_be_done_after_a_failure_is_of_use() {
    for (command, exit_code, opened, expected) in [
        ("verify", 6, true, "failed after 3.4 s; nothing was changed, run the same command again"),
        (
            "verify",
            5,
            true,
            "failed after 3.4 s; nothing was changed; when the cause is mended, run the same command again",
        ),
        ("verify", 5, false, "failed after 3.4 s; nothing was changed"),
        ("copy", 5, false, "failed after 3.4 s; nothing was changed"),
    ] {
        let mut report = example();
        (report.outcome, report.exit_code) = (Outcome::Failed, exit_code);
        report.run.command = command.to_owned();
        report.source.truncate(usize::from(opened));
        assert_eq!(last_line(&text(&report, Width::Plain)), expected, "{command} {exit_code}");
    }
}

#[test]
fn differences_name_table_chunk_and_counts() {
    let mut report = example();
    report.outcome = Outcome::Differs;
    report.tables[0].verify = Verify::Differs;
    report.tables[0].verify_note = "digests differ".into();
    report.tables[0].rows.target = Some(50_999);
    report.tables[0].differing_chunks =
        vec![ChunkDifference { chunk: 3, range: "rowid 1 to 9".into(), source_rows: 9, target_rows: 8 }];
    let text = text(&report, Width::Plain);
    let part = "differs: orders: 51,000 rows in the source, 50,999 in the target; digests differ\n  \
                    chunk 3 (rowid 1 to 9): 9 rows in the source, 8 in the target\n";
    assert!(text.contains(part), "{text}");
}

#[test]
fn differing_rows_name_key_and_column_and_show_values_only_where_there_are_some() {
    let mut report = example();
    report.outcome = Outcome::Differs;
    let (counts, mut changed) = one_changed_row();
    let row = |kind, source_times, target_times| RowDifference {
        kind,
        key: "rowid 3".into(),
        target_row: (target_times > 0).then(|| "(0,9)".into()),
        source_times,
        target_times,
        columns: vec![],
    };
    let table = &mut report.tables[0];
    (table.verify, table.difference_counts) = (Verify::Differs, Some(counts));
    table.differences = vec![
        changed.clone(),
        row(DifferenceKind::Missing, 1, 0),
        row(DifferenceKind::Extra, 0, 2),
        row(DifferenceKind::Multiplicity, 2, 1),
    ];
    let expected = "  \
  orders rowid 17: column \"total\" differs: source REAL 8 bytes 3f2a112233445566, target double precision 8 bytes 91bc778899aabbcc
  orders rowid 3: missing in the target
  orders rowid 3: not in the source, 2 times in the target, first as row (0,9)
  orders rowid 3: 2 times in the source, 1 time in the target
";
    let shown = text(&report, Width::Plain);
    assert!(shown.contains(expected), "{shown}");
    changed.columns[0].source.value = Some("1.5\u{1b}".into());
    changed.columns[0].target.class = "NULL".into();
    report.tables[0].differences = vec![changed; 12];
    let shown = text(&report, Width::Plain);
    assert!(shown.contains("source REAL 8 bytes 3f2a112233445566 (1.5\\u{1b}), target NULL\n"), "{shown}");
    assert_eq!(shown.matches("orders rowid 17").count(), 10);
    assert!(
        shown.contains("  and 2 more rows; a report has up to 100 of them (--report FILE.json)\n"),
        "{shown}"
    );
}

#[test]
fn every_line_fits_the_terminal() {
    let mut report = example();
    report.tables[0].source = "a_long_name_of_a_table_that_nobody_would_type_twice_orders".repeat(2);
    report.tables[1].source = "表".repeat(40) + "\u{1b}[2J";
    let (counts, row) = one_changed_row();
    report.tables[0].verify = Verify::Differs;
    report.tables[0].differences = vec![row; 12];
    report.tables[0].difference_counts = Some(counts);
    for columns in [20, 30, 40, 79, 200] {
        let width = Width::Terminal(columns);
        let shown = text(&report, width) + &width.fit(&crate::report::plan::text(&report, width));
        for line in shown.lines() {
            assert!(cells::width(line) <= columns, "{columns}: {line:?} in\n{shown}");
        }
        assert!(shown.contains("W_ORPHAN") && !shown.contains('\u{1b}'), "{columns}:\n{shown}");
    }
    let shown = text(&report, Width::Terminal(79));
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[2].starts_with("a_long_name_of_a_t"), "{shown}");
    assert!(lines[2].contains("…") && lines[2].ends_with("51,000   52.0 MB   0.5 s   DIFFERS"), "{shown}");
    let narrow = text(&report, Width::Terminal(24));
    assert!(narrow.starts_with("table           verify\n"), "{narrow}");
    assert_eq!(text(&example(), Width::Terminal(200)), text(&example(), Width::Plain));
}

#[test]
fn many_tables_are_cut_but_none_that_is_odd() {
    let mut report = example();
    report.tables = (0..200).map(|n| table(&format!("t{n:03}"), n, n * 1000, Verify::Match)).collect();
    report.tables[0].verify = Verify::NotComparable;
    let shown = text(&report, Width::Plain);
    assert!(shown.contains("t000") && shown.contains("t199") && !shown.contains("t100"), "{shown}");
    assert!(shown.contains("and 150 more, all matching\n"), "{shown}");
    report.tables.iter_mut().for_each(|table| table.verify = Verify::NotRun);
    let shown = text(&report, Width::Plain);
    assert!(shown.contains("and 150 more, not run\n"), "{shown}");
    report.tables.truncate(60);
    let shown = text(&report, Width::Plain);
    assert!(shown.contains("t000") && shown.contains("t059") && !shown.contains("more,"), "{shown}");
}

#[test]
fn errors_give_causes_reasons_and_the_way_out() {
    let cause = std::io::Error::other("no such\u{7} file");
    let error = Error::source_fault("app.db cannot be opened").cause(cause).remedy("check the path");
    let expected = "error: app.db cannot be opened: no such\\u{7} file\nhelp: check the path\n";
    assert_eq!(error_text(&error), expected);
    let reasons = vec![
        Finding::new("E_RANGE", Severity::Refusal, "t.a", "does not fit integer")
            .examples(vec!["rowid 1".into(), "rowid 2".into()])
            .count(40)
            .fix("use bigint"),
        Finding::new("E_NAME", Severity::Refusal, "u", "two tables get one name"),
    ];
    let expected = "\
error: refused for 2 reasons
   1. E_RANGE t.a: does not fit integer (40 cases; for example rowid 1, rowid 2)
      fix: use bigint
   2. E_NAME u: two tables get one name
";
    assert_eq!(error_text(&Error::refused("refused for 2 reasons", reasons)), expected);
}

#[test]
fn a_failed_run_shows_error_and_remedy() {
    let mut report = example();
    (report.outcome, report.exit_code) = (Outcome::Failed, 6);
    report.error = Some("the server went away: reset by peer".into());
    let error = Error::new(ErrorKind::Target, "the server went away").remedy("start it");
    assert_eq!(failure(&report, Some(&error)), "error: the server went away\nhelp: start it\n");
    assert_eq!(failure(&report, None), "error: the server went away: reset by peer\n");
    let without = text(&report, Width::Plain);
    assert!(without.ends_with("run the same command again to resume\n"), "{without}");
}
