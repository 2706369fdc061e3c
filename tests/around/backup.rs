//! `--backup DIR`.

use super::{names, source};
use crate::resume::hold::Hold;
use crate::resume::running::{Running, wait_for};
use crate::support::cli::Cli;
use crate::support::flow::{migrate, validate};
use crate::support::postgres::Server;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

fn rows(path: &Path) -> i64 {
    let db = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    db.query_row("SELECT count(*) FROM user JOIN note USING (id)", [], |row| row.get(0)).unwrap()
}

fn text(dir: &Path) -> &str {
    dir.to_str().unwrap()
}

#[test]
fn a_backup_is_the_source_with_its_log_and_its_checksum_holds() {
    let Some(server) = Server::available() else { return };
    for wal in [false, true] {
        let source = source(wal);
        // Its log is not written into the file as long as this connection is open.
        let application = wal.then(|| source.connection());
        if let Some(application) = &application {
            application
                .execute_batch(
                    "INSERT INTO user VALUES (9000, 'x'); INSERT INTO note VALUES (9000, 9000, '', '')",
                )
                .unwrap();
        }
        std::fs::set_permissions(source.path(), PermissionsExt::from_mode(0o640)).unwrap();
        let before = std::fs::read(source.path()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let database = server.fresh_database();
        let run = migrate(source.path(), &database, &["--backup", text(dir.path())]).ends_with(0);
        assert_eq!(std::fs::read(source.path()).unwrap(), before, "wal: {wal}");
        let backup = &run.report["backup"][0];
        let path = Path::new(backup["path"].as_str().unwrap());
        let name = path.file_name().unwrap().to_str().unwrap();
        let hash = backup["blake3"].as_str().unwrap();
        assert!(name.starts_with("app-20") && name.ends_with(&format!("-{}.db", &hash[..12])), "{name}");
        assert_eq!(names(dir.path()), [name.to_owned(), format!("{name}.blake3")]);
        let checksum = std::fs::read_to_string(format!("{}.blake3", path.display())).unwrap();
        assert_eq!(checksum, format!("{hash}  {name}\n"));
        let phases = run.report["run"]["phases"].as_array().unwrap();
        assert!(phases.iter().any(|phase| phase["name"] == "backup"), "the time line has it");
        let hashed = blake3::hash(&std::fs::read(path).unwrap()).to_hex().to_string();
        assert_eq!(
            (hash, backup["bytes"].as_u64()),
            (hashed.as_str(), Some(std::fs::metadata(path).unwrap().len()))
        );
        if let Ok(sums) = Command::new("b3sum")
            .args(["--check", &format!("{name}.blake3")])
            .current_dir(dir.path())
            .status()
        {
            assert!(sums.success());
        }
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(run.done.stdout.contains("backup: ") && run.done.stdout.contains(name), "{}", run.said());
        assert_eq!(rows(path), if wal { 2001 } else { 2000 });
    }
}

#[test]
fn the_same_content_is_backed_up_once_and_nothing_is_overwritten() {
    let Some(server) = Server::available() else { return };
    let source = source(false);
    let dir = tempfile::tempdir().unwrap();
    let database = server.fresh_database();
    let options = ["--backup", text(dir.path())];
    let first = migrate(source.path(), &database, &options).ends_with(0);
    let kept = names(dir.path());
    let again = migrate(source.path(), &database, &options).ends_with(0);
    let reused = |run: &crate::support::flow::Run| run.report["backup"][0]["reused"].as_bool();
    assert_eq!((reused(&first), reused(&again), names(dir.path())), (Some(false), Some(true), kept.clone()));
    // One whose checksum does not hold any more is not trusted, and stays.
    let path = dir.path().join(&kept[0]);
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    // Names go by the second and the content.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let third = migrate(source.path(), &database, &options).ends_with(0);
    assert_eq!((reused(&third), names(dir.path()).len()), (Some(false), 4), "{}", third.said());
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    // Another content is another backup.
    source.connection().execute_batch("UPDATE user SET name = 'y' WHERE id = 1").unwrap();
    let other = server.fresh_database();
    let fourth = migrate(source.path(), &other, &options).ends_with(0);
    assert_eq!((reused(&fourth), names(dir.path()).len()), (Some(false), 6));
}

#[test]
fn a_backup_that_cannot_be_made_stops_the_run_before_anything_is_written() {
    let Some(server) = Server::available() else { return };
    let source = source(false);
    let database = server.fresh_database();
    let missing = migrate(source.path(), &database, &["--backup", "/nowhere/at/all"]).ends_with(2);
    assert!(missing.said().contains("make it first"), "{}", missing.said());
    let dir = tempfile::tempdir().unwrap();
    let with_validate = validate(source.path(), &database, &["--backup", text(dir.path())]).ends_with(2);
    assert!(with_validate.said().contains("--backup"), "{}", with_validate.said());
    // A file system that takes no files.
    if Path::new("/proc/self/fdinfo").is_dir() {
        let full = migrate(source.path(), &database, &["--backup", "/proc/self/fdinfo"]).ends_with(3);
        assert_eq!(
            full.findings("E_BACKUP").len() + full.findings("E_BACKUP_ROOM").len(),
            1,
            "{}",
            full.said()
        );
    }
    assert_eq!(database.query_one_text("SELECT count(*) FROM pg_namespace WHERE nspname = 'cutover'"), "0");
    assert!(names(dir.path()).is_empty());
}

#[test]
fn a_stop_leaves_no_part_of_a_backup_behind() {
    let Some(server) = Server::available() else { return };
    let source = source(false);
    source
        .connection()
        .execute_batch("CREATE TABLE big (b); INSERT INTO big SELECT randomblob(40000) FROM user")
        .unwrap();
    let is_partial = |dir: &Path| names(dir).iter().any(|name| name.contains(".partial"));
    for signals in [&["INT"][..], &["TERM"], &["INT", "INT"]] {
        // Stopped while the file is not whole; should the run be quicker than that, once more.
        let done = (0..20).find_map(|_| {
            let (dir, database) = (tempfile::tempdir().unwrap(), server.fresh_database());
            let copy = Cli::new().args(["copy", "--migrate", "--backup", text(dir.path())]);
            let run = Running::start(copy.args([source.path().as_os_str(), database.url().as_ref()]));
            wait_for("the backup's beginning", || (!names(dir.path()).is_empty()).then_some(()));
            run.signal("STOP");
            let is_caught = is_partial(dir.path());
            run.signal(signals[0]);
            run.signal("CONT");
            if signals.len() > 1 {
                std::thread::sleep(std::time::Duration::from_millis(50));
                run.signal(signals[1]);
            }
            let done = run.end();
            assert!(!is_partial(dir.path()), "{signals:?}: {:?} {done:?}", names(dir.path()));
            is_caught.then_some(done)
        });
        let done = done.expect("a run that is stopped in the middle of its backup");
        assert!(matches!(done.code, 130 | 143), "{signals:?}: {done:?}");
    }
}

/// What is written while the copy goes on is in neither: the backup is of the state that is copied.
#[test]
fn the_backup_is_of_the_very_state_that_is_copied() {
    let Some(server) = Server::available() else { return };
    let source = source(true);
    let (dir, database) = (tempfile::tempdir().unwrap(), server.fresh_database());
    let copy = Cli::new().args(["copy", "--migrate", "--chunk-rows", "500", "--backup", text(dir.path())]);
    let run = Running::start(copy.args([source.path().as_os_str(), database.url().as_ref()]));
    let hold = Hold::chunk(&database, "user", 0);
    source.connection().execute_batch("DELETE FROM note; DELETE FROM user WHERE id > 7").unwrap();
    hold.release();
    assert_eq!(run.end().code, 0);
    let path = dir.path().join(&names(dir.path())[0]);
    assert_eq!(
        (rows(&path), database.query_one_text("SELECT count(*) FROM \"user\"")),
        (2000, "2000".to_owned())
    );
}
