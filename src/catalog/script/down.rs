//! Migrations that hold both ways in one file: what leads up, and behind a comment what takes it back. A script runs in one
//! direction, and that is up.

/// The first words of the comments that begin a part which takes back: of goose, dbmate, sql-migrate, micrate and rambler.
const DOWN: [&str; 5] = ["+goose down", "migrate:down", "+migrate down", "+micrate down", "rambler down"];
/// Those that begin a part which leads up.
const UP: [&str; 5] = ["+goose up", "migrate:up", "+migrate up", "+micrate up", "rambler up"];

/// The script with empty lines in place of its Down parts, so that lines keep their numbers, and the line where the first
/// of them begins.
pub fn up_part(text: String) -> (String, Option<usize>) {
    let mut first = None;
    let mut is_down = false;
    let mut up = String::with_capacity(text.len());
    for (place, line) in text.split_inclusive('\n').enumerate() {
        match direction(line) {
            Some(true) => is_down = false,
            Some(false) => is_down = true,
            None => {}
        }
        if is_down {
            first = first.or(Some(place + 1));
            up.push('\n');
        } else {
            up.push_str(line);
        }
    }
    match first {
        Some(line) => (up, Some(line)),
        None => (text, None),
    }
}

/// Whether the line says that what follows leads up (true) or takes back (false). A line is enough, as for the tools
/// themselves; `-- Up` and `-- Down` alone are those of npm's `sqlite`.
fn direction(line: &str) -> Option<bool> {
    let line = line.trim_start_matches('\u{feff}').trim();
    let said = line.strip_prefix("--")?.trim().to_ascii_lowercase();
    let begins = |words: &[&str]| {
        let is_word = |rest: &str| rest.is_empty() || rest.starts_with(char::is_whitespace);
        words.iter().any(|words| said.strip_prefix(words).is_some_and(is_word))
    };
    match said.as_str() {
        "down" => Some(false),
        "up" => Some(true),
        _ if begins(&DOWN) => Some(false),
        _ if begins(&UP) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn cut(text: &str, up: &str, line: Option<usize>) {
        assert_eq!(up_part(text.to_owned()), (up.to_owned(), line));
    }

    #[test]
    fn what_takes_back_is_left_out() {
        cut("-- +goose Up\na;\n\n-- +goose Down\nb;\n", "-- +goose Up\na;\n\n\n\n", Some(4));
        cut(
            "-- migrate:up\r\na;\r\n--migrate:down transaction:false\r\nb;",
            "-- migrate:up\r\na;\r\n\n\n",
            Some(3),
        );
        cut("--+migrate Down\nb;\n-- +migrate Up\na;", "\n\n-- +migrate Up\na;", Some(1));
        cut("-- Up\na;\n  -- DOWN\nb;", "-- Up\na;\n\n\n", Some(3));
    }

    #[test]
    fn other_comments_are_comments() {
        for text in ["-- down payment\na;", "a; -- down", "-- migrate:downwards\na;", "'-- +goose'\n", ""] {
            cut(text, text, None);
        }
    }
}
