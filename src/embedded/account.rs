//! Whose rights the server runs with: the caller's, or, since PostgreSQL refuses root, an unprivileged account's.

use crate::error::{Error, Result};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Accounts to run as when we are root, in order.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// The account that owns the cluster and runs the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// user id
    pub uid: u32,
    /// its primary group
    pub gid: u32,
    /// whether a program must change to it first (we are root)
    pub switch: bool,
}

impl Account {
    /// Ourselves, or as root `postgres` where it exists, else `nobody`.
    ///
    /// # Errors
    /// Where `id` cannot be run, or root finds neither account.
    pub fn current() -> Result<Account> {
        let uid = ask_id(&["-u"])
            .ok_or_else(|| Error::internal("cannot tell which user this is: `id -u` failed"))?;
        if uid != 0 {
            let gid = ask_id(&["-g"]).unwrap_or(uid);
            return Ok(Account { uid, gid, switch: false });
        }
        let (uid, gid) = UNPRIVILEGED.iter().find_map(|name| look_up(name)).ok_or_else(|| {
            Error::target_fault(
                "PostgreSQL refuses to run as root, and there is no account postgres or nobody",
            )
            .remedy("run this as an ordinary user, or make the account: useradd --system postgres")
        })?;
        Ok(Account { uid, gid, switch: true })
    }

    /// Lets `command` run with this account's rights.
    pub fn apply(&self, command: &mut Command) {
        if self.switch {
            // std drops the supplementary groups too when root changes its uid.
            command.gid(self.gid).uid(self.uid);
        }
    }

    /// Gives a file or directory to this account.
    pub fn own(&self, path: &Path) -> Result<()> {
        if !self.switch {
            return Ok(());
        }
        std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid)).map_err(|cause| {
            Error::target_fault(format!("cannot give {} to the server's account", path.display()))
                .cause(cause)
        })
    }

    /// Refuses a directory that the account cannot reach, such as one below root's own home.
    pub(super) fn must_reach(&self, dir: &Path) -> Result<()> {
        if !self.switch {
            return Ok(());
        }
        let closed = dir.ancestors().find(|above| {
            std::fs::metadata(above).is_ok_and(|found| !self.may_pass(found.mode(), found.uid(), found.gid()))
        });
        let Some(closed) = closed else { return Ok(()) };
        Err(Error::target_fault(format!(
            "the embedded server does not run as root, and its account (uid {}) may not enter {}",
            self.uid,
            closed.display()
        ))
        .remedy(format!("chmod o+x {}, or name another directory in CUTOVER_EMBEDDED_DIR", closed.display())))
    }

    /// Whether a directory's search bit is set for this account (POSIX, "file access permissions").
    fn may_pass(&self, mode: u32, uid: u32, gid: u32) -> bool {
        let bit = match () {
            () if uid == self.uid => 0o100,
            () if gid == self.gid => 0o010,
            () => 0o001,
        };
        mode & bit != 0
    }
}

fn look_up(name: &str) -> Option<(u32, u32)> {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    in_passwd(&passwd, name).or_else(|| Some((ask_id(&["-u", name])?, ask_id(&["-g", name])?)))
}

/// A line of `/etc/passwd`: `name:password:uid:gid:…`.
fn in_passwd(passwd: &str, name: &str) -> Option<(u32, u32)> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next()? == name;
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        (found && uid != 0).then_some((uid, gid))
    })
}

fn ask_id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nmypostgres:x:7:7::/:/x\nbroken\npostgres:x:101:104:,:/var:/bin/bash\n";
        assert_eq!(in_passwd(passwd, "postgres"), Some((101, 104)));
        assert_eq!(in_passwd(passwd, "nobody"), None);
        assert_eq!(in_passwd(passwd, "root"), None, "never root itself");
    }

    #[test]
    fn the_search_bit_of_the_right_class_counts() {
        let account = Account { uid: 101, gid: 104, switch: true };
        for (mode, uid, gid, expected) in [
            (0o755, 0, 0, true),
            (0o700, 0, 0, false),
            (0o711, 0, 0, true),
            (0o700, 101, 0, true),
            (0o077, 101, 104, false),
            (0o710, 0, 104, true),
            (0o701, 0, 104, false),
        ] {
            assert_eq!(account.may_pass(mode, uid, gid), expected, "{mode:o} {uid} {gid}");
        }
    }

    #[test]
    fn only_root_switches() {
        let account = Account::current().unwrap();
        assert_ne!(account.uid, 0);
        assert_eq!(account.switch, ask_id(&["-u"]) == Some(0));
    }
}
