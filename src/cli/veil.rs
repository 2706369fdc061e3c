//! A password that was typed into the command line is taken out of it, as far as the system lets: whoever may list the
//! processes of a machine may read their arguments.
//!
//! No process can change its own arguments in safe code. So ours begins once more, as the same process with the same
//! number, arguments in which `***` stands for the password, and a pipe from which it reads what stood there. Until then,
//! some milliseconds, the password is to be seen; and whatever typed the command may have kept it.

use crate::config::HANDED_OVER;
use crate::error::{Error, Result};
use crate::limits::VEILED_BYTES_MAX;
use rustix::io::{FdFlags, fcntl_setfd};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{PipeReader, Read, Write};
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;

const MASK: &[u8] = b"***";

/// What is said where a password was typed.
pub(super) const WARNING: &str = "a password was typed into the command line, where the shell's history keeps it and the process list \
     showed it for a moment: put it into ~/.pgpass, PGPASSWORD or an --env-file";

/// The command line as it was typed. Where it has a password, this process is another one by then.
///
/// # Errors
/// Internal, where what was handed over cannot be read.
pub(super) fn line() -> Result<Vec<OsString>> {
    let line: Vec<OsString> = std::env::args_os().collect();
    if let Some((pipe, places)) = handed_over() {
        return restore(line, &pipe, &places);
    }
    let masked: Vec<Option<OsString>> = line.iter().map(|argument| masked(argument)).collect();
    if masked.iter().skip(1).any(Option::is_some) {
        // Where the system does not let us, the command is run all the same.
        let _ = begin_again(&line, &masked);
    }
    Ok(line)
}

/// An address that leads to the same database and has no password in it, so that it is looked for elsewhere.
pub(super) fn without_secrets(address: &str) -> String {
    let (bytes, is_url) = (address.as_bytes(), address.contains("://"));
    let mut kept = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for secret in secrets(bytes) {
        let begins = setting_start(bytes, secret.start, is_url).max(from);
        kept.extend_from_slice(&bytes[from..begins]);
        // What parts two settings goes with the first of them.
        let parts = |byte: &u8| if is_url { *byte == b'&' } else { byte.is_ascii_whitespace() };
        from = secret.end + usize::from(bytes.get(secret.end).is_some_and(parts));
    }
    kept.extend_from_slice(&bytes[from..]);
    let kept = String::from_utf8_lossy(&kept);
    if is_url { kept.trim_end_matches(['&', '?']) } else { kept.trim() }.to_owned()
}

