//! What the program has is documented, and what is documented exists: options, exit codes, codes of findings.

use crate::support::cli::Cli;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files below `directory` with that extension, with their texts.
fn files(directory: &Path, extension: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory of the repository") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            let text = read(&path);
            found.push((path, text));
        }
    }
    found
}

fn readme() -> String {
    read(&root().join("README.md"))
}

/// README and everything in docs/, as one text.
fn documentation() -> String {
    let docs = files(&root().join("docs"), "md");
    assert!(docs.len() >= 5, "only {} pages in docs/", docs.len());
    docs.into_iter().map(|(_, text)| text).fold(readme(), |all, text| all + "\n" + &text)
}

/// The words that a text consists of, where `-`, `_`, letters and digits make a word.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'))
}

/// `--word` in a text, `--` and dashes of other kinds left out.
fn long_flags(text: &str) -> BTreeSet<String> {
    let is_flag = |word: &&str| {
        word.strip_prefix("--").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    words(text).filter(is_flag).map(str::to_owned).collect()
}

fn help(path: &[String]) -> String {
    let done = Cli::new().args(path).args(["--help"]).run();
    assert_eq!(done.code, 0, "{path:?}: {done:?}");
    done.stdout
}

/// Names below `Commands:` in a help text.
fn subcommands(help: &str) -> Vec<String> {
    let below = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    // A description that needs a second line is indented further than a name.
    let named = below.take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
    let names = named.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// The options of every command: lines of its help that begin with a dash.
fn options() -> BTreeMap<Vec<String>, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![Vec::new()];
    while let Some(path) = waiting.pop() {
        let help = help(&path);
        for name in subcommands(&help) {
            waiting.push(path.iter().cloned().chain([name]).collect());
        }
        let lines: Vec<&str> = help.lines().map(str::trim).filter(|line| line.starts_with('-')).collect();
        // Only the option itself: its description may name others.
        let names = lines.iter().map(|line| line.split("  ").next().unwrap_or_default());
        found.insert(path, names.flat_map(long_flags).collect());
    }
    found
}

#[test]
fn every_option_is_documented() {
    let documented = long_flags(&documentation());
    let options = options();
    assert!(options.len() >= 10, "only {} commands seen: {:?}", options.len(), options.keys());
    assert!(options[&vec!["copy".to_owned()]].len() > 15, "{options:?}");
    let missing: Vec<String> = options
        .iter()
        .flat_map(|(path, flags)| {
            flags.difference(&documented).map(move |flag| format!("{} {flag}", path.join(" ")))
        })
        .collect();
    assert!(missing.is_empty(), "neither in README.md nor in docs/: {missing:?}");
}

#[test]
fn every_option_of_the_readmes_tables_exists() {
    let exist: BTreeSet<String> = options().into_values().flatten().collect();
    let rows: Vec<String> =
        readme().lines().filter(|line| line.starts_with("| `--")).map(str::to_owned).collect();
    assert!(rows.len() > 10, "the table of options was not found");
    for row in rows {
        let first = row.split('|').nth(1).unwrap_or_default();
        // A cell like `--names keep\|lower` is cut at its escaped bar; the flag stands before it.
        for flag in long_flags(first) {
            assert!(exist.contains(&flag), "README.md documents {flag}, which no command has");
        }
    }
}

/// `pub const NAME: u8 = n;`
fn exit_codes() -> BTreeSet<u8> {
    let text = read(&root().join("src/cli/exit.rs"));
    let constants = text.lines().filter(|line| line.starts_with("pub const ") && line.contains(": u8 = "));
    constants
        .map(|line| {
            let number = line.split(" = ").nth(1).and_then(|rest| rest.strip_suffix(';'));
            number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{line}"))
        })
        .collect()
}

/// The rows of the table below the heading `Exit codes`.
fn documented_exit_codes() -> BTreeSet<u8> {
    let readme = readme();
    let below = readme.lines().skip_while(|line| *line != "## Exit codes").skip(1);
    let section = below.take_while(|line| !line.starts_with("## "));
    section.filter_map(|line| line.split('|').nth(1)?.trim().parse().ok()).collect()
}

#[test]
fn exit_codes_are_exactly_those_of_the_readme() {
    let codes = exit_codes();
    assert!(codes.len() >= 10, "{codes:?}");
    assert_eq!(codes, documented_exit_codes());
}

/// `E_RANGE`, `W_PK_NULL`: a letter, an underscore, capitals and digits.
fn is_code(word: &str) -> bool {
    let rest = word.strip_prefix("E_").or_else(|| word.strip_prefix("W_"));
    let part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()) && rest.chars().all(part))
}

