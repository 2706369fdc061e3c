use super::*;
use crate::outcome::{WatchedLoad, WatchedOwner, WatchedSteps, WatchedTable};

fn source() -> WatchedSource {
    WatchedSource {
        path: "/data/app\u{1b}.db".into(),
        schema: "public".into(),
        tables: 4,
        tables_done: 1,
        rows: 1_000,
        rows_done: 300,
        steps: vec![WatchedSteps { kind: "index".into(), all: 5, done: 2 }],
        at_work: vec![WatchedTable { table: "orders".into(), rows: 600, rows_done: 200 }],
        ..WatchedSource::default()
    }
}

fn running_copy() -> Watched {
    let owner = WatchedOwner { host: Some("db1".into()), process_id: Some(7), ..WatchedOwner::default() };
    let load = |table: &str, rows| WatchedLoad { schema: "public".into(), table: table.into(), rows };
    Watched {
        state: WatchState::Running,
        owner: Some(owner),
        sources: vec![source()],
        loading: vec![load("orders", 50), load("users", 30), load("empty", 0)],
        ..Watched::default()
    }
}

fn screen(watched: &Watched) -> Vec<String> {
    let (mut board, mut seen, now) = (Board::default(), 0, Instant::now());
    take(&mut board, watched, &mut seen, now);
    let size = Size { columns: 80, rows: 24 };
    Frame::new(crate::report::frame::tests::TERMINAL)
        .drawn(size, &drawn(&headline(watched), &board, now, size))
}

#[test]
fn what_is_committed_and_what_is_coming_are_one_picture() {
    let expected = [
        "app\\u{1b}.db → public: running (process 7 on db1)",
        "copy      ━━━━━━           38 %",
        "          ━━━━━━╸          orders, 250 of 600 rows",
        "                           users, 30 rows",
        "          + 1 waiting, 1 done",
    ];
    assert_eq!(screen(&running_copy()), expected);
}

#[test]
fn rows_that_are_not_seen_for_a_moment_are_not_taken_back() {
    let (mut board, mut seen, now) = (Board::default(), 0, Instant::now());
    let mut watched = running_copy();
    take(&mut board, &watched, &mut seen, now);
    watched.loading.clear();
    take(&mut board, &watched, &mut seen, now);
    assert_eq!((seen, board.phase(Phase::Copy).unwrap().done().0), (380, 380));
}

#[test]
fn after_the_rows_come_the_steps() {
    let mut watched = running_copy();
    watched.loading.clear();
    watched.sources[0] =
        WatchedSource { tables_done: 4, rows_done: 1_000, tables_verified: 3, at_work: vec![], ..source() };
    let shown = screen(&watched);
    assert_eq!(shown[1], "verify    ━━━━━━━━━━━━     3 of 4 tables");
    assert_eq!(shown[2], "index     ━━━━━━           2 of 5 objects");
}

#[test]
fn the_end_names_every_source_and_its_error() {
    let mut watched = running_copy();
    watched.sources.push(WatchedSource { finished: true, ..source() });
    watched.sources[0].last_error = Some("the disk is full\u{7}".into());
    let expected = [
        "not finished: app\\u{1b}.db → public: 1 of 4 tables and 300 of 1,000 rows copied; run the same copy again to resume",
        "  last error: the disk is full\\u{7}",
        "finished: app\\u{1b}.db → public: 4 tables, 1,000 rows",
    ];
    assert_eq!(end(&watched), expected);
    assert_eq!(end(&Watched::default()), ["this target knows of no copy"]);
    watched.owner.as_mut().unwrap().overdue_seconds = Some(12.0);
    watched.state = WatchState::Silent;
    assert!(headline(&watched).contains("silent: its lease ran out 12 s ago"), "{}", headline(&watched));
}