/// Where the setting begins whose value begins at `value`: at its name, and of a user's password in a URL at the colon.
fn setting_start(bytes: &[u8], value: usize, is_url: bool) -> usize {
    let back = |from: usize, belongs: &dyn Fn(u8) -> bool| {
        from - bytes[..from].iter().rev().take_while(|byte| belongs(**byte)).count()
    };
    match is_url {
        true if bytes[..value].ends_with(b":") => value - 1,
        true => back(value, &|byte| byte != b'&' && byte != b'?'),
        false => {
            let equals = back(value, &|byte| byte.is_ascii_whitespace() || byte == b'=');
            back(equals, &|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        }
    }
}

/// Whether an address has a password in it.
pub(super) fn has_password(address: &str) -> bool {
    !secrets(address.as_bytes()).is_empty()
}

/// The pipe's file and the places of the arguments, where this process has begun once more.
fn handed_over() -> Option<(String, Vec<usize>)> {
    let told = std::env::var(HANDED_OVER).ok()?;
    let mut words = told.split(' ');
    // What another process was told does not concern this one.
    if words.next()?.parse() != Ok(std::process::id()) {
        return None;
    }
    let pipe = format!("/dev/fd/{}", words.next()?.parse::<i32>().ok()?);
    words.map(|place| place.parse().ok()).collect::<Option<Vec<usize>>>().map(|places| (pipe, places))
}

fn restore(mut line: Vec<OsString>, pipe: &str, places: &[usize]) -> Result<Vec<OsString>> {
    let mut handed = Vec::new();
    let limit = VEILED_BYTES_MAX as u64;
    File::open(pipe).and_then(|pipe| pipe.take(limit).read_to_end(&mut handed)).map_err(|cause| {
        Error::internal("the password of the command line was lost on its way").cause(cause).remedy(WARNING)
    })?;
    let originals = handed.split(|byte| *byte == 0).map(|original| OsString::from_vec(original.to_vec()));
    for (place, original) in places.iter().zip(originals) {
        if let Some(argument) = line.get_mut(*place) {
            *argument = original;
        }
    }
    Ok(line)
}

/// Replaces this process by itself; returns only where that cannot be.
fn begin_again(line: &[OsString], masked: &[Option<OsString>]) -> std::io::Result<()> {
    let places: Vec<usize> = (1..line.len()).filter(|place| masked[*place].is_some()).collect();
    let pipe = filled_pipe(line, &places)?;
    let numbers: Vec<String> = places.iter().map(usize::to_string).collect();
    let told = format!("{} {} {}", std::process::id(), pipe.as_raw_fd(), numbers.join(" "));
    let mut command = std::process::Command::new(std::env::current_exe()?);
    let shown = line.iter().zip(masked).map(|(typed, masked)| masked.as_ref().unwrap_or(typed));
    command.args(shown.skip(1)).env(HANDED_OVER, told);
    if let Some(name) = line.first() {
        command.arg0(name);
    }
    Err(command.exec())
}

/// A pipe that is inherited, with the arguments in it, a NUL between them, and nobody to write more.
fn filled_pipe(line: &[OsString], places: &[usize]) -> std::io::Result<PipeReader> {
    let originals: Vec<&[u8]> = places.iter().map(|place| line[*place].as_bytes()).collect();
    let originals = originals.join(&0);
    if originals.len() >= VEILED_BYTES_MAX {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    let (reader, mut writer) = std::io::pipe()?;
    writer.write_all(&originals)?;
    // Looked at before it is too late to go on without.
    File::open(format!("/dev/fd/{}", reader.as_raw_fd()))?;
    fcntl_setfd(&reader, FdFlags::empty())?;
    Ok(reader)
}

fn masked(argument: &OsStr) -> Option<OsString> {
    let bytes = argument.as_bytes();
    let mut shown = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for secret in secrets(bytes) {
        shown.extend_from_slice(&bytes[from..secret.start]);
        shown.extend_from_slice(MASK);
        from = secret.end;
    }
    shown.extend_from_slice(&bytes[from..]);
    (from > 0).then(|| OsString::from_vec(shown))
}

/// Where an argument has passwords, in order: of a URL behind the user's name and in its query, else behind `password=`.
/// Rather too much than too little: nothing depends on what is shown.
fn secrets(argument: &[u8]) -> Vec<Range<usize>> {
    let found = match find(argument, b"://") {
        Some(at) => of_url(argument, at + 3),
        None => of_pairs(argument),
    };
    found.into_iter().filter(|secret| !secret.is_empty() && argument[secret.clone()] != *MASK).collect()
}

fn of_url(argument: &[u8], from: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let at = argument.iter().rposition(|byte| *byte == b'@').filter(|at| *at >= from);
    if let Some(at) = at
        && let Some(colon) = argument[from..at].iter().position(|byte| *byte == b':')
    {
        found.push(from + colon + 1..at);
    }
    let after = at.unwrap_or(from);
    let Some(question) = argument[after..].iter().position(|byte| *byte == b'?') else { return found };
    let mut start = after + question + 1;
    for pair in argument[start..].split(|byte| *byte == b'&') {
        if let Some(equals) = pair.iter().position(|byte| *byte == b'=') {
            let name: Vec<u8> = percent_encoding::percent_decode(&pair[..equals]).collect();
            if name.to_ascii_lowercase().ends_with(b"password") {
                found.push(start + equals + 1..start + pair.len());
            }
        }
        start += pair.len() + 1;
    }
    found
}

fn of_pairs(argument: &[u8]) -> Vec<Range<usize>> {
    const NAME: &[u8] = b"password";
    let lower = argument.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = lower.get(from..).and_then(|rest| find(rest, NAME)) {
        from += at + NAME.len();
        let blanks =
            |from: usize| from + argument[from..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let equals = blanks(from);
        if argument.get(equals) == Some(&b'=') {
            let start = blanks(equals + 1);
            from = start + value_bytes(&argument[start..]);
            found.push(start..from);
        }
    }
    found
}

/// The bytes of a value: to its closing quote, or to a blank; a byte behind a backslash ends nothing.
fn value_bytes(value: &[u8]) -> usize {
    let quoted = value.first() == Some(&b'\'');
    let mut at = usize::from(quoted);
    while let Some(byte) = value.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\'' if quoted => return at + 1,
            byte if !quoted && byte.is_ascii_whitespace() => return at,
            _ => {}
        }
        at += 1;
    }
    value.len()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_its_password_is_still_an_address() {
        for (address, kept) in [
            ("postgres://u:p%40w@h:5432/d?sslmode=require", "postgres://u@h:5432/d?sslmode=require"),
            ("postgresql://u@h/d?password=x&sslmode=require", "postgresql://u@h/d?sslmode=require"),
            ("postgresql://u@h/d?a=b&password=x", "postgresql://u@h/d?a=b"),
            ("postgresql://u:p@h/d?password=x", "postgresql://u@h/d"),
            ("host=h password='a b' dbname=d", "host=h dbname=d"),
            ("password = x host=h sslpassword=y", "host=h"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("host=/tmp dbname=d", "host=/tmp dbname=d"),
        ] {
            assert_eq!(without_secrets(address), kept);
        }
    }

    fn shown(argument: &str) -> String {
        let shown = masked(OsStr::new(argument)).unwrap_or_else(|| argument.into());
        shown.into_string().unwrap()
    }

    #[test]
    fn passwords_are_found_in_every_form() {
        let cases = [
            ("postgres://u:hunter2@h/d", "postgres://u:***@h/d"),
            (
                "--to=postgresql://u:hunter2@h:1,i:2/d?sslmode=require",
                "--to=postgresql://u:***@h:1,i:2/d?sslmode=require",
            ),
            ("postgres://u:hun/ter@2@h/d", "postgres://u:***@h/d"),
            ("postgresql+psycopg2://u:hunter2@h/d", "postgresql+psycopg2://u:***@h/d"),
            ("postgres://h/d?user=u&password=hunter2&x=1", "postgres://h/d?user=u&password=***&x=1"),
            ("postgres://u:a@h/d?pass%77ord=hunter2", "postgres://u:***@h/d?pass%77ord=***"),
            ("host=h password=hunter2 user=u", "host=h password=*** user=u"),
            ("host=h password = 'hun ter\\'2' user=u", "host=h password = *** user=u"),
            ("PASSWORD=hunter\\ 2 user=u", "PASSWORD=*** user=u"),
            ("password=a password='b", "password=*** password=***"),
            ("--to=host=h password=hunter2", "--to=host=h password=***"),
        ];
        for (typed, expected) in cases {
            assert_eq!(shown(typed), expected);
            assert_eq!(shown(expected), expected, "what is masked is not masked again");
            assert!(has_password(typed) && !has_password(expected));
        }
    }

    #[test]
    fn what_has_no_password_stays_as_it_is() {
        for typed in [
            "postgres://u@h/d",
            "postgres://h:5432/d",
            "postgres://u:@h/d",
            "host=h user=u",
            "",
            "://",
            "@",
            "password",
            "password=",
            "password =  ",
            "app.db",
            "--show-values",
            "password.db",
            "postgres://u@h/d?x=a:b",
        ] {
            assert_eq!(masked(OsStr::new(typed)), None, "{typed}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_kept() {
        let typed = OsString::from_vec(b"postgres://u:\xff\xfe@h/\xff".to_vec());
        assert_eq!(masked(&typed).unwrap().as_bytes(), b"postgres://u:***@h/\xff");
    }

    #[test]
    fn a_pipe_gives_back_what_was_put_in() {
        let typed: Vec<OsString> =
            ["cutover", "status", "--to", "password=a", "password=b"].map(OsString::from).to_vec();
        let pipe = filled_pipe(&typed, &[3, 4]).unwrap();
        let path = format!("/dev/fd/{}", pipe.as_raw_fd());
        let shown: Vec<OsString> =
            typed.iter().map(|one| masked(one).unwrap_or_else(|| one.clone())).collect();
        assert_ne!(shown, typed);
        assert_eq!(restore(shown, &path, &[3, 4]).unwrap(), typed);
        let long = vec![OsString::from("x"), OsString::from("y".repeat(VEILED_BYTES_MAX))];
        assert!(filled_pipe(&long, &[1]).is_err());
    }
}
