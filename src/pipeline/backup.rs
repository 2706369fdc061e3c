//! `--backup DIR`: a copy of each source's snapshot, before anything is written to the target.
//!
//! It is made under a temporary name, hashed, synced, read back and compared, and only then gets its own name, which no file
//! may have; a file of its checksum stands beside it (`b3sum --check`). An earlier backup of the same content is found again,
//! so that a run that resumes does not make another: by its checksum, and by the same comparison.

use super::last::{Deed, Undone};
use super::tools::Tools;
use crate::assess::job::Job;
use crate::digest::FileHasher;
use crate::error::{Error, ErrorKind, Result};
use crate::finding::{Finding, Severity};
use crate::limits::{BACKUP_ROOM_MARGIN, FILE_HASH_BYTES};
use crate::outcome::BackupReport;
use crate::panicked;
use crate::sqlite::Source;
use crate::sqlite::backup::Stop;
use rustix::fs::{CWD, RenameFlags, renameat_with, statvfs};
use rustix::io::Errno;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Backs up every source, of a run that began so many seconds after 1970.
///
/// # Errors
/// A refusal where a backup cannot be made, or is not what was read; a source fault; a stop.
pub(super) async fn make(
    tools: &Tools,
    dir: &Path,
    jobs: &[Job],
    started_unix: u64,
) -> Result<Vec<BackupReport>> {
    let mut made = Vec::new();
    for (i, job) in jobs.iter().enumerate() {
        let left: u64 = jobs.iter().skip(i).map(|job| job.source.snapshot_bytes()).sum::<Result<u64>>()?;
        tools.events.note(format!("{}: a backup is made in {}", job.path(), dir.display()));
        let backup = one(tools, dir, &job.source, (left, started_unix)).await?;
        let done = match (backup.reused, tools.config.around.is_rehearsed) {
            (_, true) => "backed up, and the backup is removed again".to_owned(),
            (true, false) => format!("an earlier backup has the same content: {}", backup.path),
            (false, false) => format!("backed up: {}", backup.path),
        };
        tools.events.note(format!("{}: {done}", job.path()));
        made.push(backup);
    }
    Ok(made)
}

/// On a thread that may block, which ends by itself at a stop: so that nothing of it is left.
async fn one(
    tools: &Tools,
    dir: &Path,
    source: &Arc<Source>,
    (left, started_unix): (u64, u64),
) -> Result<BackupReport> {
    let cancel = tools.cancel.clone();
    let temporary = dir.join(format!(".cutover-backup-{}.partial", uuid::Uuid::new_v4().simple()));
    let deed = tools.cancel.at_the_latest(Deed::Remove(temporary.clone()));
    let work = Backup {
        source: Arc::clone(source),
        dir: dir.to_path_buf(),
        draft: Draft { path: temporary, _deed: deed },
        stop: Arc::new(move || cancel.is_asked()),
        started_unix,
        stays: !tools.config.around.is_rehearsed,
    };
    let done = tokio::task::spawn_blocking(move || work.run(left)).await;
    let done = done.unwrap_or_else(|_| Err(panicked::error()));
    tools.cancel.check()?;
    done
}

/// The file while it is not whole: it goes with this.
#[derive(Debug)]
struct Draft {
    path: PathBuf,
    _deed: Undone,
}

impl Drop for Draft {
    fn drop(&mut self) {
        Deed::Remove(self.path.clone()).carry_out();
    }
}

struct Backup {
    source: Arc<Source>,
    dir: PathBuf,
    draft: Draft,
    stop: Stop,
    /// when the run began: the time in the name
    started_unix: u64,
    /// it gets a name; otherwise it is made and goes
    stays: bool,
}

impl Backup {
    fn run(&self, left: u64) -> Result<BackupReport> {
        let began = Instant::now();
        let report = |(path, blake3): (PathBuf, String), bytes, reused| BackupReport {
            source: self.source.facts().path.display().to_string(),
            path: path.display().to_string(),
            bytes,
            blake3,
            reused,
            seconds: began.elapsed().as_secs_f64(),
        };
        let bytes = self.source.snapshot_bytes()?;
        if self.stays
            && let Some(found) = self.earlier(bytes)?
        {
            return Ok(report(found, bytes, true));
        }
        self.room(left)?;
        let made = self.made()?;
        Ok(report(made, bytes, false))
    }