fn codes_in(text: &str) -> BTreeSet<String> {
    words(text).filter(|word| is_code(word)).map(str::to_owned).collect()
}

/// What a file says outside its tests and comments. Tests stand last in a file.
fn program_text(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let begins_tests = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].ends_with("mod tests {");
    let end = lines.windows(2).position(begins_tests).unwrap_or(lines.len());
    let said = lines[..end].iter().filter(|line| !line.trim_start().starts_with("//"));
    said.copied().collect::<Vec<_>>().join("\n")
}

fn is_test_file(path: &Path) -> bool {
    let path = path.to_string_lossy();
    path.ends_with("tests.rs") || path.ends_with("fixture.rs") || path.contains("/tests/")
}

/// Codes in the program, each with a file that has it.
fn codes_of_the_program() -> BTreeMap<String, PathBuf> {
    let sources = files(&root().join("src"), "rs");
    let sources = sources.into_iter().filter(|(path, _)| !is_test_file(path));
    sources
        .flat_map(|(path, text)| {
            codes_in(&program_text(&text)).into_iter().map(move |code| (code, path.clone()))
        })
        .collect()
}

/// What the page says of one code.
#[derive(Debug, Default)]
struct Explained {
    meaning: String,
    /// `Severity`, `When`, `Example`, `Fix`, `Who`, each with what is said
    said: BTreeMap<String, String>,
}

/// The sections of docs/findings.md, one for each code.
fn explained_codes(page: &str) -> BTreeMap<String, Explained> {
    let mut codes: BTreeMap<String, Explained> = BTreeMap::new();
    for section in page.split("\n### ").skip(1) {
        let section = section.split("\n## ").next().unwrap_or_default();
        let (heading, text) = section.split_once('\n').expect("a text below its heading");
        let code = heading.trim().trim_matches('`');
        assert!(is_code(code), "not a code: {heading}");
        let mut explained = Explained::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            match line.strip_prefix("- **").and_then(|line| line.split_once(":** ")) {
                Some((word, said)) => {
                    let twice = explained.said.insert(word.to_owned(), said.to_owned());
                    assert!(twice.is_none(), "{code}: {word} is said twice");
                }
                None => explained.meaning += line,
            }
        }
        assert!(codes.insert(code.to_owned(), explained).is_none(), "{code} is explained twice");
    }
    codes
}

fn findings_page() -> BTreeMap<String, Explained> {
    explained_codes(&read(&root().join("docs/findings.md")))
}

/// What is not said of a code, or not in the words that there are.
fn lacks(explained: &Explained) -> Vec<&'static str> {
    let said = |word: &str| explained.said.get(word).map_or("", String::as_str);
    let severities = ["refusal", "warning", "note", "error", "reason"];
    let runs = ["`copy --validate`", "`copy --migrate`", "`cutover verify`"];
    let whose =
        ["the application's owner", "the database's administrator", "whoever runs the copy", "nobody"];
    let checks = [
        ("a meaning", explained.meaning.len() > 10),
        ("a severity", severities.iter().any(|word| said("Severity").starts_with(word))),
        ("when it comes", runs.iter().any(|run| said("When").contains(run))),
        ("an example", said("Example").len() > 3),
        ("a fix", said("Fix").len() > 3),
        ("who has to act", whose.contains(&said("Who"))),
        ("nothing else", explained.said.len() == 5),
    ];
    checks.into_iter().filter(|(_, is_said)| !is_said).map(|(what, _)| what).collect()
}

