//! `--freeze`: takes the write lock of every source before its snapshot, and keeps them until the run has ended.

use super::account::Account;
use super::tools::Tools;
use crate::config::duration_text;
use crate::error::{Error, Result};
use crate::limits::{FREEZE_SLICE, FREEZE_WAIT};
use crate::outcome::FreezeReport;
use crate::sqlite::freeze::Freeze;
use std::path::Path;
use std::time::Instant;

/// Takes the locks, in the order in which the sources were named.
///
/// # Errors
/// A source fault where a writer does not end; a refusal where the lock cannot be had at all.
pub(super) async fn take(tools: &Tools, account: &mut Account) -> Result<Vec<Freeze>> {
    let mut freezes = Vec::new();
    let mut locks = Vec::new();
    for path in &tools.config.sources {
        let began = Instant::now();
        let mut freeze = tools.cancel.at_once(take_one(tools, path)).await?;
        let source = freeze.path().display().to_string();
        tools.events.note(format!("{source}: its write lock is held until this run has ended"));
        std::mem::take(&mut freeze.notes).into_iter().for_each(|note| account.finding(note));
        locks.push(FreezeReport { source, waited: began.elapsed().as_secs_f64(), seconds: 0.0 });
        freezes.push(freeze);
    }
    account.report.around.freeze = locks;
    account.frozen_since = Some(Instant::now());
    Ok(freezes)
}

async fn take_one(tools: &Tools, path: &Path) -> Result<Freeze> {
    let began = Instant::now();
    loop {
        let owned = path.to_path_buf();
        let attempt = tokio::task::spawn_blocking(move || Freeze::attempt(&owned, FREEZE_SLICE)).await;
        let attempt = attempt.map_err(|cause| Error::internal("a thread broke off").cause(cause))?;
        if let Some(freeze) = attempt? {
            return Ok(freeze);
        }
        let waited = began.elapsed();
        if waited >= FREEZE_WAIT {
            return Err(too_busy(path));
        }
        // Told once, when the first attempt has failed.
        if waited < FREEZE_SLICE * 4 {
            let (path, wait) = (path.display(), duration_text(FREEZE_WAIT));
            tools.events.note(format!(
                "{path}: waiting for its write lock, which another program holds, for up to {wait}"
            ));
        }
        tokio::time::sleep(FREEZE_SLICE).await;
    }
}

fn too_busy(path: &Path) -> Error {
    let (path, wait) = (path.display(), duration_text(FREEZE_WAIT));
    Error::source_fault(format!("{path}: --freeze: another program has held its write lock for {wait}"))
        .remedy("stop the program that writes it (fuser or lsof shows which), and run again")
}

/// The locks were held to this moment, and nothing was written meanwhile.
///
/// # Errors
/// A source fault.
pub(super) fn check(freezes: &[Freeze]) -> Result<()> {
    freezes.iter().try_for_each(Freeze::check)
}
