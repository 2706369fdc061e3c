//! Reports that no run has made: huge ones, and ones of runs that are hard to bring about.

use cutover::finding::{Finding, NotCarried, Severity};
use cutover::outcome::*;

fn column(number: usize) -> ColumnReport {
    ColumnReport {
        source: format!("column_number_{number}"),
        target: format!("column_number_{number}"),
        declared: "VARCHAR(255)".into(),
        pg_type: "double precision".into(),
        level: if number.is_multiple_of(7) { "B" } else { "E0" }.into(),
        why: "all 12,345 values are TEXT, and some sentence stands here about the reason for it".into(),
        evidence: EvidenceReport { texts: 12_345, nulls: 17, ..EvidenceReport::default() },
    }
}

fn table(number: usize, tables: usize) -> TableReport {
    let (rows, began) = ((tables - number) as u64 * 1_000, number as f64 * 0.5);
    let span = |started: f64, seconds: f64| Some(Span { started, ended: started + seconds });
    TableReport {
        rows: RowCounts { source: rows, copied: rows, target: Some(rows), set_aside: 0 },
        bytes: rows * 137,
        plan_hash: "dd".into(),
        chunks: 1,
        digest: Digests { source: Some("aa".into()), target: Some("aa".into()) },
        verify: Verify::Match,
        seconds: TableSeconds { copy: 0.5, verify: 0.2, index: 0.1 },
        spans: TableSpans {
            copy: span(began, 0.5),
            verify: span(began + 1.0, 0.2),
            index: span(began + 1.5, 0.1),
        },
        columns: (0..12).map(column).collect(),
        ..TableReport::bare(&format!("application_table_with_a_long_name_{number:04}"), rows)
    }
}

fn finding(number: usize) -> Finding {
    Finding::new(
        ["W_CONTENT", "W_WIDENED", "W_CLASS_MERGED"][number % 3],
        if number.is_multiple_of(3) { Severity::Note } else { Severity::Warning },
        format!("application_table_with_a_long_name_{number:04}.column"),
        "text that looks like dates or JSON stays text, and the sentence about it is as long as such sentences are",
    )
    .count(12)
    .examples(vec!["rowid 1".into(), "rowid 22".into()])
    .fix(format!("ALTER TABLE application_table_with_a_long_name_{number:04} RENAME TO something_else"))
}

/// A copy of so many tables.
pub(super) fn huge(tables: usize) -> RunReport {
    let seconds = tables as f64 * 0.5 + 10.0;
    let phase = |name: &str, started: f64, seconds: f64| PhaseSpan { name: name.into(), started, seconds };
    let sample = |n: u64| RateSample {
        seconds: n as f64 * seconds / 240.0,
        rows: n * n * 40,
        bytes: n * 9_000_000 + n % 7 * 4_000_000,
    };
    let object = |number: usize| ObjectReport {
        name: format!("index_of_application_table_{number:04}"),
        table: format!("application_table_with_a_long_name_{number:04}"),
        kind: "index".into(),
        state: "done".into(),
    };
    RunReport {
        format: REPORT_FORMAT,
        tool: "cutover 0.1.0".into(),
        outcome: Outcome::Done,
        exit_code: 0,
        run: RunInfo {
            id: "0b8f2c1e".into(),
            started_unix: 1_795_306_712,
            seconds,
            command: "copy".into(),
            phases: vec![
                phase("profile", 0.0, 8.0),
                phase("copy", 8.0, seconds - 9.0),
                phase("verify", 9.0, seconds - 10.0),
            ],
            verify_again: vec!["cutover".into(), "verify".into()],
            ..RunInfo::default()
        },
        source: vec![SourceInfo { path: "app.db".into(), bytes: 1 << 30, ..SourceInfo::default() }],
        target: Some(TargetInfo {
            host: "db:5432/app".into(),
            schema: "public".into(),
            ..TargetInfo::default()
        }),
        environment: None,
        assessment: None,
        plan_hash: vec!["cc".into()],
        tables: (0..tables).map(|number| table(number, tables)).collect(),
        objects: Objects { indexes: (0..tables * 2).map(object).collect(), ..Objects::default() },
        not_carried: (0..tables / 4).map(not_carried).collect(),
        findings: (0..tables).map(finding).collect(),
        error: None,
        timing: None,
        prediction: None,
        repaired: None,
        queries: None,
        around: AroundReport::default(),
        rate: vec![PhaseRate { phase: "copy".into(), samples: (0..240).map(sample).collect() }],
    }
}

fn not_carried(number: usize) -> NotCarried {
    NotCarried {
        kind: "trigger".into(),
        name: format!("trigger_{number}"),
        table: Some(format!("application_table_with_a_long_name_{number:04}")),
        why: "triggers are not translated: its language differs from PostgreSQL's".into(),
        sql: "CREATE TRIGGER t AFTER UPDATE ON x BEGIN UPDATE x SET a = 1; END".into(),
    }
}

/// A copy that was stopped in the middle.
pub(super) fn interrupted() -> RunReport {
    let mut report = huge(8);
    (report.outcome, report.exit_code) = (Outcome::Interrupted, 130);
    report.error = Some("the run was interrupted: the user asked to stop".into());
    report.run.verify_again.clear();
    for (number, table) in report.tables.iter_mut().enumerate() {
        table.verify = Verify::NotRun;
        (table.rows.target, table.digest) = (None, Digests::default());
        (table.spans.verify, table.spans.index) = (None, None);
        if number > 3 {
            (table.rows.copied, table.spans, table.seconds) =
                (0, TableSpans::default(), TableSeconds::default());
        }
    }
    report
}
