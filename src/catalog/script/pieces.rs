//! A script cut into its statements: by SQLite's own rule (`sqlite3_complete`), where a trigger ends at `;END;`.

/// One statement of a script, with what stands before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// the statement, from its first word to its last character, without the semicolon
    pub sql: String,
    /// its first line, counted from 1
    pub line: usize,
    /// what the comments before it say, without their signs; none where there is an empty line
    pub comments: Vec<Option<String>>,
}

/// What the scanner sees.
enum Token {
    Blank,
    Comment(String),
    Semicolon,
    Word(String),
    Other,
}

/// Where in a statement the scanner is, as far as its end depends on it.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Start,
    Normal,
    /// after EXPLAIN
    Explain,
    /// after CREATE, perhaps with TEMP
    Create,
    /// within a trigger
    Trigger,
    /// within a trigger, after a semicolon
    TriggerSemicolon,
    /// within a trigger, after END that follows a semicolon
    TriggerEnd,
}

/// The statements of `text` in their order, and the comments after the last one.
pub fn split(text: &str) -> (Vec<Piece>, Vec<Option<String>>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut pieces = Vec::new();
    let mut comments = Vec::new();
    let (mut state, mut at, mut line) = (State::Start, 0, 1);
    let (mut begin, mut begin_line, mut end) = (0, 1, 0);
    while at < text.len() {
        let (token, length) = token(&text[at..]);
        let raw = &text[at..at + length];
        match &token {
            Token::Blank if state == State::Start => note_empty_lines(raw, &mut comments),
            Token::Comment(said) if state == State::Start => {
                comments.extend(said.lines().map(|line| Some(line.to_owned())));
            }
            Token::Blank | Token::Comment(_) => {}
            Token::Semicolon => {}
            Token::Word(_) | Token::Other => {
                if state == State::Start {
                    (begin, begin_line) = (at, line);
                }
                end = at + length;
            }
        }
        let before = state;
        state = next(state, &token);
        // A trigger's own semicolons belong to it.
        if matches!(token, Token::Semicolon) && state != State::Start {
            end = at + length;
        }
        if state == State::Start && before != State::Start {
            let comments = std::mem::take(&mut comments);
            pieces.push(Piece { sql: text[begin..end].to_owned(), line: begin_line, comments });
        }
        line += raw.matches('\n').count();
        at += length;
    }
    if state != State::Start {
        let comments = std::mem::take(&mut comments);
        pieces.push(Piece { sql: text[begin..end].to_owned(), line: begin_line, comments });
    }
    (pieces, comments)
}

fn note_empty_lines(blank: &str, comments: &mut Vec<Option<String>>) {
    if blank.matches('\n').count() > 1 && comments.last().is_some_and(Option::is_some) {
        comments.push(None);
    }
}

fn next(state: State, token: &Token) -> State {
    let word = match token {
        Token::Blank | Token::Comment(_) => return state,
        Token::Semicolon => ";",
        Token::Word(word) => word.as_str(),
        Token::Other => "",
    };
    match (state, word) {
        (State::Start, ";") => State::Start,
        (State::Start, "EXPLAIN") => State::Explain,
        (State::Start | State::Explain, "CREATE") => State::Create,
        (State::Explain, "QUERY" | "PLAN") => State::Explain,
        (State::Start, _) => State::Normal,
        (State::Create, "TEMP" | "TEMPORARY") => State::Create,
        (State::Create, "TRIGGER") => State::Trigger,
        (State::TriggerEnd | State::Normal | State::Create | State::Explain, ";") => State::Start,
        (State::Trigger | State::TriggerSemicolon, ";") => State::TriggerSemicolon,
        (State::TriggerSemicolon, "END") => State::TriggerEnd,
        (State::Trigger | State::TriggerSemicolon | State::TriggerEnd, _) => State::Trigger,
        (State::Normal | State::Create | State::Explain, _) => State::Normal,
    }
}

/// The first token of `text`, which is not empty, and its length in bytes.
fn token(text: &str) -> (Token, usize) {
    let until = |end: Option<usize>| end.unwrap_or(text.len());
    let Some(first) = text.chars().next() else { return (Token::Blank, 0) };
    match first {
        _ if text.starts_with("--") => {
            let end = until(text.find('\n'));
            (Token::Comment(text[2..end].trim().to_owned()), end)
        }
        _ if text.starts_with("/*") => {
            let end = until(text[2..].find("*/").map(|end| end + 4));
            (Token::Comment(block(&text[2..end])), end)
        }
        ';' => (Token::Semicolon, 1),
        '\'' | '"' | '`' => (Token::Other, quoted(text, first)),
        '[' => (Token::Other, until(text.find(']').map(|end| end + 1))),
        c if c.is_ascii_whitespace() || c == '\u{b}' => {
            let is_blank = |c: char| c.is_ascii_whitespace() || c == '\u{b}';
            (Token::Blank, until(text.find(|c| !is_blank(c))))
        }
        c if is_word(c) => {
            let end = until(text.find(|c| !is_word(c)));
            (Token::Word(text[..end].to_ascii_uppercase()), end)
        }
        c => (Token::Other, c.len_utf8()),
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}

/// The length of what is quoted by `quote`; a doubled one is a part of it.
fn quoted(text: &str, quote: char) -> usize {
    let mut at = 1;
    while let Some(found) = text[at..].find(quote) {
        at += found + 1;
        if !text[at..].starts_with(quote) {
            return at;
        }
        at += 1;
    }
    text.len()
}

/// What a block comment says: without the stars and blanks that its lines begin with.
fn block(text: &str) -> String {
    let text = text.strip_suffix("*/").unwrap_or(text);
    let lines = text.lines().map(|line| line.trim().trim_start_matches('*').trim());
    let mut lines: Vec<&str> = lines.collect();
    while lines.first().is_some_and(|line| line.is_empty()) {
        lines.remove(0);
    }
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(text: &str) -> Vec<(usize, String)> {
        split(text).0.into_iter().map(|piece| (piece.line, piece.sql)).collect()
    }

    #[test]
    fn a_script_is_cut_where_sqlite_cuts_it() {
        let one = |line, text: &str| (line, text.to_owned());
        assert_eq!(
            sql("\n a ;;\n-- c;\nb 'x;''y' /* ; */ \"z;\" [;] `;`"),
            [one(2, "a"), one(4, "b 'x;''y' /* ; */ \"z;\" [;] `;`")]
        );
        let trigger = "CREATE TEMP TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; SELECT 'END;'; END";
        assert_eq!(sql(&format!("{trigger};\nx;")), [one(1, trigger), one(2, "x")]);
        let case = "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; END";
        assert_eq!(sql(&format!("{case};x")), [one(1, case), one(1, "x")]);
        assert_eq!(sql("CREATE TABLE trigger_x(a); b"), [one(1, "CREATE TABLE trigger_x(a)"), one(1, "b")]);
        assert_eq!(sql("a 'open ; b"), [one(1, "a 'open ; b")]);
        assert_eq!(sql("é; ü -- x"), [one(1, "é"), one(1, "ü")]);
    }

    #[test]
    fn comments_stay_before_their_statement() {
        let (pieces, rest) =
            split("-- one\n--two\n\n/* three\n * four */\na -- within\n; -- after\nb; /* end */");
        let said = |text: &str| Some(text.to_owned());
        assert_eq!(pieces[0].comments, [said("one"), said("two"), None, said("three"), said("four")]);
        assert_eq!(pieces[0].sql, "a");
        assert_eq!(pieces[1].comments, [said("after")]);
        assert_eq!(rest, [said("end")]);
    }
}
