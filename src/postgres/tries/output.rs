//! What is asked of each try, over the rows `t`.

use super::{Try, TryKind};
use crate::ident::quote;
use crate::limits::INDEX_KEY_BYTES_MAX;

/// The columns of the answer to `one`: of a unique key the hashes of all rows' keys; else how many rows do not meet it, and
/// the numbers of the first. A CASE keeps what is asked of some rows from being evaluated for the others.
pub(super) fn output(one: &Try, number: &str) -> String {
    let rows = one.rows.as_deref().unwrap_or("true");
    if one.kind == TryKind::Unique {
        let key = hash(one);
        return format!("array_agg(CASE WHEN {rows} THEN {key} END ORDER BY t.{number})");
    }
    if one.kind == TryKind::Length {
        return long_keys(one, rows, number);
    }
    let bad = format!("CASE WHEN {rows} THEN {} ELSE false END", refused(one));
    format!(
        "count(*) FILTER (WHERE {bad}), (array_agg(t.{number} ORDER BY t.{number}) FILTER (WHERE {bad}))[1:5]"
    )
}

fn hash(one: &Try) -> String {
    let keys = one.keys.join(", ");
    let is_set = one.keys.iter().filter(|_| !one.nulls_equal).map(|key| format!(" AND {key} IS NOT NULL"));
    let is_set: String = is_set.collect();
    format!("CASE WHEN ({}){is_set} THEN hash_record_extended(ROW({keys}), 0) END", one.expression)
}

/// Rows whose key is long as it is, with its parts: what compression makes of them, no query tells.
fn long_keys(one: &Try, rows: &str, number: &str) -> String {
    let sizes = one.keys.iter().map(|key| format!("coalesce(pg_column_size({key}), 0)"));
    let sizes: Vec<String> = sizes.collect();
    let overhead = KEY_OVERHEAD_BYTES + PART_OVERHEAD_BYTES * one.keys.len() as u64;
    let least = INDEX_KEY_BYTES_MAX.saturating_sub(overhead);
    let is_long = format!(
        "CASE WHEN {rows} THEN CASE WHEN ({}) THEN {} > {least} ELSE false END ELSE false END",
        one.expression,
        sizes.join(" + ")
    );
    let all = |what: &str| format!("array_agg({what} ORDER BY t.{number}) FILTER (WHERE {is_long})");
    let parts = one.keys.iter().zip(&one.others).map(|(key, form)| {
        let bytes = match form.rsplit(' ').next() {
            Some("text") => format!("textsend({key}::text)"),
            Some("bytea") => key.clone(),
            _ => "NULL::bytea".to_owned(),
        };
        format!(", {}, {}", all(&bytes), all(&format!("pg_column_size({key})")))
    });
    format!("{}{}", all(&format!("t.{number}")), parts.collect::<String>())
}

/// What an index row has beside its values, and what each may have beside its own bytes.
const KEY_OVERHEAD_BYTES: u64 = 24;
const PART_OVERHEAD_BYTES: u64 = 8;

/// True of a row that does not meet it.
fn refused(one: &Try) -> String {
    let own = || one.columns.iter().flatten().map(|name| format!("t.{}", quote(name)));
    let only = || own().next().unwrap_or_default();
    match one.kind {
        TryKind::Check => format!("({}) IS FALSE", one.expression),
        TryKind::Domain => {
            format!("(SELECT ({}) IS FALSE FROM (SELECT {} AS value) AS v)", one.expression, only())
        }
        TryKind::Partition => format!("({}) IS NOT TRUE", one.expression),
        TryKind::NotNull => format!("({}) IS NULL", one.expression),
        TryKind::Generated => generated(one),
        TryKind::Index => {
            format!(
                "(CASE WHEN ({}) THEN {} ELSE false END)",
                one.expression,
                evaluated(&one.keys.join(", "))
            )
        }
        TryKind::Statistics => evaluated(&one.keys.join(", ")),
        TryKind::Parent => {
            let is_set: Vec<String> = own().map(|name| format!("{name} IS NOT NULL")).collect();
            let pairs = one.keys.iter().zip(own());
            let pairs: Vec<String> = pairs.map(|(key, own)| format!("p.{} = {own}", quote(key))).collect();
            format!(
                "({} AND NOT EXISTS (SELECT 1 FROM {} AS p WHERE {}))",
                is_set.join(" AND "),
                one.expression,
                pairs.join(" AND ")
            )
        }
        TryKind::Taken => {
            let equal = if one.nulls_equal { "IS NOT DISTINCT FROM" } else { "=" };
            let names = one.columns.iter().flatten().map(|name| quote(name));
            let pairs: Vec<String> = names.map(|name| format!("k.{name} {equal} t.{name}")).collect();
            format!("EXISTS (SELECT 1 FROM {} AS k WHERE {})", one.expression, pairs.join(" AND "))
        }
        TryKind::Unique | TryKind::Length | TryKind::Items | TryKind::Exclusion => "false".to_owned(),
    }
}

/// False, once all of `values` have been computed.
fn evaluated(values: &str) -> String {
    format!("num_nulls({values}) > {MORE_THAN_KEYS}")
}

/// More than an index has parts.
const MORE_THAN_KEYS: usize = 1000;

/// A cast cuts what an assignment refuses: a text that is too long by more than spaces.
fn generated(one: &Try) -> String {
    let of_type = one.others.first().map_or("text", String::as_str);
    let computed = evaluated(&format!("({})::{of_type}", one.expression));
    let length = of_type.strip_prefix("character varying(").or_else(|| of_type.strip_prefix("character("));
    match length.and_then(|rest| rest.strip_suffix(')')?.parse::<u32>().ok()) {
        Some(length) => format!("({computed} OR length(rtrim(({})::text)) > {length})", one.expression),
        None => computed,
    }
}
