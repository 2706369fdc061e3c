//! What the system lets this process have, looked at before anything begins: below a minimum a run would end in the middle,
//! for a reason that nobody could read off its message.

use crate::error::{Error, Result};
use crate::limits::{
    ADDRESS_SPACE_BYTES_MIN, ADDRESS_SPACE_BYTES_PER_JOB, FILES_MIN, FILES_PER_JOB, THREAD_TRIED_BYTES,
    THREADS_MIN, THREADS_PER_JOB,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// Looks at files, memory and threads for a run of so many connections; takes what may be had without asking anybody.
///
/// # Errors
/// Usage, which names the limit and the way to raise it.
pub(super) fn check(jobs: usize) -> Result<()> {
    let least = |min: u64, per_job: u64| min + per_job * jobs as u64;
    files(least(FILES_MIN, FILES_PER_JOB))?;
    memory(least(ADDRESS_SPACE_BYTES_MIN, ADDRESS_SPACE_BYTES_PER_JOB))?;
    threads(least(THREADS_MIN, THREADS_PER_JOB))
}

/// A crash leaves no image of the memory behind: cells and passwords are in it.
pub(super) fn leave_no_core() {
    let limit = getrlimit(Resource::Core);
    // Lowering what is ours to lower is always allowed.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..limit });
}

fn too_few(what: &str, needed: u64, remedy: &str) -> Error {
    Error::usage(format!("the system lets this process have too {what}: it needs {needed}"))
        .remedy(format!("{remedy}, or use fewer --jobs"))
}

/// Open files; the soft limit is raised where the hard one allows it.
fn files(needed: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let raised = Rlimit { current: Some(limit.maximum.map_or(needed, |most| most.min(needed))), ..limit };
    let is_enough = raised.current >= Some(needed) && setrlimit(Resource::Nofile, raised).is_ok();
    if is_enough { Ok(()) } else { Err(too_few("few open files", needed, "raise the limit (ulimit -n)")) }
}

/// Addresses, of which threads reserve much more than they use.
fn memory(needed: u64) -> Result<()> {
    match getrlimit(Resource::As).current {
        Some(current) if current < needed => Err(too_few(
            "little address space, in bytes",
            needed,
            "raise the limit (ulimit -v), or limit memory by a cgroup",
        )),
        _ => Ok(()),
    }
}

/// Threads: no limit tells how many are left, so that they are tried, all at once.
fn threads(needed: u64) -> Result<()> {
    let mut tried: Vec<(SyncSender<()>, JoinHandle<()>)> = Vec::new();
    let begun = (0..needed).try_for_each(|_| {
        let (hold, held) = sync_channel(1);
        let thread = Builder::new().stack_size(THREAD_TRIED_BYTES).spawn(move || {
            let _ = held.recv();
        })?;
        tried.push((hold, thread));
        Ok(())
    });
    for (hold, thread) in tried {
        drop(hold);
        let _ = thread.join();
    }
    begun.map_err(|cause: std::io::Error| {
        let remedy = "raise the limit (ulimit -u, or the pids limit of the container)";
        too_few("few threads", needed, remedy).cause(cause)
    })
}
