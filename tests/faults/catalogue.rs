//! The catalogue in docs/reliability.md and the tests of this repository name each other: every fault has a test of its
//! number, or says why not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Faults in the catalogue.
const FAULTS: u32 = 62;

/// Of which at least so many have a test.
const TESTED_MIN: usize = 55;

/// A row that has no test says, with at least so many characters, why.
const REASON_CHARS_MIN: usize = 40;

/// A row of the page: what its last column says.
fn rows(page: &str) -> BTreeMap<u32, String> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let number = cells.first().filter(|_| cells.len() > 1)?.strip_prefix('F')?.parse().ok()?;
        Some((number, cells.last()?.trim_end_matches('|').trim().to_owned()))
    };
    page.lines().filter_map(|line| row(line.trim_start_matches('|').trim())).collect()
}

/// Names of tests that stand in a text as code.
fn names(text: &str) -> BTreeSet<String> {
    let code = text.split('`').skip(1).step_by(2);
    code.filter(|name| number(name).is_some()).map(str::to_owned).collect()
}

/// 8 of `f08_torn`.
fn number(name: &str) -> Option<u32> {
    let (digits, rest) = name.strip_prefix('f')?.split_once('_')?;
    (digits.len() == 2 && !rest.is_empty()).then(|| digits.parse().ok()).flatten()
}

/// The name of the first function in a text: of a test, in what follows its attribute.
fn first_function(text: &str) -> Option<String> {
    text.split("fn ").nth(1)?.split('(').next().map(str::to_owned)
}

/// Tests of this repository that are named by a number.
fn tests_below(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).expect("a directory of the repository") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source file");
            found.extend(
                text.split("test]\n")
                    .skip(1)
                    .filter_map(first_function)
                    .filter(|name| number(name).is_some()),
            );
        }
    }
}

#[test]
fn every_fault_has_a_test_or_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/reliability.md")).expect("the page");
    let rows = rows(&page);
    assert_eq!(rows.keys().copied().collect::<Vec<_>>(), (1..=FAULTS).collect::<Vec<_>>());
    let mut tests = BTreeSet::new();
    ["tests", "src"].iter().for_each(|room| tests_below(&root.join(room), &mut tests));
    let mut tested = 0;
    for (fault, says) in &rows {
        let named = names(says);
        let theirs: BTreeSet<String> =
            tests.iter().filter(|name| number(name) == Some(*fault)).cloned().collect();
        assert_eq!(
            named, theirs,
            "F{fault}: the tests that docs/reliability.md names, and those that there are"
        );
        tested += usize::from(!named.is_empty());
        assert!(
            !named.is_empty() || says.chars().count() >= REASON_CHARS_MIN,
            "F{fault}: neither test nor reason"
        );
    }
    assert!(tested >= TESTED_MIN, "only {tested} faults have a test");
}

#[test]
fn rows_and_names_are_read() {
    let rows =
        rows("| F8 | torn | again | `f08_torn`, `f08_x` |\n| F9 | a | b | no way to | bring it about |\nF10");
    assert_eq!(names(&rows[&8]).len(), 2);
    assert_eq!(rows.keys().copied().collect::<Vec<_>>(), [8, 9]);
    assert_eq!(number("f08_torn"), Some(8));
    assert!([number("f8_torn"), number("f08_"), number("from_a"), number("f08")].iter().all(Option::is_none));
    assert_eq!(first_function("async fn one() {} fn two() { three(); }"), Some("one".to_owned()));
}
