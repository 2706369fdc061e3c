//! Names that would harm, and a stop: what a terminal shows of them.

use super::{Copying, Terminal, command, ended};
use crate::support::postgres::Server;

#[test]
fn a_name_that_would_clear_the_screen_is_spelled_out() {
    let Some(server) = Server::available() else { return };
    let Some(terminal) = Terminal::open(100, 40) else { return };
    let database = server.fresh_database();
    let copying = Copying::new(&database, 100, "");
    terminal.types(&format!(
        "echo it stays; {}",
        command(&copying.script(), "copy --migrate app.db").replace("clear; ", "")
    ));
    let screen = terminal.wait("the end", ended);
    let shown = screen.join("\n");
    assert!(shown.contains("it stays"), "{shown}");
    assert!(shown.contains("\\u{1b}[2J\\u{1b}[31m\\u{202e}"), "{shown}");
    assert!(shown.contains("表表表表"), "{shown}");
}

#[test]
fn a_stop_leaves_the_terminal_as_it_was() {
    let Some(server) = Server::available() else { return };
    let Some(terminal) = Terminal::open(80, 24) else { return };
    let database = server.fresh_database();
    let copying = Copying::new(&database, 1_000, "before_commit=delay:1000");
    terminal.types(&command(&copying.script(), "copy --migrate app.db --jobs 2 --chunk-rows 100000"));
    terminal.wait("a bar", |screen| screen.iter().any(|line| line.starts_with("copy") && line.contains('%')));
    terminal.presses("C-c");
    // The shell of the script ends by the signal, too: its own word does not come.
    let screen = terminal.wait("the prompt", |screen| screen.last().is_some_and(|line| line == "$"));
    assert!(screen.iter().any(|line| line.starts_with("interrupted after")), "{screen:#?}");
    assert!(screen.iter().all(|line| !line.contains('━')), "{screen:#?}");
    assert_eq!(terminal.cursor_flag(), "1");
    terminal.types("stty -a | grep -c ' -echo '");
    terminal.wait("what stty says", |screen| screen.iter().any(|line| line == "0"));
}