    /// The newest backup of this source that holds its content.
    fn earlier(&self, bytes: u64) -> Result<Option<(PathBuf, String)>> {
        let (start, end) = self.name_parts();
        let is_ours = |name: &str| {
            let stamp = name.strip_prefix(&start).and_then(|rest| rest.strip_suffix(&end));
            stamp.is_some_and(is_stamp)
        };
        let entries = std::fs::read_dir(&self.dir).map_err(|cause| self.refused("cannot be read", cause))?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| is_ours(name)).collect();
        names.sort();
        let Some(name) = names.pop() else { return Ok(None) };
        let path = self.dir.join(&name);
        let is_whole = std::fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() == bytes);
        let said = std::fs::read_to_string(beside(&path)).unwrap_or_default();
        if !is_whole || said.is_empty() {
            return Ok(None);
        }
        let Ok(hash) = self.hash(&path) else { return Ok(None) };
        let holds = said == checksum_line(&hash, &name);
        if !holds || self.source.differs_from_backup(&path, &self.stop)?.is_some() {
            return Ok(None);
        }
        Ok(Some((path, hash)))
    }

    fn room(&self, needed: u64) -> Result<()> {
        let room = statvfs(&self.dir).map_err(|cause| self.refused("cannot be looked at", cause.into()))?;
        let free = room.f_bavail.saturating_mul(room.f_frsize);
        let needed = needed.saturating_add(BACKUP_ROOM_MARGIN);
        if free >= needed {
            return Ok(());
        }
        let message = format!("the backup needs {needed} bytes, and {free} are free");
        let reason =
            Finding::new("E_BACKUP_ROOM", Severity::Refusal, self.dir.display().to_string(), message)
                .fix("make room, or name a directory on another disk");
        Err(Error::refused("there is no room for the backup; nothing was copied", vec![reason]))
    }

    fn made(&self) -> Result<(PathBuf, String)> {
        let draft = &self.draft.path;
        let failed = |cause| self.refused("cannot be written", cause);
        // SQLite opens it by its name; who may read it is settled before there is anything in it.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft).map_err(failed)?;
        self.source.back_up(draft, &self.stop)?;
        file.sync_all().map_err(failed)?;
        let hash = self.hash(draft)?;
        if let Some(difference) = self.source.differs_from_backup(draft, &self.stop)? {
            let message = format!("the backup is not what was read: {difference}");
            let reason = Finding::new("E_BACKUP", Severity::Refusal, self.dir.display().to_string(), message)
                .fix("the disk of that directory is not to be trusted: name another one");
            return Err(Error::refused("the backup cannot be trusted; nothing was copied", vec![reason]));
        }
        let mode = self.mode(&file).map_err(failed)?;
        file.set_permissions(Permissions::from_mode(mode)).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        if !self.stays {
            return Ok((draft.clone(), hash));
        }
        let path = self.named(&hash).map_err(failed)?;
        self.write_checksum(&path, &hash, mode).map_err(|cause| {
            // A backup without its checksum would be taken for a whole one.
            Deed::Remove(path.clone()).carry_out();
            Deed::Remove(beside(&path)).carry_out();
            failed(cause)
        })?;
        Ok((path, hash))
    }

    /// Gives the draft a name that no file has.
    fn named(&self, hash: &str) -> std::io::Result<PathBuf> {
        let (start, end) = self.name_parts();
        let digits = hash.get(..HASH_DIGITS).unwrap_or_default();
        let path = self.dir.join(format!("{start}{}-{digits}{end}", utc_stamp(self.started_unix)));
        if beside(&path).exists() {
            return Err(std::io::ErrorKind::AlreadyExists.into());
        }
        rename_new(&self.draft.path, &path)?;
        Ok(path)
    }

    fn write_checksum(&self, path: &Path, hash: &str, mode: u32) -> std::io::Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let options = OpenOptions::new().write(true).create_new(true).mode(mode).clone();
        let mut file = options.open(beside(path))?;
        file.write_all(checksum_line(hash, &name).as_bytes())?;
        file.sync_all()?;
        File::open(&self.dir)?.sync_all()
    }

    /// No wider than the source's: what its group may, another group may only where all may.
    fn mode(&self, file: &File) -> std::io::Result<u32> {
        let source = std::fs::metadata(&self.source.facts().path)?;
        Ok(narrow(source.mode(), source.gid() == file.metadata()?.gid()))
    }

    fn hash(&self, path: &Path) -> Result<String> {
        let failed = |cause| self.refused("cannot be read back", cause);
        let mut file = File::open(path).map_err(failed)?;
        let (mut hasher, mut buffer) = (FileHasher::default(), vec![0; FILE_HASH_BYTES]);
        loop {
            if (self.stop)() {
                return Err(Error::new(ErrorKind::Interrupted, "the backup was stopped"));
            }
            match file.read(&mut buffer).map_err(failed)? {
                0 => return Ok(hasher.finish()),
                read => hasher.update(buffer.get(..read).unwrap_or_default()),
            }
        }
    }

    /// What stands before and after the time and the hash in the name of a backup of this source.
    fn name_parts(&self) -> (String, String) {
        let path = &self.source.facts().path;
        let plain = |text: &std::ffi::OsStr| {
            let text = text.to_string_lossy();
            text.replace(|c: char| c.is_control() || matches!(c, '\\' | '\u{fffd}'), "_")
        };
        let start = path.file_stem().map(plain).unwrap_or_default();
        let end = path.extension().map(plain);
        (format!("{start}-"), end.map_or_else(String::new, |end| format!(".{end}")))
    }

    fn refused(&self, what: &str, cause: std::io::Error) -> Error {
        let reason = Finding::new(
            "E_BACKUP",
            Severity::Refusal,
            self.dir.display().to_string(),
            format!("the backup {what}: {cause}"),
        );
        let reason = reason.fix("see to room and rights there, or name another directory");
        Error::refused("the backup cannot be made; nothing was copied", vec![reason])
    }
}

