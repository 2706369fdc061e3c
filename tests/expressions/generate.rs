//! Random expressions in SQLite's words, of a sort, so that most of them mean something.

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

const INTEGER: &[(&str, &[Sort])] = {
    use Sort::{Any, Blob, Day, Integer as I, Json, Moment, Text, Truth};
    &[
        ("? + ?", &[I, I]),
        ("? - ?", &[I, I]),
        ("? * ?", &[I, I]),
        ("? / ?", &[I, I]),
        ("? % ?", &[I, I]),
        ("? & ?", &[I, I]),
        ("? | ?", &[I, I]),
        ("? << ?", &[I, I]),
        ("? >> ?", &[I, I]),
        ("~?", &[I]),
        ("- ?", &[I]),
        ("+?", &[I]),
        ("abs(?)", &[I]),
        ("length(?)", &[Text]),
        ("length(?)", &[Any]),
        ("length(?)", &[Blob]),
        ("instr(?, ?)", &[Text, Text]),
        ("unicode(?)", &[Text]),
        ("sign(?)", &[I]),
        ("octet_length(?)", &[Text]),
        ("CAST(? AS INTEGER)", &[Sort::Real]),
        ("CAST(? AS INTEGER)", &[Any]),
        ("max(?, ?)", &[I, I]),
        ("min(?, ?, ?)", &[I, I, I]),
        ("coalesce(?, ?)", &[I, I]),
        ("ifnull(?, ?)", &[I, I]),
        ("nullif(?, ?)", &[I, I]),
        ("iif(?, ?, ?)", &[Truth, I, I]),
        ("CASE WHEN ? THEN ? ELSE ? END", &[Truth, I, I]),
        ("CASE WHEN ? THEN ? END", &[Truth, I]),
        ("CASE ? WHEN ? THEN ? WHEN ? THEN ? ELSE ? END", &[I, I, I, I, I, I]),
        ("CASE ? WHEN ? THEN ? ELSE ? END", &[Text, Text, I, I]),
        ("json_array_length(?)", &[Json]),
        ("json_extract(?, '$.a')", &[Json]),
        ("unixepoch(?)", &[Moment]),
        ("strftime('%s', ?)", &[Day]),
        ("CAST(strftime('%Y', ?) AS INTEGER)", &[Day]),
        ("? IN (0, 1)", &[I]),
    ]
};

const REAL: &[(&str, &[Sort])] = {
    use Sort::{Any, Day, Integer as I, Json, Real as R, Text, Truth};
    &[
        ("? + ?", &[R, R]),
        ("? - ?", &[R, I]),
        ("? * ?", &[R, R]),
        ("? * 1.5", &[I]),
        ("? / ?", &[R, R]),
        ("? / ?", &[R, I]),
        ("? / 2.0", &[I]),
        ("? % ?", &[R, I]),
        ("- ?", &[R]),
        ("+?", &[R]),
        ("abs(?)", &[R]),
        ("round(?)", &[R]),
        ("round(?, 2)", &[R]),
        ("round(?, ?)", &[R, I]),
        ("round(?)", &[I]),
        ("CAST(? AS REAL)", &[I]),
        ("CAST(? AS REAL)", &[Any]),
        ("CAST(? AS NUMERIC)", &[Any]),
        ("CAST(? AS DECIMAL(10,2))", &[R]),
        ("CAST(? AS NUMERIC)", &[Text]),
        ("CAST(? AS DATE)", &[I]),
        ("CAST(? AS BOOLEAN)", &[R]),
        ("floor(?)", &[R]),
        ("ceil(?)", &[R]),
        ("max(?, ?)", &[R, I]),
        ("min(?, ?)", &[R, R]),
        ("coalesce(?, ?)", &[R, I]),
        ("coalesce(?, ?, ?)", &[R, R, R]),
        ("nullif(?, ?)", &[R, R]),
        ("iif(?, ?, ?)", &[Truth, R, I]),
        ("CASE WHEN ? THEN ? WHEN ? THEN ? ELSE ? END", &[Truth, R, Truth, I, R]),
        ("julianday(?)", &[Day]),
        ("json_extract(?, '$.a')", &[Json]),
    ]
};

