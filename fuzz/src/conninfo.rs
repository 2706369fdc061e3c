//! Connection strings: a password is in no error and in nothing that is shown.

use cutover::postgres::conninfo::ConnInfo;

/// The part of every password that must not be seen again.
const SECRET: &str = "hunter2";

/// Three lines: what stands before the secret in the password, what behind it, and the rest of the string.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // A password file is another parser's, and naming one makes this read the file system.
    if text.to_ascii_lowercase().contains("passfile") || text.contains(SECRET) {
        return;
    }
    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (before, behind, rest) = (line(), line(), line());
    plain(text);
    let password = format!("{before}{SECRET}{behind}");
    let is_clean =
        password.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    hidden(&format!("postgres://user:{password}@host:5432/db{rest}"), is_clean);
    hidden(&format!("postgresql://:{password}@{rest}"), is_clean);
    hidden(&format!("postgres://host/db?user=u&password={password}&{rest}"), is_clean);
    // A password that looks like other parameters cannot be told from them, and in a URI there is no such pair.
    if !before.contains('=') && !behind.contains('=') && !rest.contains("://") {
        hidden(&format!("user=u password={password} {rest}"), is_clean);
        // A backslash makes the blank behind it a part of the value.
        hidden(&format!("{rest} password={password}"), is_clean && !rest.ends_with('\\'));
    }
    let quoted = password.replace('\\', "\\\\").replace('\'', "\\'");
    if !password.contains('\0') {
        hidden(&format!("host=h user=u password='{quoted}'"), true);
        hidden(&format!("host=h user=u password = '{quoted}' {rest}"), true);
        from_environment(rest, &password);
    }
}

/// Anything at all may be typed.
fn plain(text: &str) {
    if let Ok(info) = ConnInfo::parse(text, &environment("")) {
        assert!(!info.user().is_empty() && !info.database().is_empty());
        assert!(info.display().ends_with(info.database()));
    }
}

/// An error never shows the secret; what was understood does not where it must be the password.
fn hidden(text: &str, is_password: bool) {
    match ConnInfo::parse(text, &environment("")) {
        Err(error) => unseen(&format!("{error} {error:?} {:?}", error.remedy_text()), text),
        Ok(info) if is_password => {
            unseen(&format!("{info:?} {} {:?}", info.display(), info.notes()), text);
        }
        Ok(_) => {}
    }
}

fn from_environment(text: &str, password: &str) {
    match ConnInfo::parse(text, &environment(password)) {
        Err(error) => unseen(&format!("{error} {error:?} {:?}", error.remedy_text()), text),
        Ok(info) => unseen(&format!("{info:?} {} {:?}", info.display(), info.notes()), text),
    }
}

fn environment(password: &str) -> impl Fn(&str) -> Option<String> {
    move |name| match name {
        "USER" => Some("user".to_owned()),
        "PGPASSWORD" if !password.is_empty() => Some(password.to_owned()),
        _ => None,
    }
}

fn unseen(shown: &str, text: &str) {
    assert!(!shown.contains(SECRET), "{text:?} shows the password: {shown}");
}