#[test]
fn every_code_is_explained() {
    let (program, explained) = (codes_of_the_program(), findings_page());
    assert!(program.len() > 40, "only {} codes seen: {:?}", program.len(), program.keys());
    let missing: Vec<_> = program.iter().filter(|(code, _)| !explained.contains_key(*code)).collect();
    assert!(missing.is_empty(), "not in docs/findings.md: {missing:#?}");
    let invented: Vec<_> = explained.keys().filter(|code| !program.contains_key(*code)).collect();
    assert!(invented.is_empty(), "in docs/findings.md, but in no file of src/: {invented:?}");
    let lacking: Vec<_> = explained
        .iter()
        .map(|(code, said)| (code, lacks(said)))
        .filter(|(_, lacks)| !lacks.is_empty())
        .collect();
    assert!(lacking.is_empty(), "not said in docs/findings.md: {lacking:#?}");
}

#[test]
fn no_code_is_documented_that_does_not_exist() {
    let program = codes_of_the_program();
    let all = codes_in(&documentation());
    let invented: Vec<_> = all.iter().filter(|code| !program.contains_key(*code)).collect();
    assert!(invented.is_empty(), "documented, but in no file of src/: {invented:?}");
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    let mut pages: Vec<(PathBuf, String)> = files(&root().join("docs"), "md");
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        pages.push((root().join(name), read(&root().join(name))));
    }
    let mut seen = 0;
    for (page, text) in &pages {
        for rest in text.split("](").skip(1) {
            let link = rest.split([')', '#']).next().unwrap_or_default();
            if link.is_empty() || link.contains("://") {
                continue;
            }
            let target = page.parent().expect("a directory").join(link);
            assert!(target.exists(), "{} links to {link}, which is not there", page.display());
            seen += 1;
        }
    }
    assert!(seen > 10, "only {seen} links seen");
}

/// The check itself must be able to fail.
mod canary {
    use super::*;

    #[test]
    fn codes_are_found_where_they_count() {
        let text = "let a = \"E_NEW_ONE\"; let b = \"was cut (W_CUT2)\";\n// E_COMMENT\n#[cfg(test)]\npub(super) mod tests {\n\"E_TEST\"";
        let found: Vec<String> = codes_in(&program_text(text)).into_iter().collect();
        assert_eq!(found, ["E_NEW_ONE", "W_CUT2"]);
        for word in ["E_", "E_range", "EE_A", "E_1", "W"] {
            assert!(!is_code(word), "{word}");
        }
    }

    #[test]
    fn a_code_without_its_fix_is_seen() {
        let whole = "# T\n\n## S\n\n### `E_NEW_ONE`\n\nSomething is the matter.\n\n- **Severity:** refusal\n- **When:** `copy --validate`\n\
                     - **Example:** `t.a`\n- **Fix:** mend it\n- **Who:** nobody\n\n## Other\n\n- **Fix:** of none\n";
        let found = |page: &str| explained_codes(page).get("E_NEW_ONE").map(lacks);
        assert_eq!(found(whole), Some(vec![]));
        assert_eq!(found(&whole.replace("- **Fix:** mend it\n", "")), Some(vec!["a fix", "nothing else"]));
        assert_eq!(found(&whole.replace("nobody", "somebody")), Some(vec!["who has to act"]));
        assert_eq!(found(&whole.replace("`copy --validate`", "now")), Some(vec!["when it comes"]));
    }

    #[test]
    fn options_are_read_from_a_help_text() {
        let text = "Commands:\n  copy    Copies what\n          --is there\n  help    Print\n\nOptions:\n  -h, --help";
        assert_eq!(subcommands(text), ["copy"]);
        let flags: Vec<String> =
            long_flags("-h, --help; ------; --env-file <FILE> a--b").into_iter().collect();
        assert_eq!(flags, ["--env-file", "--help"]);
    }
}
