//! Which tables take part: `--table` and `--exclude` globs.

use crate::config::Config;

/// Whether `name` is selected: it matches one of `tables` (or there are none) and none of `exclude`.
pub fn is_selected(name: &str, config: &Config) -> bool {
    let wanted = config.tables.is_empty() || config.tables.iter().any(|glob| matches(glob, name));
    wanted && !config.exclude.iter().any(|glob| matches(glob, name))
}

/// Globs of `--table` and `--exclude` that match none of `names`: a typing mistake, most likely.
pub fn idle_globs<'a>(config: &'a Config, names: &[&str]) -> Vec<&'a str> {
    let globs = config.tables.iter().chain(&config.exclude);
    globs.filter(|glob| !names.iter().any(|name| matches(glob, name))).map(String::as_str).collect()
}

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
}
