//! The password file (PostgreSQL manual, "The Password File"): `host:port:database:user:password`, first match wins.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Whom a password is sought for.
pub(super) struct Wanted<'a> {
    /// host name, address or socket directory
    pub(super) host: &'a str,
    /// over a Unix socket, which the file calls `localhost`
    pub(super) socket: bool,
    /// port in decimal
    pub(super) port: &'a str,
    /// database
    pub(super) database: &'a str,
    /// user
    pub(super) user: &'a str,
}

/// Reads the file; `Ok(None)` where there is none. The error is a sentence: why the file is ignored.
pub(super) fn read(path: &Path) -> Result<Option<String>, String> {
    let Ok(meta) = std::fs::metadata(path) else { return Ok(None) };
    let ignored = |why: &str| format!("password file {} ignored: {why}", path.display());
    if !meta.is_file() {
        return Err(ignored("it is not a plain file"));
    }
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(ignored("group or others may read it; chmod 600 it"));
    }
    if meta.size() > 16 * 1024 * 1024 {
        return Err(ignored("it is larger than 16 MiB"));
    }
    std::fs::read_to_string(path).map(Some).map_err(|error| ignored(&error.kind().to_string()))
}

/// The password of the first line that fits.
pub(super) fn find(content: &str, wanted: &Wanted<'_>) -> Option<String> {
    content.lines().find_map(|line| password_of(line.strip_suffix('\r').unwrap_or(line), wanted))
}

fn password_of(line: &str, wanted: &Wanted<'_>) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = Fields(line);
    let host = fields.next()?;
    let fits = host.matches(wanted.host) || (wanted.socket && host.matches("localhost"));
    let fits = fits & fields.next()?.matches(wanted.port);
    let fits = fits & fields.next()?.matches(wanted.database);
    let fits = fits & fields.next()?.matches(wanted.user);
    let password = fields.next()?;
    fits.then_some(password.text).filter(|text| !text.is_empty())
}

/// One field; `*` matches everything only where it stands unescaped and alone.
struct Field {
    text: String,
    any: bool,
}

impl Field {
    fn matches(&self, value: &str) -> bool {
        self.any || self.text == value
    }
}

/// The fields of a line, with `\:` and `\\` undone.
struct Fields<'a>(&'a str);

impl Iterator for Fields<'_> {
    type Item = Field;

    fn next(&mut self) -> Option<Field> {
        let mut text = String::new();
        let mut chars = self.0.char_indices();
        let mut end = None;
        while let Some((at, c)) = chars.next() {
            match c {
                ':' => {
                    end = Some(at);
                    break;
                }
                '\\' => text.push(chars.next().map_or('\\', |(_, escaped)| escaped)),
                c => text.push(c),
            }
        }
        let any = &self.0[..end.unwrap_or(self.0.len())] == "*";
        // A line that ends here has no further field; an empty last field (no password) is one all the same.
        self.0 = end.map_or("", |at| &self.0[at + 1..]);
        Some(Field { text, any })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Wanted<'static> =
        Wanted { host: "db.example", socket: false, port: "5432", database: "shop", user: "ann" };

    #[test]
    fn lines() {
        let cases: &[(&str, Option<&str>)] = &[
            ("db.example:5432:shop:ann:secret", Some("secret")),
            ("*:*:*:*:secret", Some("secret")),
            ("db.example:5433:shop:ann:secret", None),
            ("db.example:5432:shop:bob:secret", None),
            ("# db.example:5432:shop:ann:no\n*:*:*:ann:yes", Some("yes")),
            ("*:*:*:*:first\ndb.example:5432:shop:ann:second", Some("first")),
            (r"*:*:*:*:a\:b\\c", Some(r"a:b\c")),
            ("*:*:*:*:cut:here", Some("cut")),
            (r"\*:*:*:*:escaped star is a name", None),
            ("*:*:*:*:", None),
            ("*:*:*:*", None),
            ("", None),
            ("*:*:*:*:windows\r\n", Some("windows")),
            ("localhost:*:*:*:no", None),
        ];
        for (content, expected) in cases {
            assert_eq!(find(content, &WANTED).as_deref(), *expected, "{content}");
        }
    }

    #[test]
    fn sockets_are_localhost() {
        let wanted = Wanted { host: "/run/pg", socket: true, ..WANTED };
        assert_eq!(find("localhost:5432:shop:ann:x", &wanted).as_deref(), Some("x"));
        assert_eq!(find("/run/pg:5432:shop:ann:x", &wanted).as_deref(), Some("x"));
    }

    #[test]
    fn a_file_others_can_read_is_ignored() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pgpass");
        assert_eq!(read(&path), Ok(None));
        std::fs::write(&path, "*:*:*:*:topsecret").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let note = read(&path).unwrap_err();
        assert!(note.contains("chmod 600") && !note.contains("topsecret"), "{note}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("*:*:*:*:topsecret"));
    }
}
