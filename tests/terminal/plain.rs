//! Where no escape sequence may come: pipes, `NO_COLOR`, `TERM=dumb`.

use super::{Copying, Terminal, ended};
use crate::support::cli::Cli;
use crate::support::postgres::Server;

#[test]
fn a_pipe_gets_lines_without_any_escape() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let copying = Copying::new(&database, 100, "");
    for progress in ["auto", "bars", "lines", "json"] {
        let done = Cli::new()
            .args([
                "copy",
                "--migrate",
                "--restart",
                "--progress",
                progress,
                "--to",
                &database.url(),
                "--from",
            ])
            .args([copying.file()])
            .env("CLICOLOR_FORCE", "1")
            .env("COLUMNS", "20")
            .run();
        assert_eq!(done.code, 0, "{done:?}");
        // In JSON, a mark of direction is data.
        let harmless = progress == "json" || !done.said().contains('\u{202e}');
        assert!(!done.said().contains('\u{1b}') && harmless, "{done:?}");
        assert!(done.stdout.contains("a_rather_long_name_of_a_table_that_ends_in_a_number_1"), "{done:?}");
        assert!(progress != "auto" || done.stderr.contains("copy: orders, 100 rows in "), "{done:?}");
    }
}

#[test]
fn colour_and_movement_follow_the_environment() {
    let Some(server) = Server::available() else { return };
    for (variables, moves, colours) in [
        ("A=a", true, true),
        ("NO_COLOR=1", true, false),
        ("CLICOLOR=0", true, false),
        ("TERM=dumb", false, false),
    ] {
        let Some(terminal) = Terminal::open(80, 24) else { return };
        let database = server.fresh_database();
        let copying = Copying::new(&database, 500, "after_commit=delay:150");
        let raw = copying.file().with_extension("raw");
        terminal.records(&raw);
        let run = format!(
            "env {variables} sh {} copy --migrate app.db --jobs 1 --chunk-rows 1000",
            copying.script().display()
        );
        terminal.types(&run);
        terminal.wait("the end", ended);
        let said = terminal.recorded(&raw, "ended: 0");
        assert_eq!(said.contains("\u{1b}[K"), moves, "{variables}: {said:?}");
        assert_eq!(said.contains("\u{1b}[36m"), colours, "{variables}: {said:?}");
        // At most ten drawings a second, each in one piece; this run takes less than a minute.
        assert!(said.matches("\u{1b}[J").count() < 600, "{variables}");
    }
}
