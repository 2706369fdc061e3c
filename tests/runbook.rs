//! The day of docs/runbook.md: every command as it is printed there, in its order, in one folder.

use crate::example::files_of;
use crate::support::postgres::Server;
use std::path::Path;
use std::process::Command;

#[test]
fn every_command_works_as_it_is_printed() {
    let Some(server) = Server::available() else { return };
    if Command::new("psql").arg("--version").output().is_err() {
        eprintln!("skipped: the runbook needs psql");
        return;
    }
    let (database, files) = (server.fresh_database(), files_of(120));
    let home = tempfile::tempdir().unwrap();
    let env = home.path().join("env");
    let address = database.tcp_url();
    let part = |name: &str| {
        let parts = address.split_whitespace().filter_map(|part| part.split_once('='));
        parts
            .clone()
            .find(|(key, _)| *key == name)
            .map_or("unused", |(_, value)| value)
            .trim_matches('\'')
            .to_owned()
    };
    let lines = [
        "DB_TYPE=sqlite".to_owned(),
        "POSTGRES_HOST=127.0.0.1".to_owned(),
        format!("POSTGRES_PORT={}", part("port")),
        format!("POSTGRES_DB={}", database.name),
        "POSTGRES_USER=postgres".to_owned(),
        format!("POSTGRES_PASSWORD={}", part("password")),
    ];
    std::fs::write(&env, lines.join("\n") + "\n").unwrap();
    let day = home.path().join("day");
    let output = Command::new("sh")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/runbook.sh"))
        .env("RUNBOOK_DIR", &day)
        .env("RUNBOOK_BIN", Path::new(env!("CARGO_BIN_EXE_cutover")).parent().unwrap())
        .env("RUNBOOK_FILES", files.path())
        .env("RUNBOOK_ENV", &env)
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("every command of docs/runbook.md worked"), "{said}");
    assert!(said.contains("GO: "), "{said}");
    for written in ["assessment.html", "rehearsal.json", "cutover.md", "verify.html", "backups"] {
        assert!(day.join(written).exists(), "{written} is missing: {said}");
    }
    // A command that fails ends it: the script itself is no proof otherwise.
    let again = Command::new("sh")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/runbook.sh"))
        .env("RUNBOOK_DIR", &day)
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(1), "{again:?}");
}
