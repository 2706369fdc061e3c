//! What surrounds the copy, in its order: `before` hooks, the write locks, the backups; and at the end the locks again.

use super::account::Account;
use super::backup;
use super::freeze;
use super::hooks;
use super::tools::Tools;
use crate::assess::job::Job;
use crate::config::HookPoint;
use crate::error::Result;
use crate::sqlite::freeze::Freeze;
use crate::timing::RunStage;

/// How far that is; a beginning that is tried again does not do it twice.
#[derive(Debug, Default)]
pub(super) struct Around {
    is_begun: bool,
    freezes: Vec<Freeze>,
}

impl Around {
    /// There is something to be done before the sources may be read: hooks that stop their writers, or the lock.
    pub(super) fn is_due(&self, tools: &Tools) -> bool {
        let around = &tools.config.around;
        !self.is_begun && (around.freeze || !around.hooks.before.is_empty())
    }

    /// Does it. Nobody reads the sources meanwhile: in rollback-journal mode that would keep writers from ending what they do.
    ///
    /// # Errors
    /// A refusal where a hook fails or a lock cannot be had; a source fault.
    pub(super) async fn ahead(&mut self, tools: &Tools, account: &mut Account) -> Result<()> {
        hooks::run(tools, account, HookPoint::Before).await?;
        if tools.config.around.freeze {
            self.freezes = freeze::take(tools, account).await?;
        }
        self.is_begun = true;
        Ok(())
    }

    /// The backups, of the snapshots that will be copied.
    ///
    /// # Errors
    /// As `backup::make`.
    pub(super) async fn back_up(&self, tools: &Tools, jobs: &[Job], account: &mut Account) -> Result<()> {
        if let Some(dir) = &tools.config.around.backup {
            let _backup = tools.events.clock().stage(RunStage::Backup);
            let started_unix = account.report.run.started_unix;
            account.report.around.backup = backup::make(tools, dir, jobs, started_unix).await?;
        }
        Ok(())
    }

    /// The locks were held, and nothing was written.
    ///
    /// # Errors
    /// A source fault.
    pub(super) fn check(&self) -> Result<()> {
        freeze::check(&self.freezes)
    }

    /// Lets the locks go.
    pub(super) fn end(&mut self, account: &mut Account) {
        self.freezes.clear();
        account.thaw();
    }
}
