//! The command that compares both sides again, at any later time: what the run was told, and no secret.

use super::args::{EndArgs, SelectionArgs};
use super::veil;
use crate::config::{Config, TargetAddress};
use crate::outcome::{Outcome, RunReport};
use crate::pipeline::target::Connector;
use clap::ValueEnum;

/// Its words, for a run of these settings. What was typed for the names and values of columns is repeated: a target whose
/// records were cleaned away does not tell it.
pub(super) fn words(
    config: &Config,
    connector: &Connector,
    ends: &EndArgs,
    selection: &SelectionArgs,
) -> Vec<String> {
    let mut words = vec!["cutover".to_owned(), "verify".to_owned()];
    let mut add = |option: &str, value: String| words.extend([option.to_owned(), value]);
    config.sources.iter().for_each(|source| add("--from", source.display().to_string()));
    add("--to", address(&config.target, connector));
    let file = |path: &std::path::PathBuf| path.display().to_string();
    ends.to.env_file.iter().for_each(|path| add("--env-file", file(path)));
    config.settings.file.iter().for_each(|path| add("--config", path.clone()));
    if config.schema != "public" {
        add("--schema", config.schema.clone());
    }
    selection.table.iter().for_each(|glob| add("--table", glob.clone()));
    selection.exclude.iter().for_each(|glob| add("--exclude", glob.clone()));
    let chosen = [
        ("--names", word(selection.names)),
        ("--infer", word(selection.infer)),
        ("--mixed", word(selection.mixed)),
        ("--on-bad-value", word(selection.on_bad_value)),
        ("--naive-tz", selection.naive_tz.clone()),
    ];
    chosen.into_iter().for_each(|(option, value)| value.into_iter().for_each(|value| add(option, value)));
    words
}

/// Notes the words in the report of a run that left something to compare.
pub(super) fn note(report: &mut RunReport, words: Vec<String>) {
    let has_copied = matches!(report.outcome, Outcome::Done | Outcome::SetAside | Outcome::Differs);
    if has_copied && matches!(report.run.command.as_str(), "copy" | "verify") {
        report.run.verify_again = words;
    }
}

fn address(target: &TargetAddress, connector: &Connector) -> String {
    match target {
        TargetAddress::Embedded => "embedded".to_owned(),
        // Nothing was typed: variables of the environment have named it, which somebody else may not have.
        TargetAddress::Server(text) if text.0.trim().is_empty() => connector.info().address(),
        TargetAddress::Server(text) => veil::without_secrets(&text.0),
        TargetAddress::Nowhere => String::new(),
    }
}

fn word<W: ValueEnum>(word: Option<W>) -> Option<String> {
    word.and_then(|word| Some(word.to_possible_value()?.get_name().to_owned()))
}
