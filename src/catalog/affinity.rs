//! Declared type → affinity, by SQLite's own five rules (SQLite manual, "Datatypes in SQLite", §3.1).

/// What SQLite does to a value on its way into a column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Affinity {
    /// INTEGER
    Integer,
    /// TEXT
    Text,
    /// BLOB, also called none: values stay as they are
    #[default]
    Blob,
    /// REAL
    Real,
    /// NUMERIC
    Numeric,
}

impl Affinity {
    /// The affinity of a declared type. `ANY` keeps values as they are in a STRICT table only.
    pub fn of(declared: &str, strict: bool) -> Affinity {
        let upper = declared.to_ascii_uppercase();
        let has = |part: &str| upper.contains(part);
        // SQLite's blanks are those of ASCII: a no-break space is a letter to it.
        let bare = upper.trim_ascii();
        if strict && bare == "ANY" {
            Affinity::Blob
        } else if has("INT") {
            Affinity::Integer
        } else if has("CHAR") || has("CLOB") || has("TEXT") {
            Affinity::Text
        } else if has("BLOB") || bare.is_empty() {
            Affinity::Blob
        } else if has("REAL") || has("FLOA") || has("DOUB") {
            Affinity::Real
        } else {
            Affinity::Numeric
        }
    }

    /// Whether a text that looks like a number becomes one on its way in, so that text and number cannot be confused.
    pub fn converts_numbers(self) -> bool {
        matches!(self, Affinity::Integer | Affinity::Real | Affinity::Numeric)
    }
}

/// The name of a declared type: upper case, one space between words, without what stands in parentheses.
pub fn type_name(declared: &str) -> String {
    let name = declared.split('(').next().unwrap_or_default();
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The traps of semantics.md §1.1 and the table of SQLite's manual.
    #[test]
    fn affinity_follows_sqlites_rules() {
        let table: &[(Affinity, &[&str])] = &[
            (
                Affinity::Integer,
                &[
                    "INT",
                    "BIGINT",
                    "UNSIGNED BIG INT",
                    "POINT",
                    "FLOATING POINT",
                    "INTERVAL",
                    "CHARINT",
                    "DATETIME_INT",
                ],
            ),
            (
                Affinity::Text,
                &["VARCHAR(255)", "NCHAR(55)", "CLOB", "DATE_TEXT", "TEXTBLOB", "DOUBLECHAR", "CITEXT"],
            ),
            (Affinity::Blob, &["", "BLOB", "LONGBLOB", "   "]),
            (Affinity::Real, &["REAL", "DOUBLE PRECISION", "FLOAT(8)", "float"]),
            (
                Affinity::Numeric,
                &[
                    "STRING",
                    "BYTEA",
                    "BOOLEAN",
                    "DATE",
                    "DATETIME",
                    "JSON",
                    "UUID",
                    "MONEY",
                    "DECIMAL(10,5)",
                    "ANY",
                ],
            ),
        ];
        for (affinity, names) in table {
            for name in *names {
                assert_eq!(Affinity::of(name, false), *affinity, "{name}");
            }
        }
        assert_eq!(Affinity::of("any", true), Affinity::Blob);
        assert_eq!(
            Affinity::of("\u{a0}", false),
            Affinity::Numeric,
            "a type of one character that is no blank to SQLite"
        );
    }

    #[test]
    fn type_names_lose_their_arguments() {
        assert_eq!(type_name(" unsigned  big int (10)"), "UNSIGNED BIG INT");
        assert_eq!(type_name("my odd (type)"), "MY ODD");
    }
}
