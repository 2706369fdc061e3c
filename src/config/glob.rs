//! Patterns of names: `*` and `?`, ASCII letters without case, as SQLite compares names.

/// `*` stands for any number of characters, `?` for one; ASCII letters match without case, as in SQLite.
pub fn matches(glob: &str, name: &str) -> bool {
    let glob: Vec<char> = glob.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // The classic two-pointer walk: on a mismatch, go back to the last star and let it take one character more.
    let (mut g, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        if g < glob.len() && glob[g] == '*' {
            star = Some((g, n));
            g += 1;
        } else if g < glob.len() && (glob[g] == '?' || glob[g].eq_ignore_ascii_case(&name[n])) {
            g += 1;
            n += 1;
        } else if let Some((star_g, star_n)) = star {
            star = Some((star_g, star_n + 1));
            g = star_g + 1;
            n = star_n + 1;
        } else {
            return false;
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

/// How closely a pattern means one name: a name in full before any pattern, then the longer literal part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Closeness {
    exact: bool,
    literal_chars: usize,
}

/// How closely `glob` means `name`; none where it does not match. A name that has a `*` in it is meant exactly by itself.
pub(super) fn closeness(glob: &str, name: &str) -> Option<Closeness> {
    let literal_chars = glob.chars().filter(|c| !matches!(c, '*' | '?')).count();
    matches(glob, name).then(|| Closeness { exact: glob.eq_ignore_ascii_case(name), literal_chars })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (glob, name, expected) in [
            ("*", "", true),
            ("workflow_*", "Workflow_history", true),
            ("?", "é", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b", "ac", false),
            ("", "a", false),
            ("exact", "exactly", false),
        ] {
            assert_eq!(matches(glob, name), expected, "{glob} {name}");
        }
    }

    #[test]
    fn a_name_in_full_is_closest_then_the_longer_literal_part() {
        let order = ["*", "u*", "us*", "user?", "USERS"];
        let ranks: Vec<_> = order.iter().map(|glob| closeness(glob, "users")).collect();
        assert!(ranks.iter().all(Option::is_some));
        assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]), "{ranks:?}");
        assert_eq!(closeness("x*", "users"), None);
        assert!(closeness("a*", "a*") > closeness("a*", "ab"));
    }
}