const TEXT: &[(&str, &[Sort])] = {
    use Sort::{Any, Blob, Day, Integer as I, Json, Moment, Real as R, Text as T, Truth};
    &[
        ("? || ?", &[T, T]),
        ("? || ?", &[T, I]),
        ("? || ?", &[Any, Any]),
        ("? || ?", &[R, T]),
        ("? || '-' || ?", &[T, T]),
        ("upper(?)", &[T]),
        ("lower(?)", &[T]),
        ("upper(?)", &[Any]),
        ("trim(?)", &[T]),
        ("ltrim(?)", &[T]),
        ("rtrim(?)", &[T]),
        ("trim(?, 'aA')", &[T]),
        ("ltrim(?, ?)", &[T, T]),
        ("rtrim(?, ' b')", &[T]),
        ("substr(?, 1, 1)", &[T]),
        ("substr(?, 2)", &[T]),
        ("substr(?, -2)", &[T]),
        ("substr(?, ?, ?)", &[T, I, I]),
        ("substr(?, ?)", &[T, I]),
        ("substring(?, 1, 3)", &[T]),
        ("replace(?, ?, ?)", &[T, T, T]),
        ("replace(?, 'a', '')", &[T]),
        ("replace(?, '', 'x')", &[T]),
        ("hex(?)", &[Blob]),
        ("hex(?)", &[T]),
        ("hex(?)", &[Any]),
        ("typeof(?)", &[Any]),
        ("typeof(?)", &[I]),
        ("CAST(? AS TEXT)", &[I]),
        ("CAST(? AS TEXT)", &[Any]),
        ("CAST(? AS TEXT)", &[R]),
        ("CAST(? AS VARCHAR(2))", &[T]),
        ("coalesce(?, ?)", &[T, T]),
        ("ifnull(?, '')", &[T]),
        ("nullif(?, '')", &[T]),
        ("nullif(?, ?)", &[T, T]),
        ("iif(?, ?, ?)", &[Truth, T, T]),
        ("CASE WHEN ? THEN ? ELSE ? END", &[Truth, T, T]),
        ("CASE ? WHEN ? THEN ? ELSE ? END", &[T, T, T, T]),
        ("max(?, ?)", &[T, T]),
        ("min(?, ?)", &[T, T]),
        ("max(? COLLATE NOCASE, ?)", &[T, T]),
        ("nullif(? COLLATE NOCASE, ?)", &[T, T]),
        ("max(?, ?, ?)", &[Day, Day, T]),
        ("? COLLATE NOCASE", &[T]),
        ("? COLLATE BINARY", &[T]),
        ("? COLLATE RTRIM", &[T]),
        ("date(?)", &[Day]),
        ("date(?)", &[Moment]),
        ("datetime(?)", &[Moment]),
        ("time(?)", &[Moment]),
        ("date(?, '+1 day')", &[Day]),
        ("date(?, 'start of month')", &[Day]),
        ("strftime('%Y-%m', ?)", &[Day]),
        ("strftime('%Y', ?)", &[Moment]),
        ("strftime('%H:%M', ?)", &[Moment]),
        ("json_extract(?, '$.b')", &[Json]),
        ("? ->> '$.a'", &[Json]),
        ("? ->> 'b'", &[Json]),
        ("? -> 'a'", &[Json]),
        ("? ->> 0", &[Json]),
        ("json_type(?)", &[Json]),
        ("json_type(?, '$.a')", &[Json]),
        ("quote(?)", &[T]),
        ("printf('%d', ?)", &[I]),
        ("char(65)", &[]),
        ("concat(?, ?)", &[T, T]),
        ("+?", &[T]),
    ]
};

