//! `--rehearse`, whose word may stand behind it without an equals sign.

use clap::{Args, ValueEnum};
use std::ffi::OsString;

/// Options of a rehearsal.
#[derive(Debug, Default, Args)]
pub struct RehearseArgs {
    /// Do the whole migration in a scratch database of the embedded server, and tell how long the real one will take, and
    /// how much disk (embedded); in a scratch schema of the target (schema); or a sample of it in transactions of the target
    /// that are rolled back (probe). Nothing of it stays [default: embedded]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "embedded|schema|probe", num_args = 0..=1,
          require_equals = true, default_missing_value = "embedded", conflicts_with_all = ["migrate", "validate", "restart", "reverify", "take_over"])]
    pub rehearse: Option<RehearseWord>,
}

/// The words of `--rehearse`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RehearseWord {
    Embedded,
    Schema,
    Probe,
}

/// Joins `--rehearse` and a word of it that stands behind it, so that no other word is taken for one: in
/// `copy --rehearse app.db …`, the file stays the source. Whoever has a file called `probe` writes `./probe`.
pub(super) fn joined(line: &[OsString]) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::with_capacity(line.len());
    for word in line {
        let follows = joined.last().is_some_and(|last| last == "--rehearse");
        match word.to_str().filter(|word| follows && RehearseWord::from_str(word, false).is_ok()) {
            Some(word) => {
                joined.pop();
                joined.push(format!("--rehearse={word}").into());
            }
            None => joined.push(word.clone()),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::super::args::{Command, CopyArgs, parse};
    use super::*;

    fn copy(words: &[&str]) -> Result<Box<CopyArgs>, String> {
        let line: Vec<OsString> =
            ["cutover", "copy"].iter().chain(words).map(|word| OsString::from(*word)).collect();
        match parse(&line).map_err(|error| error.to_string())?.command {
            Command::Copy(args) => Ok(args),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn a_file_behind_it_is_the_source() {
        let url = "postgres://h/d";
        for (words, word, source, target) in [
            (&["--rehearse"][..], RehearseWord::Embedded, None, None),
            (&["--rehearse", "app.db", url], RehearseWord::Embedded, Some("app.db"), Some(url)),
            (&["--rehearse", "probe", "app.db", url], RehearseWord::Probe, Some("app.db"), Some(url)),
            (&["--rehearse=schema", "app.db", url], RehearseWord::Schema, Some("app.db"), Some(url)),
            (&["app.db", url, "--rehearse", "schema"], RehearseWord::Schema, Some("app.db"), Some(url)),
            (&["app.db", "--rehearse", "--to", url], RehearseWord::Embedded, Some("app.db"), Some(url)),
            (&["--rehearse", "./probe"], RehearseWord::Embedded, Some("./probe"), None),
        ] {
            let args = copy(words).unwrap();
            assert_eq!(args.rehearse.rehearse, Some(word), "{words:?}");
            assert_eq!(args.ends.source.as_deref().and_then(|path| path.to_str()), source, "{words:?}");
            assert_eq!(args.ends.typed(), target, "{words:?}");
        }
    }

    #[test]
    fn it_goes_with_no_other_mode_and_knows_its_words() {
        for words in [
            &["--rehearse", "--migrate"][..],
            &["--rehearse", "schema", "--validate"],
            &["--rehearse=quick"],
            &["--rehearse", "--restart"],
            &["--rehearse", "--take-over"],
            &["--rehearse", "--rehearse"],
        ] {
            assert!(copy(words).is_err(), "{words:?}");
        }
    }
}
