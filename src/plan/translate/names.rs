//! Names: columns, and what else SQLite takes a name for.

use super::literal::Constant;
use super::term::{Binding, Collation, Kind, Looks, Made, Term};
use super::{Reason, Relation, Room, Scope, ScopeColumn};
use crate::catalog::expr::Quote;
use crate::ident;
use crate::plan::types::{Codec, PgType};

/// What a name stands for.
pub(super) fn name(room: &Room<'_>, table: Option<&str>, name: &str, quote: Quote) -> Made {
    match find(room.scope, table, name)? {
        Some((relation, column)) => column_term(room, relation, column),
        None => no_column(room, table, name, quote),
    }
}

/// The column that a name means: of this query, else of the one around it.
///
/// # Errors
/// More than one column is called so.
pub(super) fn find<'s>(
    scope: &'s Scope<'_>,
    table: Option<&str>,
    name: &str,
) -> Result<Option<(&'s Relation, &'s ScopeColumn)>, Reason> {
    let of_table = |relation: &&Relation| table.is_none_or(|table| relation.name.eq_ignore_ascii_case(table));
    let mut found = scope.relations.iter().filter(of_table).filter_map(|relation| {
        let column = relation.columns.iter().find(|column| column.source.eq_ignore_ascii_case(name))?;
        Some((relation, column))
    });
    match (found.next(), found.next(), scope.outer) {
        (Some(_), Some(_), _) => Err(format!("the name \"{name}\", which more than one table has")),
        (Some(one), None, _) => Ok(Some(one)),
        (None, _, Some(outer)) => find(outer, table, name),
        (None, _, None) => Ok(None),
    }
}

/// SQLite takes a name in double quotes for a text where no column is called so; in a DEFAULT, which names no column, a name
/// in any quotes and in none (semantics.md §3.6).
fn no_column(room: &Room<'_>, table: Option<&str>, name: &str, quote: Quote) -> Made {
    let is_text = quote == Quote::Double || room.is_default();
    let lower = name.to_ascii_lowercase();
    match (table, quote, lower.as_str()) {
        (None, Quote::None, "true") => Term::constant(Constant::Integer(1)),
        (None, Quote::None, "false") => Term::constant(Constant::Integer(0)),
        (None, _, _) if is_text => Term::constant(Constant::Text(name.to_owned())),
        (_, _, "rowid" | "oid" | "_rowid_") => Err("the row's hidden rowid".to_owned()),
        _ => Err(format!("the name \"{name}\", which no column has")),
    }
}

/// A column's name in the target.
pub(super) fn column_sql(relation: &Relation, column: &ScopeColumn) -> String {
    let name = ident::quote(&column.target);
    match &relation.qualifier {
        Some(qualifier) => format!("{qualifier}.{name}"),
        None => name,
    }
}

/// A column as a term. Types that compare or compute otherwise than the one of their kind are cast to it.
fn column_term(room: &Room<'_>, relation: &Relation, column: &ScopeColumn) -> Made {
    if matches!(column.mapping.codec, Codec::Only(..)) {
        return Err(format!("the column \"{}\", which is split into several", column.source));
    }
    let sql = column_sql(relation, column);
    let (sql, binding) = match column.mapping.pg {
        PgType::Float4 => (format!("{sql}::pg_catalog.float8"), Binding::Atom),
        PgType::Char(_) | PgType::Citext => (format!("{sql}::pg_catalog.text"), Binding::Atom),
        _ => (sql, Binding::Atom),
    };
    let kind = Kind::of_mapping(&column.mapping);
    // A column of numbers has made one of every text that looks like one.
    let looks = if column.affinity.converts_numbers() { Looks::NoNumber } else { Looks::Unknown };
    Ok(Term {
        binding,
        by_double: room.scope.by_double && matches!(kind, Kind::Number | Kind::Double),
        affinity: Some(column.affinity),
        collation: Some(Collation { name: column.collation.to_ascii_uppercase(), explicit: false }),
        nullable: column.nullable,
        looks,
        ..Term::bare(sql, kind)
    })
}
