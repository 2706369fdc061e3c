//! A small source and its target, drawn from a seed: tables of every kind of key, with foreign keys and indexes, in one of
//! four kinds of target, with options that bear on what commits together.

use crate::support::dice::Dice;
use std::fmt::Write;

/// It begins many texts of the source: nothing that is told may have it in it.
pub(super) const MARK: &str = "zq7-cell";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Real,
    Text,
    Blob,
}

/// How a table's rows are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// `id INTEGER PRIMARY KEY`
    Id,
    /// the same with AUTOINCREMENT
    Auto,
    /// no key at all
    Bare,
    /// a text, WITHOUT ROWID
    Text,
    /// two columns, WITHOUT ROWID
    Pair,
}

impl Key {
    pub(super) fn has_id(self) -> bool {
        matches!(self, Key::Id | Key::Auto)
    }

    fn has_rowid(self) -> bool {
        !matches!(self, Key::Text | Key::Pair)
    }
}

/// A column; those of the key come first.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// a number that no other row has, or NULL
    pub(super) is_unique: bool,
}

/// A table.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) key: Key,
    pub(super) columns: Vec<Column>,
    /// the last column refers to the id of that table
    pub(super) parent: Option<usize>,
    /// columns with an index of their own
    indexed: Vec<usize>,
    /// at the beginning
    pub(super) rows: u64,
    /// length of its texts and blobs, at most
    pub(super) width: u64,
}

/// What is in the target before the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// nothing
    Empty,
    /// the tables, made by an application, without rows
    Tables,
    /// the same with rows that stay (`--existing append`)
    Append,
    /// the same with rows that go (`--existing truncate`)
    Truncate,
}

/// All that does not change in a schedule.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) tables: Vec<Table>,
    pub(super) ground: Ground,
    pub(super) is_wal: bool,
    /// of every copy
    pub(super) options: Vec<String>,
}

impl World {
    pub(super) fn draw(dice: &mut Dice) -> World {
        let count = 2 + dice.below(7) as usize;
        let mut tables: Vec<Table> = Vec::new();
        for number in 0..count {
            let table = Table::draw(dice, number, &tables);
            tables.push(table);
        }
        let grounds = [Ground::Empty, Ground::Empty, Ground::Tables, Ground::Append, Ground::Truncate];
        let ground = *dice.pick(&grounds);
        let mut options = vec!["--jobs".to_owned(), (1 + dice.below(3)).to_string()];
        match dice.below(5) {
            0 => options.extend(["--chunk-rows".to_owned(), (5 + dice.below(200)).to_string()]),
            1 => options.extend(["--chunk-bytes".to_owned(), (1000 << dice.below(6)).to_string()]),
            _ => {}
        }
        match ground {
            Ground::Append => options.extend(["--existing".to_owned(), "append".to_owned()]),
            Ground::Truncate => options.extend(["--existing".to_owned(), "truncate".to_owned()]),
            Ground::Empty | Ground::Tables => {}
        }
        if dice.below(6) == 0 {
            options.push("--fail-fast".to_owned());
        }
        World { tables, ground, is_wal: dice.below(2) == 0, options }
    }

    /// Whether other tables' rows may refer to this one's.
    pub(super) fn is_parent(&self, table: usize) -> bool {
        self.tables.iter().any(|other| other.parent == Some(table))
    }

    /// The source's schema.
    pub(super) fn sqlite(&self) -> String {
        let journal = if self.is_wal { "PRAGMA journal_mode = WAL;" } else { "" };
        let tables = self.tables.iter().map(|table| table.sqlite(self));
        tables.fold(journal.to_owned(), |all, table| all + &table)
    }

    /// The target before the first copy: somebody else's table, and what [`Ground`] says.
    pub(super) fn postgres(&self) -> String {
        let mut sql = "CREATE TABLE stranger (id int PRIMARY KEY, what text);
                       INSERT INTO stranger SELECT n, 'theirs ' || n FROM generate_series(1, 50) n;"
            .to_owned();
        if self.ground != Ground::Empty {
            self.tables.iter().for_each(|table| sql += &table.postgres(self));
        }
        if matches!(self.ground, Ground::Append | Ground::Truncate) {
            self.tables.iter().for_each(|table| sql += &table.rows_before());
        }
        sql
    }
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Table {
    fn draw(dice: &mut Dice, number: usize, earlier: &[Table]) -> Table {
        let spelling = *dice.pick(&["t", "t", "t", "Order Line ", "select ", "größe \"q\" "]);
        let key = *dice.pick(&[Key::Id, Key::Id, Key::Auto, Key::Bare, Key::Text, Key::Pair]);
        let mut columns: Vec<Column> = match key {
            Key::Id | Key::Auto => vec![("id", Kind::Int)],
            Key::Text => vec![("k", Kind::Text)],
            Key::Pair => vec![("a", Kind::Int), ("b", Kind::Text)],
            Key::Bare => vec![],
        }
        .into_iter()
        .map(|(name, kind)| Column { name: name.to_owned(), kind, is_unique: false })
        .collect();
        let keys = columns.len();
        for n in 0..1 + dice.below(4) {
            let kind = *dice.pick(&[Kind::Int, Kind::Real, Kind::Text, Kind::Text, Kind::Blob]);
            columns.push(Column { name: format!("c{n}"), kind, is_unique: false });
        }
        if dice.below(4) == 0 {
            columns.push(Column { name: "u".to_owned(), kind: Kind::Int, is_unique: true });
        }
        let indexed = (keys..columns.len()).filter(|_| dice.below(4) == 0);
        let indexed = indexed.filter(|i| columns[*i].kind != Kind::Blob && !columns[*i].is_unique).collect();
        let parents: Vec<usize> = (0..earlier.len()).filter(|i| earlier[*i].key.has_id()).collect();
        let parent = (dice.below(2) == 0 && !parents.is_empty()).then(|| *dice.pick(&parents));
        if parent.is_some() {
            columns.push(Column { name: "parent_id".to_owned(), kind: Kind::Int, is_unique: false });
        }
        let rows = match dice.below(10) {
            0 => 0,
            1..=3 => 1 + dice.below(20),
            4..=7 => 20 + dice.below(180),
            _ => 200 + dice.below(1300),
        };
        let width = if dice.below(4) == 0 { 200 } else { 30 };
        Table { name: format!("{spelling}{number}"), key, columns, parent, indexed, rows, width }
    }

    pub(super) fn quoted(&self) -> String {
        quoted(&self.name)
    }

    /// Where its rows are numbered by SQLite, the name of the number.
    pub(super) fn rowid(&self) -> Option<&'static str> {
        self.key.has_rowid().then_some("rowid")
    }

