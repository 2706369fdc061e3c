use super::*;
use crate::event::{Event, Phase, TaskCounters};
use crate::report::board::Board;
use crate::report::frame::Frame;
use crate::report::frame::tests::TERMINAL;
use std::sync::Arc;

const T: Duration = Duration::from_secs(3);

/// A copy of `tasks` tables of 100 rows, of which `running` are half done and `done` are over.
fn board(t0: Instant, [tasks, running, done]: [u64; 3], name: impl Fn(u64) -> String) -> Board {
    let mut board = Board::default();
    let phase = Phase::Copy;
    board.apply(&Event::PhaseStarted { phase, tasks, rows: tasks * 100, bytes: 0 }, t0);
    for n in 0..done {
        let name = format!("over {n}");
        board.apply(&Event::TaskFinished { phase, name, rows: 100, seconds: 1.0 }, t0);
    }
    for n in 0..running {
        let counters = Arc::new(TaskCounters::default());
        counters.add(50, 0);
        board.apply(&Event::TaskStarted { phase, name: name(n), rows: 100, bytes: 0, counters }, t0);
    }
    board
}

fn drawn(board: &Board, t0: Instant, columns: usize, rows: usize) -> Vec<String> {
    let (size, terminal) = (Size { columns, rows }, TERMINAL);
    Frame::new(terminal).drawn(size, &lines(board.phases(), t0 + T, size))
}

#[test]
fn a_phase_its_tables_and_what_is_counted() {
    let t0 = Instant::now();
    let board = board(t0, [160, 11, 112], |n| format!("table {n}"));
    let drawn = drawn(&board, t0, 80, 24);
    assert_eq!(drawn[0], "copy      ━━━━━━━━━━━╸     73 %, 2 s left, 3,920 rows/s");
    assert_eq!(drawn[1], "          ━━━━━━━━         table 0, 50 of 100 rows");
    assert_eq!(drawn[10], "          ━━━━━━━━         table 9, 50 of 100 rows");
    assert_eq!(drawn[11..], ["          + 1 more at work, 37 waiting, 112 done"]);
}

#[test]
fn a_table_gets_its_line_when_it_takes_a_moment() {
    let t0 = Instant::now();
    let mut board = board(t0, [5, 1, 0], |n| format!("table {n}"));
    let (phase, counters) = (Phase::Copy, Arc::new(TaskCounters::default()));
    let name = "quick".to_owned();
    board.apply(&Event::TaskStarted { phase, name, rows: 9, bytes: 0, counters }, t0 + T);
    let drawn = drawn(&board, t0, 80, 24);
    assert_eq!(drawn.len(), 3, "{drawn:?}");
    assert_eq!(drawn[2], "          + 1 more at work, 3 waiting");
}

/// Small tables travel together: many are at work, one of them is being read.
#[test]
fn tables_of_which_nothing_has_come_yet_leave_their_place_to_others() {
    let t0 = Instant::now();
    let mut board = board(t0, [50, 0, 0], |n| n.to_string());
    for n in 0..20 {
        let (phase, counters) = (Phase::Copy, Arc::new(TaskCounters::default()));
        counters.add(if n == 15 { 5 } else { 0 }, 0);
        let name = format!("small {n}");
        board.apply(&Event::TaskStarted { phase, name, rows: 10, bytes: 0, counters }, t0);
    }
    let drawn = drawn(&board, t0, 80, 24);
    assert_eq!(drawn[1].trim(), "━━━━━━━━         small 15, 5 of 10 rows");
    assert_eq!(drawn[2..], ["          + 19 more at work, 30 waiting"]);
}

#[test]
fn nothing_is_wider_or_higher_than_the_terminal() {
    let t0 = Instant::now();
    let names = |n| match n % 3 {
        0 => format!("{n}{}", "表".repeat(40)),
        1 => format!("a_rather_long_name_of_a_table_that_has_a_number_at_its_end_{n}"),
        _ => format!("\u{1b}[2J{n}"),
    };
    let mut board = board(t0, [1_000, 14, 112], names);
    for phase in [Phase::Verify, Phase::Index] {
        board.apply(&Event::PhaseStarted { phase, tasks: 30, rows: 0, bytes: 0 }, t0);
        for n in 0..6 {
            let (name, counters) = (format!("object {n}"), Arc::new(TaskCounters::default()));
            board.apply(&Event::TaskStarted { phase, name, rows: 0, bytes: 0, counters }, t0);
        }
    }
    for columns in 1..=120 {
        for rows in 1..=30 {
            let drawn = drawn(&board, t0, columns, rows);
            let widest = drawn.iter().map(|line| cells::width(line)).max();
            assert!(widest <= Some((columns - 1).max(1)), "{columns}×{rows}: {drawn:?}");
            assert!((1..=(rows - 1).max(1)).contains(&drawn.len()), "{columns}×{rows}: {drawn:?}");
            assert!(drawn.iter().all(|line| !line.contains('\u{1b}')), "{drawn:?}");
        }
    }
}

#[test]
fn what_matters_least_goes_first() {
    let t0 = Instant::now();
    let board = board(t0, [160, 3, 112], |n| format!("orders_of_{n}_customers_2024"));
    assert_eq!(
        drawn(&board, t0, 40, 6),
        [
            "copy      ━━━━━╸   70 %, 2 s left",
            "          ━━━━     orders_…s_2024, 50 %",
            "          ━━━━     orders_…s_2024, 50 %",
            "          ━━━━     orders_…s_2024, 50 %",
            "          + 45 waiting, 112 done",
        ]
    );
    assert_eq!(drawn(&board, t0, 20, 3), ["copy 70 %, 2 s left", "  orders_o…ers_2024"]);
    assert_eq!(drawn(&board, t0, 20, 2), ["copy 70 %, 2 s left"]);
    assert_eq!(drawn(&board, t0, 6, 2), ["copy"]);
    assert_eq!(
        drawn(&board, t0, 100, 2),
        ["copy      ━━━━━━━━━━━      70 %, 2 s left, 3,780 rows/s, 112 of 160 tables"]
    );
}