const TRUTH: &[(&str, &[Sort])] = {
    use Sort::{Any, Blob, Day, Integer as I, Json, Moment, Real as R, Text as T, Truth as B};
    &[
        ("? = ?", &[I, I]),
        ("? <> ?", &[I, I]),
        ("? < ?", &[I, R]),
        ("? <= ?", &[R, R]),
        ("? > ?", &[R, I]),
        ("? >= ?", &[I, I]),
        ("? = ?", &[R, I]),
        ("? == ?", &[T, T]),
        ("? != ?", &[T, T]),
        ("? < ?", &[T, T]),
        ("? >= ?", &[T, T]),
        ("? = ?", &[Any, Any]),
        ("? < ?", &[Any, Any]),
        ("? = ?", &[I, T]),
        ("? > ?", &[T, I]),
        ("? = ?", &[R, T]),
        ("? = ?", &[Blob, Blob]),
        ("? < ?", &[Blob, Blob]),
        ("? <= ?", &[Day, Day]),
        ("? < ?", &[Moment, Moment]),
        ("? = ?", &[Moment, Day]),
        ("? > ?", &[Day, T]),
        ("? = ?", &[B, B]),
        ("? IS ?", &[Any, Any]),
        ("? IS ?", &[T, T]),
        ("? IS NOT ?", &[I, I]),
        ("? IS DISTINCT FROM ?", &[T, T]),
        ("? IS NULL", &[Any]),
        ("? IS NOT NULL", &[Any]),
        ("? ISNULL", &[I]),
        ("? NOTNULL", &[T]),
        ("? IS TRUE", &[B]),
        ("? IS NOT FALSE", &[B]),
        ("? IS NOT TRUE", &[I]),
        ("? BETWEEN ? AND ?", &[I, I, I]),
        ("? NOT BETWEEN ? AND ?", &[R, I, R]),
        ("? BETWEEN ? AND ?", &[T, T, T]),
        ("? BETWEEN ? AND ?", &[Day, Day, Day]),
        ("? IN (?, ?)", &[I, I, I]),
        ("? IN (?, ?, ?)", &[T, T, T, T]),
        ("? NOT IN (?, ?)", &[T, T, T]),
        ("? NOT IN (?, ?)", &[I, R, I]),
        ("? IN (?, ?)", &[Any, I, T]),
        ("? IN ()", &[I]),
        ("? IN (?, NULL)", &[I, I]),
        ("? AND ?", &[B, B]),
        ("? OR ?", &[B, B]),
        ("? AND ?", &[B, I]),
        ("? OR ?", &[R, B]),
        ("NOT ?", &[B]),
        ("NOT ?", &[I]),
        ("NOT ?", &[T]),
        ("? AND ?", &[T, B]),
        ("? LIKE ?", &[T, T]),
        ("? LIKE 'A%'", &[T]),
        ("? LIKE '%a_'", &[T]),
        ("? LIKE 'a\\_b'", &[T]),
        ("? LIKE 'A\\_%'", &[T]),
        ("? NOT LIKE '%É%'", &[T]),
        ("? LIKE 'a!_%' ESCAPE '!'", &[T]),
        ("? LIKE '%\\%%' ESCAPE '\\'", &[T]),
        ("? LIKE ?", &[I, T]),
        ("? LIKE ?", &[Any, T]),
        ("? GLOB ?", &[T, T]),
        ("? GLOB 'a*'", &[T]),
        ("? LIKE 'aXbX%' ESCAPE 'x'", &[T]),
        ("? LIKE '%A%%' ESCAPE '%'", &[T]),
        ("? LIKE ? ESCAPE '\\'", &[T, T]),
        ("? LIKE '' ESCAPE 'a'", &[T]),
        ("? NOT LIKE '_'", &[T]),
        ("? LIKE '%b%' COLLATE BINARY", &[T]),
        ("? GLOB '[A-Z]*'", &[T]),
        ("? GLOB '[^a]*'", &[T]),
        ("? GLOB '[]a]*'", &[T]),
        ("? GLOB '[a-]*'", &[T]),
        ("? GLOB '[^]]'", &[T]),
        ("? GLOB '[z-a]*'", &[T]),
        ("? GLOB 'a[b'", &[T]),
        ("? GLOB '[ab\\]*'", &[T]),
        ("? GLOB '*[[]*'", &[T]),
        ("? GLOB '*.*'", &[T]),
        ("? GLOB '**(*'", &[T]),
        ("? GLOB '[É-ß]*'", &[T]),
        ("? GLOB '*\\*'", &[T]),
        ("? NOT GLOB '*[^0-9]*'", &[T]),
        ("? GLOB '[0-9][0-9]*'", &[T]),
        ("typeof(?) = 'integer'", &[I]),
        ("typeof(?) IN ('integer', 'null')", &[Any]),
        ("typeof(?) = 'text'", &[T]),
        ("json_valid(?)", &[Json]),
        ("json_valid(?)", &[T]),
        ("? IS date(?)", &[Day, Day]),
        ("length(?) > ?", &[T, I]),
        ("(?, ?) = (?, ?)", &[I, T, I, T]),
        ("(?, ?) < (?, ?)", &[I, I, I, I]),
        ("? COLLATE NOCASE = ?", &[T, T]),
        ("? = ? COLLATE NOCASE", &[T, T]),
        ("? COLLATE NOCASE IN (?, ?)", &[T, T, T]),
        ("? COLLATE NOCASE < ?", &[T, T]),
        ("? COLLATE RTRIM = ?", &[T, T]),
        ("? COLLATE NOCASE IS ?", &[T, T]),
        ("? COLLATE NOCASE BETWEEN ? AND ?", &[T, T, T]),
        ("? BETWEEN ? COLLATE NOCASE AND ?", &[T, T, T]),
        ("? IN (? COLLATE NOCASE)", &[T, T]),
        ("? COLLATE RTRIM NOT IN (?, ?)", &[T, T, T]),
        ("CASE ? COLLATE NOCASE WHEN ? THEN ? END", &[T, T, B]),
        ("+? = ?", &[T, T]),
        ("+? = ?", &[I, T]),
        ("upper(?) = ?", &[T, T]),
        ("? || '' = ?", &[T, T]),
        ("CAST(? AS TEXT) = ?", &[I, T]),
        ("CAST(? AS INTEGER) > ?", &[T, I]),
        ("coalesce(?, ?)", &[B, B]),
        ("CASE WHEN ? THEN ? ELSE ? END", &[B, B, B]),
        ("iif(?, ?, ?)", &[B, B, B]),
        ("? = \"no column\"", &[T]),
        ("? = ? = ?", &[I, I, I]),
    ]
};

