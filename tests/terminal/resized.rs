//! A terminal that changes its size in the middle of a run: nothing is left over, nothing of others is lost.

use super::{Copying, LIMIT, Terminal, cells, command, ended};
use crate::support::postgres::Server;
use std::time::Instant;

/// Three tables at work stand still here, the others wait.
const PAUSED: &str = "before_commit=pause";
const ARGUMENTS: &str = "copy --migrate app.db --jobs 3 --chunk-rows 100000";

/// The picture without what changes while nothing moves: rates and times.
fn still(lines: &[String]) -> Vec<String> {
    let lines = lines.iter().filter(|line| !line.is_empty());
    lines.map(|line| line.split(" %").next().unwrap_or_default().to_owned()).collect()
}

fn is_paused(screen: &[String]) -> bool {
    screen.last().is_some_and(|line| line.trim_start().starts_with("+ "))
}

fn count(lines: &[String], begin: &str) -> usize {
    lines.iter().filter(|line| line.starts_with(begin)).count()
}

/// Lets everything that stands still go on until the run has ended.
fn let_go(copying: &Copying, terminal: &Terminal) -> Vec<String> {
    let begun = Instant::now();
    loop {
        copying.release();
        let screen = terminal.screen();
        if ended(&screen) {
            return screen;
        }
        assert!(begun.elapsed() < LIMIT, "{}", screen.join("\n"));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn small_and_large_again_is_the_same_picture() {
    let Some(server) = Server::available() else { return };
    let Some(terminal) = Terminal::open(80, 24) else { return };
    let database = server.fresh_database();
    let copying = Copying::new(&database, 1_000, PAUSED);
    terminal.types(&command(&copying.script(), ARGUMENTS));
    let first = terminal.wait("three tables at work", is_paused);
    assert!(first.iter().any(|line| line.ends_with("orders, 1,000 of 1,000 rows")), "{first:#?}");
    assert!(first.last().unwrap().ends_with("+ 7 more at work"), "{first:#?}");
    for sizes in [&[(40, 12)][..], &[(40, 12), (20, 6)], &[(60, 8), (30, 20), (25, 5)]] {
        for &(columns, rows) in sizes {
            terminal.resize(columns, rows);
            let fits = |line: &String| cells(line) < usize::from(columns);
            let is_clean = |screen: &[String]| {
                is_paused(screen)
                    && screen.len() <= usize::from(rows)
                    && screen.iter().all(fits)
                    && count(screen, "copy") == 1
            };
            terminal.wait("a picture that fits", is_clean);
        }
        terminal.resize(80, 24);
        // Sentences above the drawing may have left the screen; tmux does not bring all of them back.
        terminal.wait("the same picture", |screen| {
            count(screen, "copy") == 1 && still(screen).ends_with(&still(&first)[still(&first).len() - 5..])
        });
    }
    let_go(&copying, &terminal);
}

#[test]
fn what_stood_there_before_stays_and_what_is_said_meanwhile_too() {
    let Some(server) = Server::available() else { return };
    let Some(terminal) = Terminal::open(80, 24) else { return };
    let database = server.fresh_database();
    let copying = Copying::new(&database, 1_000, "before_commit=pause,before_compare=pause");
    terminal.types("clear; n=0; while [ $n -lt 40 ]; do n=$((n + 1)); echo \"line $n\"; done");
    terminal.wait("forty lines", |screen| screen.iter().any(|line| line == "line 40"));
    terminal.types(&format!("sh {} {ARGUMENTS}", copying.script().display()));
    terminal.wait("three tables at work", is_paused);
    terminal.resize(40, 6);
    terminal.wait("a picture that fits", |screen| is_paused(screen) && screen.len() <= 6);
    // The copy ends while the terminal is small, and says so.
    terminal.wait("the next phase", |screen| {
        copying.release();
        count(screen, "verify") == 1
    });
    terminal.resize(80, 24);
    terminal.wait("one picture, and one sentence", |screen| {
        count(screen, "copy ") == 1 && count(screen, "verify") == 1
    });
    let screen = let_go(&copying, &terminal);
    assert!(screen.iter().any(|line| line == "ended: 0"), "{screen:#?}");
    terminal.wait("the prompt", |screen| screen.last().is_some_and(|line| line.starts_with('$')));
    let all = terminal.all();
    for n in 1..=40 {
        assert_eq!(all.iter().filter(|line| **line == format!("line {n}")).count(), 1, "line {n}: {all:#?}");
    }
    assert_eq!(terminal.cursor_flag(), "1");
}

#[test]
fn nothing_is_broken_by_a_narrow_terminal() {
    let Some(server) = Server::available() else { return };
    for (columns, rows) in [(80, 24), (40, 12), (20, 6)] {
        let Some(terminal) = Terminal::open(columns, rows) else { return };
        let database = server.fresh_database();
        let copying = Copying::new(&database, 100, "");
        terminal.types(&command(&copying.script(), "copy --validate app.db"));
        terminal.wait("the end", ended);
        terminal.types(&command(&copying.script(), "copy --migrate app.db"));
        terminal.wait("the end", ended);
        // What was typed may be broken; what the program says is not.
        let joined = terminal.joined();
        let said = joined.iter().filter(|line| !line.contains("run.sh"));
        let widest = said.map(|line| cells(line)).max();
        assert!(widest < Some(usize::from(columns)), "{columns}×{rows}: {joined:#?}");
        let shown = joined.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            shown.contains("10 tables, 1,000") && shown.contains("ended: 0"),
            "{columns}×{rows}: {shown}"
        );
    }
}
