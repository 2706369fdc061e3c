//! Files, threads, memory, one core, and disks that are short (fault catalogue F51, F53): a run works, or says what it needs.

use crate::resume::hold::Hold;
use crate::resume::running::Running;
use crate::resume::world::{Target, World};
use crate::support::cli::{Cli, Done};

/// The copy under a shell that sets limits first.
fn limited(world: &World, url: &str, limits: &str) -> Done {
    let script = format!("{limits}; exec \"$@\"");
    let cli = Cli::under(&["/bin/sh", "-c", &script, "sh"]);
    cli.args(["copy", "--migrate", "--jobs", "2", "--from"])
        .args([world.source.path()])
        .args(["--to", url])
        .run()
}

#[track_caller]
fn assert_told(done: &Done, limit: &str, way_out: &str) {
    assert_eq!(done.code, 2, "{limit}: {done:?}");
    assert!(done.stderr.contains("it needs") && done.stderr.contains(way_out), "{limit}: {done:?}");
    assert!(!done.said().contains("panicked"), "{limit}: {done:?}");
}

#[test]
fn f53_few_files_are_enough_and_fewer_are_told() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Empty);
    for few in ["ulimit -n 8", "ulimit -n 16"] {
        assert_told(&limited(&world, &database.url(), few), few, "ulimit -n");
    }
    // The soft limit is ours to raise.
    let done = limited(&world, &database.url(), "ulimit -Hn 64; ulimit -Sn 10");
    assert_eq!(done.code, 0, "{done:?}");
    let database = world.database(Target::Empty);
    let done = limited(&world, &database.url(), "ulimit -n 64");
    assert_eq!(done.code, 0, "{done:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn f53_little_address_space_is_enough_and_less_is_told() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Empty);
    for little in ["ulimit -v 400000", "ulimit -v 100000"] {
        assert_told(&limited(&world, &database.url(), little), little, "ulimit -v");
    }
    let done = limited(&world, &database.url(), "ulimit -v 1000000");
    assert_eq!(done.code, 0, "{done:?}");
}

/// Whether this user's threads are counted: root's are not.
#[cfg(target_os = "linux")]
#[test]
fn f53_few_threads_are_told() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Empty);
    let is_root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0;
    let home = world.source.path().parent().unwrap();
    std::fs::set_permissions(home, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    // A user without any other process, so that only ours are counted.
    let wrapper: &[&str] = match is_root {
        true => &["setpriv", "--reuid=54329", "--regid=54329", "--clear-groups", "prlimit", "--nproc=9"],
        false => &["prlimit", "--nproc=1"],
    };
    let probe = std::process::Command::new(wrapper[0])
        .args(&wrapper[1..])
        .arg(env!("CARGO_BIN_EXE_cutover"))
        .arg("--version")
        .output();
    if !probe.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no way to run the program as a user with few threads");
        return;
    }
    let cli =
        Cli::under(wrapper).env("HOME", "/nonexistent").args(["copy", "--migrate", "--jobs", "2", "--from"]);
    let done = cli.args([world.source.path()]).args(["--to", &database.url()]).run();
    assert_told(&done, "few threads", "ulimit -u");
}

/// The place of a report goes while the run is under way: the copy stands, and the exit code says that the report does not.
#[test]
fn f51_a_report_that_cannot_be_written_takes_nothing_from_the_copy() {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Existing);
    let database = world.database(Target::Existing);
    let place = tempfile::tempdir().unwrap();
    let report = place.path().join("report.json");
    let run = Running::start(world.copy(&database).args(["--report"]).args([&report]));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    place.close().unwrap();
    hold.release();
    let done = run.end();
    assert_eq!(done.code, 2, "{done:?}");
    assert!(
        done.stdout.contains("copied and verified") && done.stderr.contains("cannot be written"),
        "{done:?}"
    );
    assert_eq!(database.query_one_text("SELECT finished_at IS NOT NULL FROM cutover.source"), "t");
    undisturbed.assert_resumes(&world, &database, "without its report");
}

/// `/dev/full` takes nothing: neither progress nor summary stops the copy.
#[cfg(target_os = "linux")]
#[test]
fn f51_a_log_on_a_full_disk_takes_nothing_from_the_copy() {
    let Some(world) = World::new() else { return };
    for streams in ["2>/dev/full", ">/dev/full", ">/dev/full 2>&1"] {
        let database = world.database(Target::Empty);
        let script = format!("exec \"$@\" {streams}");
        let cli = Cli::under(&["/bin/sh", "-c", &script, "sh"]).args(["copy", "--migrate", "--from"]);
        let done = cli.args([world.source.path()]).args(["--to", &database.url()]).run();
        assert_eq!(done.code, 0, "{streams}: {done:?}");
        assert_eq!(database.query_one_text("SELECT finished_at IS NOT NULL FROM cutover.source"), "t");
    }
}

/// A control group of its own; gone with it.
#[cfg(target_os = "linux")]
struct Group(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Group {
    /// None where no such group can be made: that takes rights.
    fn of_bytes(bytes: u64) -> Option<Group> {
        let name = format!("cutover-{}", uuid::Uuid::new_v4().simple());
        for (place, limit) in [("memory", "memory.limit_in_bytes"), ("", "memory.max")] {
            let group = Group(std::path::Path::new("/sys/fs/cgroup").join(place).join(&name));
            if std::fs::create_dir(&group.0).is_ok()
                && std::fs::write(group.0.join(limit), bytes.to_string()).is_ok()
            {
                return Some(group);
            }
        }
        eprintln!("skipped: no control group can be made here");
        None
    }
}

#[cfg(target_os = "linux")]
impl Drop for Group {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// What is promised is enough; with much less the kernel ends the run, which resumes like any other that was killed.
#[cfg(target_os = "linux")]
#[test]
fn f53_memory_of_a_control_group() {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Existing);
    for (mebibytes, suffices) in [(128, true), (8, false)] {
        let Some(group) = Group::of_bytes(mebibytes * 1024 * 1024) else { return };
        let database = world.database(Target::Existing);
        let script = format!("echo $$ >{}/cgroup.procs && exec \"$@\"", group.0.display());
        let cli = Cli::under(&["/bin/sh", "-c", &script, "sh"]);
        let done = cli.args(super::terminal::copy_arguments(&world, &database.url())).run();
        assert_eq!(done.code, if suffices { 0 } else { -9 }, "{mebibytes} MiB: {done:?}");
        undisturbed.assert_resumes(&world, &database, "short of memory");
    }
}
