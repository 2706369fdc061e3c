//! `--env-file`: no value is ever shown, and a quoted value is read as it is.

use cutover::cli::env_file::parse;

const SECRET: &str = "hunter2";

/// A file.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    whole(text);
    if !text.contains(SECRET) {
        for hidden in [format!("A={text}{SECRET}"), format!("{SECRET}{text}"), format!("A=\"{SECRET}{text}")]
        {
            if let Err(error) = parse(&hidden) {
                let shown = format!("{error} {error:?} {:?}", error.remedy_text());
                assert!(!shown.contains(SECRET), "{hidden:?} is shown: {shown}");
            }
        }
    }
    let line = text.split('\n').next().unwrap_or_default();
    quoted(line);
}

fn whole(text: &str) {
    let Ok(variables) = parse(text) else { return };
    for name in variables.keys() {
        assert!(!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()), "{name:?}");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{name:?}");
    }
    // A later line counts, and lines of others change nothing.
    let more = parse(&format!("{text}\nLAST=1\r\n# the end\nLAST=2"));
    let mut more = more.expect("a good file and good lines");
    assert_eq!(more.remove("LAST").as_deref(), Some("2"));
    let mut before = variables;
    before.remove("LAST");
    assert_eq!(more, before);
}

fn quoted(value: &str) {
    let read = |text: String| parse(&text).map(|mut variables| variables.remove("K"));
    if !value.contains('\'') {
        let single = read(format!("K='{value}' # a comment"));
        assert_eq!(single.expect("single quotes take everything").as_deref(), Some(value));
    }
    let mut escaped = String::new();
    for c in value.chars() {
        match c {
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '"' | '\\' | '$' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    let double = read(format!("export K=\"{escaped}\\n\""));
    assert_eq!(double.expect("double quotes take every escape"), Some(format!("{value}\n")));
}