    fn key_columns(&self) -> Vec<String> {
        let count = match self.key {
            Key::Bare => 0,
            Key::Pair => 2,
            Key::Id | Key::Auto | Key::Text => 1,
        };
        self.columns[..count].iter().map(|column| quoted(&column.name)).collect()
    }

    fn sqlite(&self, world: &World) -> String {
        let mut parts: Vec<String> = self.columns.iter().map(|column| self.sqlite_column(column)).collect();
        if !self.key.has_rowid() {
            parts.push(format!("PRIMARY KEY ({})", self.key_columns().join(", ")));
        }
        if let Some(parent) = self.parent {
            let parent = world.tables[parent].quoted();
            parts.push(format!("FOREIGN KEY (parent_id) REFERENCES {parent} (id)"));
        }
        let end = if self.key.has_rowid() { "" } else { " WITHOUT ROWID" };
        let mut sql = format!("CREATE TABLE {} ({}){end};\n", self.quoted(), parts.join(", "));
        self.add_indexes(&mut sql);
        sql
    }

    fn sqlite_column(&self, column: &Column) -> String {
        let kind = match column.kind {
            Kind::Int => "INTEGER",
            Kind::Real => "REAL",
            Kind::Text => "TEXT",
            Kind::Blob => "BLOB",
        };
        let end = match (self.key, column.name.as_str()) {
            (Key::Id, "id") => " PRIMARY KEY",
            (Key::Auto, "id") => " PRIMARY KEY AUTOINCREMENT",
            (_, "k" | "a" | "b") => " NOT NULL",
            _ if column.is_unique => " UNIQUE",
            _ => "",
        };
        format!("{} {kind}{end}", quoted(&column.name))
    }

    fn add_indexes(&self, sql: &mut String) {
        for column in &self.indexed {
            let name = quoted(&format!("{} by {}", self.name, self.columns[*column].name));
            let column = quoted(&self.columns[*column].name);
            let _ = writeln!(sql, "CREATE INDEX {name} ON {} ({column});", self.quoted());
        }
    }

    /// As an application would have made it.
    fn postgres(&self, world: &World) -> String {
        let mut parts: Vec<String> = self.columns.iter().map(|column| self.postgres_column(column)).collect();
        if !self.key_columns().is_empty() {
            parts.push(format!("PRIMARY KEY ({})", self.key_columns().join(", ")));
        }
        if let Some(parent) = self.parent {
            let parent = world.tables[parent].quoted();
            parts.push(format!("FOREIGN KEY (parent_id) REFERENCES {parent} (id)"));
        }
        let mut sql = format!("CREATE TABLE {} ({});\n", self.quoted(), parts.join(", "));
        self.add_indexes(&mut sql);
        sql
    }

    fn postgres_column(&self, column: &Column) -> String {
        let kind = match column.kind {
            Kind::Int => "bigint",
            Kind::Real => "double precision",
            Kind::Text => "text",
            Kind::Blob => "bytea",
        };
        let end = match (self.key, column.name.as_str()) {
            (Key::Auto, "id") => " GENERATED BY DEFAULT AS IDENTITY",
            _ if column.is_unique => " UNIQUE",
            _ => "",
        };
        format!("{} {kind}{end}", quoted(&column.name))
    }

    /// Rows of an application, far from the source's.
    fn rows_before(&self) -> String {
        let values: Vec<&str> = self.columns.iter().map(|column| Table::far(column)).collect();
        format!("INSERT INTO {} SELECT {} FROM generate_series(1, 7) n;\n", self.quoted(), values.join(", "))
    }

    /// A value in terms of `n` that no row of the source has where it must not.
    pub(super) fn far(column: &Column) -> &'static str {
        match (column.name.as_str(), column.kind) {
            ("parent_id", _) => "NULL",
            (_, Kind::Int) => "n + 1000000000000",
            (_, Kind::Real) => "n / 4.0",
            (_, Kind::Text) => "'theirs ' || n",
            (_, Kind::Blob) => "NULL",
        }
    }
}