const OTHER: &[(Sort, &str, &[Sort])] = {
    use Sort::{Blob, Day, Json, Moment, Text, Truth};
    &[
        (Blob, "CAST(? AS BLOB)", &[Text]),
        (Blob, "coalesce(?, ?)", &[Blob, Blob]),
        (Blob, "substr(?, 1, 1)", &[Blob]),
        (Blob, "iif(?, ?, ?)", &[Truth, Blob, Blob]),
        (Blob, "? || ?", &[Blob, Blob]),
        (Blob, "nullif(?, ?)", &[Blob, Blob]),
        (Day, "date(?)", &[Day]),
        (Day, "coalesce(?, ?)", &[Day, Day]),
        (Day, "max(?, ?)", &[Day, Day]),
        (Day, "date(?, '-1 month')", &[Day]),
        (Day, "nullif(?, ?)", &[Day, Day]),
        (Moment, "coalesce(?, ?)", &[Moment, Moment]),
        (Moment, "datetime(?)", &[Moment]),
        (Moment, "min(?, ?)", &[Moment, Moment]),
        (Moment, "datetime(?, '+1 hour')", &[Moment]),
        (Json, "json(?)", &[Json]),
        (Json, "? -> '$.a'", &[Json]),
        (Json, "coalesce(?, ?)", &[Json, Json]),
    ]
};

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
        use Sort::{Blob, Day, Integer as I, Moment, Real as R, Text as T, Truth as B};
        let forms: &[(&str, &[Sort])] = &[
            ("? >= 0", &[I]),
            ("? > 0.0", &[R]),
            ("? <> ''", &[T]),
            ("? IN (0, 1)", &[B]),
            ("?", &[B]),
            ("NOT ?", &[B]),
            ("? IN ('a', 'b', 'open')", &[T]),
            ("? IN (\"abc\", \"closed\")", &[T]),
            ("? NOT IN ('x', 'y')", &[T]),
            ("? IN (1, 2, 3)", &[I]),
            ("length(?) <= 3", &[T]),
            ("length(?) > 0", &[T]),
            ("length(?) = 2", &[Blob]),
            ("length(trim(?)) > 0", &[T]),
            ("? BETWEEN 0 AND 100", &[I]),
            ("? BETWEEN -1.5 AND 2", &[R]),
            ("? IS NULL OR ? > 0", &[T, I]),
            ("(? IS NULL) = (? IS NULL)", &[T, I]),
            ("(? IS NOT NULL) + (? IS NOT NULL) = 1", &[T, I]),
            ("? % 2 = 0", &[I]),
            ("? / 2 > 1", &[I]),
            ("? + ? < 100", &[I, I]),
            ("? <= ?", &[I, I]),
            ("? <= ?", &[R, I]),
            ("? != ?", &[T, T]),
            ("? <= ?", &[Day, Day]),
            ("? < ?", &[Moment, Moment]),
            ("? LIKE 'A%'", &[T]),
            ("? LIKE 'A\\_%'", &[T]),
            ("? NOT LIKE '%b'", &[T]),
            ("? = lower(?)", &[T, T]),
            ("? = upper(?)", &[T, T]),
            ("trim(?) <> ''", &[T]),
            ("substr(?, 1, 1) = 'A'", &[T]),
            ("typeof(?) = 'integer'", &[I]),
            ("typeof(?) IN ('integer', 'null')", &[I]),
            ("typeof(?) = 'text'", &[T]),
            ("coalesce(?, 0) >= 0", &[I]),
            ("ifnull(?, '') <> 'x'", &[T]),
            ("CASE WHEN ? THEN ? IS NOT NULL ELSE 1 END", &[B, T]),
            ("CASE ? WHEN 'a' THEN ? > 0 ELSE ? <= 0 END", &[T, I, I]),
            ("NOT (? AND ?)", &[B, B]),
            ("? OR ? > 5", &[B, I]),
            ("? = 'a' AND ? = 1 OR ? IS NULL", &[T, I, R]),
            ("round(?, 2) < 10", &[R]),
            ("abs(?) < 50", &[I]),
            ("? = ? OR ? IS NULL", &[T, T, I]),
            ("? & 1 = 0", &[I]),
            ("max(?, ?) < 10", &[I, I]),
            ("? COLLATE NOCASE = 'abc'", &[T]),
            ("instr(?, 'a') = 0", &[T]),
            ("? <> x'00'", &[Blob]),
            ("? || ? <> 'aa'", &[T, T]),
            ("CAST(? AS INTEGER) = ?", &[R, R]),
            ("? > '2020-01-01'", &[Day]),
            ("? >= '2020-01-01 00:00:00'", &[Moment]),
        ];
        let (template, sorts) = *self.dice.pick(forms);
        let children = sorts.iter().map(|sort| self.column(*sort)).collect();
        Node::of(template, children)
    }
}
