//! What a CREATE VIRTUAL TABLE says: its module and its arguments.

use super::read::{self, unquote};
use sqlite3_parser::ast::Stmt;

/// One virtual table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualTable {
    /// `fts5`, `rtree`, …, in lower case
    pub module: String,
    /// names among its arguments: columns, with what follows a name left out
    pub columns: Vec<String>,
    /// `name=value` among its arguments, names in lower case
    pub options: Vec<(String, String)>,
}

/// Reads a CREATE VIRTUAL TABLE statement.
///
/// # Errors
/// The parser's own sentence.
pub fn read(sql: &str) -> Result<VirtualTable, String> {
    read::with_statement(sql, |statement| match statement {
        Stmt::CreateVirtualTable { module_name, args, .. } => {
            let mut table = VirtualTable {
                module: unquote(module_name.0).to_ascii_lowercase(),
                columns: Vec::new(),
                options: Vec::new(),
            };
            args.unwrap_or_default().iter().for_each(|argument| table.argument(argument.trim()));
            Ok(table)
        }
        _ => Err("not a CREATE VIRTUAL TABLE statement".to_owned()),
    })
}

impl VirtualTable {
    fn argument(&mut self, argument: &str) {
        let is_quoted = argument.starts_with(['"', '[', '`', '\'']);
        match argument.split_once('=').filter(|_| !is_quoted) {
            Some((name, value)) => {
                self.options.push((name.trim().to_ascii_lowercase(), unquoted(value.trim())));
            }
            None => self.columns.extend(first_word(argument)),
        }
    }

    /// The option of that name.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn unquoted(text: &str) -> String {
    let is_text = text.len() >= 2 && text.starts_with('\'') && text.ends_with('\'');
    if is_text { text[1..text.len() - 1].replace("''", "'") } else { unquote(text) }
}

/// A column's name: the first word, or what stands in the quotes with which the argument begins.
fn first_word(argument: &str) -> Option<String> {
    let close = match argument.chars().next()? {
        '[' => ']',
        quote @ ('"' | '`' | '\'') => quote,
        _ => return argument.split_whitespace().next().map(str::to_owned),
    };
    let end = argument[1..].find(close)? + 2;
    Some(unquoted(&argument[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_options_are_told_apart() {
        let found = read(
            "CREATE VIRTUAL TABLE \"a b\" USING FTS5(title, \"the body\" UNINDEXED, content = 'posts', content_rowid='id', tokenize=\"porter ascii\")",
        )
        .unwrap();
        assert_eq!(
            (found.module.as_str(), found.columns.as_slice()),
            ("fts5", &["title".to_owned(), "the body".to_owned()][..])
        );
        assert_eq!((found.option("content"), found.option("content_rowid")), (Some("posts"), Some("id")));
        assert_eq!(found.option("tokenize"), Some("porter ascii"));
        assert!(read("CREATE TABLE t(a)").is_err());
    }
}
