//! A password in an argument: said to be no good place, taken out of the process list, and used all the same.

use super::Marked;
use crate::resume::hold::Hold;
use crate::resume::running::Running;
use crate::support::cli::Cli;
use crate::support::secrets::{assert_not_told, mark};
use std::net::TcpListener;

#[cfg(target_os = "linux")]
fn of_process(pid: u32, what: &str) -> String {
    String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/{what}")).unwrap()).replace('\0', "\n")
}

/// While a run is held, whoever lists processes sees no password: not in arguments, nor in the variables it was started with.
#[cfg(target_os = "linux")]
#[test]
fn a_typed_password_is_not_in_the_process_list() {
    let Some(marked) = Marked::new() else { return };
    let cli = Cli::new().args(["copy", "--migrate", "--chunk-rows", "100", "--progress", "lines", "--from"]);
    let run = Running::start(cli.args([marked.source.path()]).args(["--to", &marked.url()]));
    let hold = Hold::chunk(&marked.database, "u", 4);
    hold.wait_until_held(1);
    let (arguments, variables) = (of_process(run.pid(), "cmdline"), of_process(run.pid(), "environ"));
    assert_not_told(&[&marked.password], &[("arguments", &arguments), ("variables", &variables)]);
    assert!(
        arguments.contains("password=***") && arguments.contains(&marked.source.path().display().to_string()),
        "{arguments}"
    );
    assert!(arguments.starts_with(env!("CARGO_BIN_EXE_cutover")), "{arguments}");
    assert_eq!(of_process(run.pid(), "comm").trim(), "cutover");
    let limits = of_process(run.pid(), "limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "an image of the memory would hold it: {core}");
    hold.release();
    let done = run.end();
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stderr.contains("note: a password was typed into the command line"), "{done:?}");
    marked.assert_kept(&done, "typed");
}

/// Every argument arrives as it was typed, the exit code is the same, and signals reach the process that was started.
#[test]
fn what_begins_once_more_is_the_same_program() {
    let password = mark("pass");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://u:{password}@127.0.0.1:{}/d", listener.local_addr().unwrap().port());
    let run = Running::start(Cli::new().args(["status", "--to", &url]));
    let connection = listener.accept().unwrap();
    run.signal("TERM");
    let done = run.end();
    assert_eq!(done.code, 143, "{done:?}");
    assert!(!done.said().contains(&password) && done.stderr.contains("note: "), "{done:?}");
    drop(connection);
    let odd = format!("--to=host=127.0.0.1 port=1 user='o\\'x y' password='{password}' dbname='d ü'");
    let done = Cli::new().args(["status", &odd]).run();
    assert!(done.stderr.contains("as \"o'x y\"") && done.stderr.contains("/d ü as"), "{done:?}");
    let done = Cli::new().args(["statu", &odd]).run();
    assert_eq!(done.code, 2, "{done:?}");
    assert!(!done.said().contains(&password), "{done:?}");
}

/// What another process was told, or anybody writes there, is not believed.
#[test]
fn a_stale_variable_changes_nothing() {
    for told in ["", "1 0 2", "x", "99999999999 3 1", "0"] {
        let done = Cli::new().env("CUTOVER_VEILED", told).args(["--version"]).run();
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{told:?}: {done:?}");
    }
}

/// Addresses without a password are not spoken of, and nothing begins twice.
#[test]
fn no_password_no_warning() {
    let Some(marked) = Marked::new() else { return };
    let bare = marked.bare_url();
    let done = marked.cli(&["status", "--to", &bare]).run();
    assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{done:?}");
    let done = marked.cli(&["status"]).env("CUTOVER_TO", marked.url()).run();
    assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{done:?}");
}
