//! Names in the target: 63 bytes, no collisions, no system columns, no empty ones; the same input gives the same names
//! (semantics.md §2.4).

use crate::config::NamePolicy;
use crate::limits::NAME_BYTES_MAX;
use std::collections::BTreeSet;

/// PostgreSQL's system columns, which no column of a table may be called.
const SYSTEM_COLUMNS: [&str; 6] = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"];

/// A hash of a name in lower-case hex; at least eight characters are used. Given from outside, since this floor hashes nothing.
pub type NameHash = fn(&str) -> String;

/// Gives names that are not taken yet, within one namespace.
#[derive(Debug, Clone)]
pub struct Names {
    taken: BTreeSet<String>,
    hash: NameHash,
}

impl Names {
    /// A namespace in which `taken` names exist already.
    pub fn new(taken: impl IntoIterator<Item = String>, hash: NameHash) -> Names {
        Names { taken: taken.into_iter().collect(), hash }
    }

    /// A free name for `wanted`: itself where it fits and is free, else shortened, else with a number behind it.
    pub fn take(&mut self, wanted: &str) -> String {
        let base = shorten(if wanted.is_empty() { "_empty" } else { wanted }, self.hash);
        let mut name = base.clone();
        let mut number = 2;
        while !self.taken.insert(name.clone()) {
            name = shorten(&format!("{base}_{number}"), self.hash);
            number += 1;
        }
        name
    }
}

/// A column's name: as [`Names::take`], and no system column.
pub fn take_column(names: &mut Names, wanted: &str) -> String {
    if SYSTEM_COLUMNS.contains(&wanted) { names.take(&format!("{wanted}_")) } else { names.take(wanted) }
}

/// The name that a table of that name gets where nothing else is called so.
pub fn plain(wanted: &str, hash: NameHash) -> String {
    Names::new([], hash).take(wanted)
}

/// The name that a column of that name gets where nothing else is called so.
pub fn plain_column(wanted: &str, hash: NameHash) -> String {
    take_column(&mut Names::new([], hash), wanted)
}

/// `name` within 63 bytes: its beginning, `_`, and eight hex digits of the hash of all of it.
fn shorten(name: &str, hash: NameHash) -> String {
    if name.len() <= NAME_BYTES_MAX {
        return name.to_owned();
    }
    let mut end = NAME_BYTES_MAX - 9;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let digits: String = hash(name).chars().take(8).collect();
    format!("{}_{digits}", &name[..end])
}

/// `name` in the spelling that was asked for.
pub fn spell(name: &str, policy: NamePolicy) -> String {
    match policy {
        NamePolicy::Keep => name.to_owned(),
        NamePolicy::Lower => name.to_ascii_lowercase(),
        NamePolicy::Snake => snake(name),
    }
}

/// `CamelCase With-Signs` → `camel_case_with_signs`. Only ASCII letters are folded (SQLite's own notion of case).
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut previous: Option<char> = None;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let word_starts = c.is_ascii_uppercase()
            && previous.is_some_and(|p| {
                p.is_ascii_lowercase()
                    || p.is_ascii_digit()
                    || (p.is_ascii_uppercase() && chars.peek().is_some_and(char::is_ascii_lowercase))
            });
        let separator = c.is_ascii() && !c.is_ascii_alphanumeric();
        if (word_starts || separator) && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        if !separator {
            out.push(c.to_ascii_lowercase());
        }
        previous = Some(c);
    }
    let trimmed = out.trim_end_matches('_');
    if trimmed.is_empty() { name.to_owned() } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> String {
        format!("{:08x}", text.bytes().fold(7u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b))))
    }

    #[test]
    fn long_names_stay_apart() {
        let mut names = Names::new([], hash);
        let (a, b) = (format!("{}a", "x".repeat(63)), format!("{}b", "x".repeat(63)));
        let (short_a, short_b) = (names.take(&a), names.take(&b));
        assert_ne!(short_a, short_b);
        assert!(short_a.len() <= 63 && short_a.starts_with("xxxx"));
        assert_eq!(Names::new([], hash).take(&a), short_a, "the same input gives the same name");
        assert!(names.take(&"é".repeat(40)).len() <= 63);
    }

    #[test]
    fn empty_system_and_taken_names() {
        let mut names = Names::new(["t_pkey".to_owned()], hash);
        assert_eq!(names.take(""), "_empty");
        assert_eq!(names.take("t_pkey"), "t_pkey_2");
        assert_eq!(take_column(&mut names, "ctid"), "ctid_");
        assert_eq!(take_column(&mut names, "CTID"), "CTID");
        assert_eq!(names.take("select"), "select");
    }

    #[test]
    fn snake_case_words() {
        let table = [
            ("OrderDetails", "order_details"),
            ("HTTPServer", "http_server"),
            ("Order Details", "order_details"),
            ("users-permissions_user", "users_permissions_user"),
            ("ÉcoleÀ", "ÉcoleÀ"),
            ("id2Name", "id2_name"),
            ("--", "--"),
        ];
        for (name, expected) in table {
            assert_eq!(snake(name), expected);
        }
    }
}
