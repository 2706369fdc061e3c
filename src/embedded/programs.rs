//! Where the server programs are on this machine, and what to say where they are not.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a directory must hold to serve us.
const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// One installation of the PostgreSQL server programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// the directory that holds `initdb`, `pg_ctl` and `postgres`
    pub bin_dir: PathBuf,
    /// the major version, as in a cluster's `PG_VERSION`: `15`
    pub major: String,
}

impl Programs {
    /// The first usable installation: on PATH, by `pg_config --bindir`, then the usual places, newest first.
    ///
    /// # Errors
    /// Where none is there; the remedy is this system's install command.
    pub fn find() -> Result<Programs> {
        candidates().into_iter().find_map(|dir| inspect(&dir)).ok_or_else(none_found)
    }

    /// The first installation of exactly this major version: a cluster runs only with the version that made it
    /// (PostgreSQL manual, "Upgrading a PostgreSQL Cluster").
    ///
    /// # Errors
    /// Where none is there.
    pub fn find_major(major: &str) -> Result<Programs> {
        let found: Vec<Programs> = candidates().iter().filter_map(|dir| inspect(dir)).collect();
        if found.is_empty() {
            return Err(none_found());
        }
        found.into_iter().find(|programs| programs.major == major).ok_or_else(|| {
            Error::target_fault(format!("this machine has no server programs of PostgreSQL {major}")).remedy(format!(
                "the embedded cluster was made with version {major}: install it again, or name another directory in CUTOVER_EMBEDDED_DIR"
            ))
        })
    }

    /// The path of one program beside the server's.
    pub fn path(&self, name: &str) -> PathBuf {
        self.bin_dir.join(name)
    }

    /// How to call psql: its bare name where PATH has it, else the one beside the server programs.
    pub(super) fn psql(&self) -> PathBuf {
        let beside = self.path("psql");
        if path_dirs().iter().any(|dir| is_file(&dir.join("psql"))) || !is_file(&beside) {
            return PathBuf::from("psql");
        }
        beside
    }
}

fn candidates() -> Vec<PathBuf> {
    let mut dirs = path_dirs();
    dirs.extend(pg_config_bindir());
    for (base, prefix, below) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql", "bin"),
        ("/usr/local/opt", "postgresql", "bin"),
        ("/opt/local/lib", "postgresql", "bin"),
    ] {
        dirs.extend(newest_first(children(Path::new(base), prefix)).iter().map(|dir| dir.join(below)));
    }
    dirs.extend(["/usr/libexec/postgresql", "/usr/local/pgsql/bin"].map(PathBuf::from));
    dirs
}

fn path_dirs() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

fn pg_config_bindir() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(text.trim()))
}

fn children(base: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(base) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.filter(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(prefix))).collect()
}

/// Sorts by the first number in the directory's name, so that 9.6 < 13 < 18; names without one come first.
fn newest_first(mut dirs: Vec<PathBuf>) -> Vec<PathBuf> {
    dirs.sort_by_key(|dir| {
        let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        std::cmp::Reverse(leading_number(&name).unwrap_or(u32::MAX))
    });
    dirs
}

fn leading_number(name: &str) -> Option<u32> {
    let digits: String =
        name.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn inspect(dir: &Path) -> Option<Programs> {
    if !dir.is_absolute() || !NEEDED.iter().all(|name| is_file(&dir.join(name))) {
        return None;
    }
    // A link on PATH leads to the directory that also has psql and the libraries.
    let real = std::fs::canonicalize(dir.join("initdb")).ok()?;
    let real_dir = real.parent().filter(|dir| NEEDED.iter().all(|name| is_file(&dir.join(name))));
    let bin_dir = real_dir.unwrap_or(dir).to_path_buf();
    let output = Command::new(bin_dir.join("postgres")).arg("--version").output().ok()?;
    let major = major_of(&String::from_utf8_lossy(&output.stdout))?;
    Some(Programs { bin_dir, major })
}

fn is_file(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file())
}

/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` → `15`; development versions too: `19devel` → `19`.
fn major_of(version_line: &str) -> Option<String> {
    let version = version_line.split_whitespace().nth(2)?;
    let major: String = version.chars().take_while(char::is_ascii_digit).collect();
    (!major.is_empty()).then_some(major)
}

fn none_found() -> Error {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    Error::target_fault("the embedded target needs PostgreSQL's server programs (initdb, pg_ctl, postgres), and this machine has none")
        .remedy(format!(
            "install them: {}; or name a server instead: --to postgres://…",
            install_command(&release, cfg!(target_os = "macos"))
        ))
}

/// How this system installs the server programs, by `/etc/os-release` (its manual page: `ID`, `ID_LIKE`).
fn install_command(os_release: &str, macos: bool) -> &'static str {
    if macos {
        return "brew install postgresql@17";
    }
    let field = |key: &str| os_release.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("");
    let ids = format!("{} {}", field("ID="), field("ID_LIKE=")).replace(['"', '\''], "");
    let known = ids.split_whitespace().find_map(|id| match id {
        "debian" | "ubuntu" => Some("sudo apt-get install postgresql"),
        "fedora" | "rhel" | "centos" => Some("sudo dnf install postgresql-server"),
        "alpine" => Some("sudo apk add postgresql"),
        "arch" => Some("sudo pacman -S postgresql"),
        "suse" | "opensuse" => Some("sudo zypper install postgresql-server"),
        _ => None,
    });
    known.unwrap_or("the package is called postgresql or postgresql-server in most systems")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_the_first_number() {
        for (line, expected) in [
            ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)", Some("15")),
            ("postgres (PostgreSQL) 18.0", Some("18")),
            ("postgres (PostgreSQL) 19devel", Some("19")),
            ("postgres", None),
            ("postgres (PostgreSQL) beta", None),
        ] {
            assert_eq!(major_of(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn newer_installations_come_first() {
        let dirs = ["/l/9.6", "/l/18", "/l/13"].map(PathBuf::from).to_vec();
        assert_eq!(newest_first(dirs), ["/l/18", "/l/13", "/l/9.6"].map(PathBuf::from));
        let brew = ["/o/postgresql@14", "/o/postgresql@17"].map(PathBuf::from).to_vec();
        assert_eq!(newest_first(brew)[0], PathBuf::from("/o/postgresql@17"));
    }

    #[test]
    fn the_remedy_speaks_this_systems_language() {
        for (release, macos, expected) in [
            ("ID=debian\n", false, "apt-get"),
            ("NAME=Mint\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", false, "apt-get"),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", false, "dnf"),
            ("ID=alpine\n", false, "apk"),
            ("ID=something\n", false, "most systems"),
            ("", true, "brew"),
        ] {
            let said = install_command(release, macos);
            assert!(said.contains(expected), "{release:?}: {said}");
        }
    }

    #[test]
    fn a_directory_without_the_programs_is_none() {
        assert_eq!(inspect(Path::new("/")), None);
        assert_eq!(inspect(Path::new("relative/bin")), None);
    }
}
