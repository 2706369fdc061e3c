//! Keys of an index that are more than columns: expressions, conditions, and hashes of values that are too long (semantics.md
//! §3.7).

use super::keys::{KEY_HEADER_BYTES, Keys, directed};
use super::names::Names;
use super::types::{Level, PgType};
use super::{Step, StepKind, ddl, overflow, scope, translate};
use crate::catalog::expr::Expr;
use crate::catalog::walk::walk;
use crate::catalog::{Index, IndexKey};
use crate::limits::{INDEX_COLUMNS_MAX, INDEX_KEY_BYTES_MAX};

/// Columns whose longest value is longer are hashed where a key is too long: 32 of them still fit into one.
const HASHED_BYTES_MIN: u64 = 64;
/// Bytes that a hash takes in a key, with its header: md5() is 32 characters, sha256() 32 bytes.
const HASH_BYTES: u64 = 36;

/// A CREATE INDEX in PostgreSQL's words.
#[derive(Debug)]
pub(super) struct Parts {
    /// its keys with their directions
    pub keys: Vec<String>,
    /// its WHERE
    pub condition: Option<String>,
    /// why its keys are hashes, where they are
    pub hashed: Option<String>,
}

impl Keys<'_> {
    /// The parts of an index that the source created by name.
    pub(super) fn parts(&self, index: &Index) -> Result<Parts, String> {
        let columns: Vec<usize> = index.keys.iter().filter_map(|key| key.column).collect();
        let is_plain = columns.len() == index.keys.len();
        let condition = self.condition(index)?;
        if index.unique {
            self.why_not_unique(&columns).map_or(Ok(()), Err)?;
            self.keeps_apart(index, is_plain)?;
        }
        let keys = index.keys.iter().map(|key| self.key(index, key)).collect::<Result<Vec<_>, _>>()?;
        let added = if index.unique { self.added(&columns) } else { 0 };
        let too_large = match is_plain {
            true => self.why_too_large(&columns, added),
            false => self.why_expression_too_large(index),
        };
        let Some(why) = too_large else { return Ok(Parts { keys, condition, hashed: None }) };
        match self.hashed_keys(&columns, Some(index)).filter(|_| index.unique && is_plain) {
            Some(keys) => Ok(Parts { keys, condition, hashed: Some(why) }),
            None => Err(why),
        }
    }

    fn condition(&self, index: &Index) -> Result<Option<String>, String> {
        if !index.partial {
            return Ok(None);
        }
        let without = "without its WHERE it would be another index";
        let filter =
            index.filter.as_ref().ok_or_else(|| format!("its WHERE could not be read, and {without}"))?;
        let found = translate::index_condition(filter, &scope::of_table(self.table, self.columns));
        let found = found.and_then(|found| self.computed(filter).map(|()| Some(found.sql)));
        found.map_err(|why| format!("its WHERE: {why}; {without}"))
    }

    fn computed(&self, expr: &Expr) -> Result<(), String> {
        overflow::reason(self.table, self.profile, expr).map_or(Ok(()), Err)
    }

    fn key(&self, index: &Index, key: &IndexKey) -> Result<String, String> {
        if let Some(column) = key.column {
            return Ok(directed(&self.folded(column, &key.collation), key));
        }
        let expr = key.expr.as_ref().ok_or("an expression of it could not be read")?;
        let bare = if let Expr::Collate(inner, _) = expr { inner } else { expr };
        if is_constant(bare) {
            return Err(format!(
                "a key of it is a constant: in \"{}\", a name in quotes that no column has is a text to SQLite",
                index.name
            ));
        }
        if !matches!(key.collation.as_str(), "BINARY" | "NOCASE" | "RTRIM") {
            return Err(format!("it is ordered by the application's own collation {}", key.collation));
        }
        let found = translate::index_key(expr, &scope::of_table(self.table, self.columns))?;
        self.computed(expr)?;
        if found.mapping.pg == PgType::Json {
            return Err("json has no order".to_owned());
        }
        Ok(directed(&format!("({})", found.sql), key))
    }

    /// What the source keeps apart must stay apart in the target: with a WHERE or an expression that is known only where
    /// the columns are what they were.
    fn keeps_apart(&self, index: &Index, is_plain: bool) -> Result<(), String> {
        if is_plain && !index.partial {
            return Ok(());
        }
        let mut columns: Vec<usize> = index.keys.iter().filter_map(|key| key.column).collect();
        let expressions = index.keys.iter().filter_map(|key| key.expr.as_ref());
        columns.extend(expressions.flat_map(|expr| scope::mentioned(self.table, expr)));
        let lost =
            |&column: &usize| self.may_meet[column] || (!is_plain && self.columns[column].level > Level::E1);
        // A changed value may bring a row under the WHERE that was not there.
        let of_filter = index.filter.iter().flat_map(|filter| scope::mentioned(self.table, filter));
        let mut changed = of_filter.filter(|&column| self.columns[column].level == Level::Loss);
        match columns.into_iter().find(lost).or_else(|| changed.next()) {
            Some(column) => Err(format!(
                "values of column \"{}\" that the source keeps apart may be equal in the target",
                self.table.columns[column].name
            )),
            None => Ok(()),
        }
    }

    /// Keys of expressions are not measured: they are as long as the longest values that they are made of.
    fn why_expression_too_large(&self, index: &Index) -> Option<String> {
        if index.keys.len() > INDEX_COLUMNS_MAX {
            return Some(format!(
                "{} key columns; PostgreSQL takes {INDEX_COLUMNS_MAX} (E_INDEX_32)",
                index.keys.len()
            ));
        }
        let longest = |column: usize| self.longest(column);
        let bytes: u64 = index
            .keys
            .iter()
            .map(|key| match (key.column, &key.expr) {
                (Some(column), _) => longest(column),
                (None, Some(expr)) => self.expression_bytes(expr, &longest),
                (None, None) => 0,
            })
            .sum();
        let bytes = KEY_HEADER_BYTES + bytes;
        (bytes > INDEX_KEY_BYTES_MAX).then(|| {
            format!(
                "keys of up to {bytes} bytes; a btree key has at most {INDEX_KEY_BYTES_MAX} (E_INDEX_2704)"
            )
        })
    }

    fn expression_bytes(&self, expr: &Expr, longest: &impl Fn(usize) -> u64) -> u64 {
        let (mut bytes, mut times) = (16, 1);
        walk(expr, &mut |part| match part {
            Expr::Name { name, .. } => bytes += self.table.column_index(name).map_or(0, longest),
            Expr::Text(text) => bytes += text.len() as u64,
            // What may give more than it is given.
            Expr::Call(call)
                if matches!(call.name.as_str(), "hex" | "quote" | "replace" | "printf" | "format") =>
            {
                times = 2;
            }
            _ => {}
        });
        bytes * times
    }

    /// A unique index over hashes of the long columns of a key; none where that does not help. NULL hashes to NULL, which
    /// is equal to nothing on both sides.
    pub(super) fn hashed_key(
        &self,
        key: &[usize],
        index: Option<&Index>,
        wanted: &str,
        names: &mut Names,
    ) -> Option<Step> {
        let mut keys = self.hashed_keys(key, index)?;
        keys.extend(self.partition_key(key));
        let name = names.take(wanted);
        let sql = ddl::create_index(self.schema, self.target, &name, true, &keys);
        Some(Step { kind: StepKind::Unique, object: name, sql })
    }

    /// `sha256(convert_to(c, 'UTF8'))` is not immutable to PostgreSQL, so text goes through md5().
    fn hashed_keys(&self, key: &[usize], index: Option<&Index>) -> Option<Vec<String>> {
        if key.len() > INDEX_COLUMNS_MAX {
            return None;
        }
        let (mut keys, mut total) = (Vec::new(), 0);
        for (place, &column) in key.iter().enumerate() {
            let bytes = self.profile.columns[column].max_bytes;
            let part = index.and_then(|index| index.keys.get(place));
            let collation =
                part.map_or(self.table.columns[column].collation.as_str(), |part| &part.collation);
            let plain = self.folded(column, collation);
            let hash = match self.columns[column].mapping.pg {
                PgType::Text | PgType::Varchar(_) => "md5",
                PgType::Bytea => "sha256",
                _ => "",
            };
            let is_hashed = bytes > HASHED_BYTES_MIN && !hash.is_empty();
            total += if is_hashed { HASH_BYTES } else { bytes.max(8) + 8 };
            keys.push(if is_hashed { format!("{hash}({plain})") } else { plain });
        }
        (KEY_HEADER_BYTES + total <= INDEX_KEY_BYTES_MAX).then_some(keys)
    }
}

/// A text or number, and what SQLite takes for one: a name that no column has.
fn is_constant(expr: &Expr) -> bool {
    matches!(expr, Expr::Name { .. } | Expr::Text(_) | Expr::Number(_) | Expr::Blob(_) | Expr::Null)
}