/// Hex digits of the hash in a name.
const HASH_DIGITS: usize = 12;

/// Whether a text is what [`Backup::named`] puts between the parts of a name.
fn is_stamp(text: &str) -> bool {
    let Some((time, hash)) = text.split_once('-') else { return false };
    let is_time = |(i, byte): (usize, u8)| match i {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    let hex = |byte: u8| byte.is_ascii_hexdigit();
    time.len() == 16
        && time.bytes().enumerate().all(is_time)
        && hash.len() == HASH_DIGITS
        && hash.bytes().all(hex)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.to_path_buf().into_os_string();
    name.push(".blake3");
    PathBuf::from(name)
}

/// As `b3sum` writes it, of a name without control characters and backslashes.
fn checksum_line(hash: &str, name: &str) -> String {
    format!("{hash}  {name}\n")
}

fn narrow(mode: u32, same_group: bool) -> u32 {
    let (owner, group, others) = (mode & 0o700, mode & 0o070, mode & 0o007);
    match same_group {
        true => owner | group | others,
        false => owner | (group & (others << 3)) | (others & (group >> 3)),
    }
}

/// Renames, unless the new name is taken.
fn rename_new(from: &Path, to: &Path) -> std::io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems cannot do it at once; names with a time and a hash do not meet by chance.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if !to.exists() => std::fs::rename(from, to),
        renamed => renamed.map_err(std::io::Error::from),
    }
}

/// `20261122T140509Z` of seconds since 1970.
fn utc_stamp(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days from 0000-03-01, in which a leap day is the last of its year (proleptic Gregorian calendar).
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{:02}Z", second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_utc() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_709_251_199, "20240229T235959Z"),
            (1_795_305_909, "20261122T000509Z"),
            (4_102_444_800, "21000101T000000Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(utc_stamp(seconds), text);
            assert!(is_stamp(&format!("{text}-0123456789ab")));
        }
        for other in ["", "x", "20261122T000509Z", "20261122T000509Z-0123", "20261122-000509Z-0123456789ab"] {
            assert!(!is_stamp(other), "{other}");
        }
    }

    #[test]
    fn nobody_may_more_than_before() {
        for (mode, same_group, expected) in [
            (0o100_644, true, 0o644),
            (0o100_640, true, 0o640),
            (0o100_640, false, 0o600),
            (0o100_664, false, 0o644),
            (0o100_604, false, 0o600),
            (0o100_600, false, 0o600),
            (0o104_755, true, 0o755),
        ] {
            assert_eq!(narrow(mode, same_group), expected, "{mode:o}");
        }
    }

    #[test]
    fn a_name_that_is_taken_stays_with_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("new"), b"new").unwrap();
        std::fs::write(path("old"), b"old").unwrap();
        assert!(rename_new(&path("new"), &path("old")).is_err());
        assert_eq!(std::fs::read(path("old")).unwrap(), b"old");
        rename_new(&path("new"), &path("other")).unwrap();
        assert_eq!(std::fs::read(path("other")).unwrap(), b"new");
    }
}
