//! Random expressions in SQLite's words, of a sort, so that most of them mean something.

use super::forms::{INTEGER, OTHER, REAL, TEXT, TRUTH, USUAL};
use super::pools;
use super::table::{Column, Sort};
use crate::support::dice::Dice;

/// An expression with its parts: each `?` of the template stands for a child. A leaf is written as it is.
#[derive(Debug, Clone)]
pub(super) struct Node {
    template: String,
    children: Vec<Node>,
}

impl Node {
    pub(super) fn leaf(text: impl Into<String>) -> Node {
        Node { template: text.into(), children: Vec::new() }
    }

    fn of(template: &str, children: Vec<Node>) -> Node {
        debug_assert_eq!(template.matches('?').count(), children.len(), "{template}");
        Node { template: template.to_owned(), children }
    }

    /// As SQLite reads it; what is no leaf stands in parentheses.
    pub(super) fn sql(&self) -> String {
        if self.children.is_empty() {
            return self.template.clone();
        }
        let mut parts = self.template.split('?');
        let mut sql = parts.next().unwrap_or_default().to_owned();
        for (child, after) in self.children.iter().zip(parts) {
            let text = child.sql();
            sql += &if child.children.is_empty() { text } else { format!("({text})") };
            sql += after;
        }
        sql
    }

    /// Itself and all its parts, the smallest first.
    pub(super) fn parts(&self) -> Vec<&Node> {
        let mut all = vec![self];
        let mut at = 0;
        while let Some(node) = all.get(at).copied() {
            all.extend(&node.children);
            at += 1;
        }
        all.sort_by_key(|node| node.size());
        all
    }

    fn size(&self) -> usize {
        1 + self.children.iter().map(Node::size).sum::<usize>()
    }
}

/// Makes expressions over the columns of a table.
pub(super) struct Generator<'a> {
    pub(super) columns: &'a [Column],
    pub(super) dice: &'a mut Dice,
    /// the table's name or alias, which columns may be written with
    pub(super) alias: Option<&'a str>,
}

impl Generator<'_> {
    /// An expression of about that sort, at most `depth` forms deep.
    pub(super) fn node(&mut self, sort: Sort, depth: u32) -> Node {
        let sort = match (sort, self.dice.below(16)) {
            // What SQLite allows and nobody means: another sort in its place.
            (_, 0) | (Sort::Any, 1..) => *self.dice.pick(&[
                Sort::Integer,
                Sort::Real,
                Sort::Text,
                Sort::Truth,
                Sort::Blob,
                Sort::Day,
                Sort::Moment,
            ]),
            (sort, _) => sort,
        };
        if depth == 0 || self.dice.below(5) == 0 {
            return self.leaf(sort);
        }
        let (template, sorts) = self.form(sort);
        let children: Vec<Node> = sorts.iter().map(|sort| self.node(*sort, depth - 1)).collect();
        Node::of(template, children)
    }

    fn form(&mut self, sort: Sort) -> (&'static str, &'static [Sort]) {
        let of = match sort {
            Sort::Integer => INTEGER,
            Sort::Real => REAL,
            Sort::Text => TEXT,
            Sort::Truth | Sort::Any => TRUTH,
            _ => {
                let forms: Vec<_> = OTHER.iter().filter(|form| form.0 == sort).collect();
                let form = self.dice.pick(&forms);
                return (form.1, form.2);
            }
        };
        *self.dice.pick(of)
    }

    /// A column of that sort, or a constant.
    fn leaf(&mut self, sort: Sort) -> Node {
        if self.dice.below(10) < 7 {
            return self.column(sort);
        }
        if self.dice.below(25) == 0 {
            return Node::leaf("NULL");
        }
        let pool = match sort {
            Sort::Integer => {
                *self.dice.pick(&[pools::SMALL, pools::SMALL, pools::INTEGERS, pools::SPELLINGS])
            }
            Sort::Real => *self.dice.pick(&[pools::QUARTERS, pools::FINITE, pools::SPELLINGS]),
            Sort::Text => *self.dice.pick(&[pools::WORDS, pools::TEXTS]),
            Sort::Truth => &["1", "0", "TRUE", "FALSE", "2", "0.5", "'1'", "'abc'", "1.0", "0.0"],
            Sort::Blob => pools::BLOBS,
            Sort::Day => pools::DAYS,
            Sort::Moment => pools::MOMENTS,
            Sort::Json => pools::DOCUMENTS,
            Sort::Any => &["NULL", "0x10", "1e3", "'abc'", "x'00'", "TRUE"],
        };
        Node::leaf(*self.dice.pick(pool))
    }

    /// A column of that sort; of any where the table has none.
    pub(super) fn column(&mut self, sort: Sort) -> Node {
        let fitting: Vec<&Column> =
            self.columns.iter().filter(|column| sort == Sort::Any || column.sort == sort).collect();
        let column = if fitting.is_empty() { self.dice.pick(self.columns) } else { self.dice.pick(&fitting) };
        if self.alias.is_some() && self.dice.below(40) == 0 {
            return Node::leaf("rowid");
        }
        let mut name = column.quoted();
        if self.dice.below(6) == 0 {
            // Names of columns are equal without regard to the case of ASCII letters.
            name = name.to_ascii_uppercase();
        }
        match self.alias {
            Some(alias) if self.dice.below(3) == 0 => Node::leaf(format!("{alias}.{name}")),
            _ => Node::leaf(name),
        }
    }

    /// What people write in a CHECK, as far as the specification carries it.
    pub(super) fn usual(&mut self) -> Node {
        let (template, sorts) = *self.dice.pick(USUAL);
        let children = sorts.iter().map(|sort| self.column(*sort)).collect();
        Node::of(template, children)
    }
}
