//! One query's FROM as names are looked up in it, by SQLite's own rules (`lookupName` in its resolve.c): columns first, then
//! the rowid, then names given to results, then the query around it, and what is in double quotes and still unknown is a
//! text.

use super::known::Field;
use super::walk::{any, map_children};
use crate::catalog::expr::{Call, Expr, Quote, UnaryOp};
use crate::catalog::select::JoinKind;
use crate::ident::quote;
use crate::plan::translate::{Reason, Relation, Scope, ScopeColumn};

/// One query while it is translated.
#[derive(Debug, Default)]
pub(super) struct Level<'a> {
    /// what expressions are translated in: one relation for each item, under a name that nothing else of the view has
    pub scope: Scope<'a>,
    /// the tables of the FROM
    pub items: Vec<Item>,
    /// names given to results, with their expressions in bound form
    pub aliases: Vec<(String, Expr)>,
    /// names of the queries around it that its subqueries and they name: subquery, and its free names
    pub free: Vec<(Expr, Vec<Column>)>,
    /// names of the queries around it that subqueries in its FROM name
    pub around: Vec<Column>,
    /// the query around it
    pub above: Option<&'a Level<'a>>,
}

/// A column by its relation's name and its own.
pub(super) type Column = (String, String);

/// One table of a FROM.
#[derive(Debug, Default)]
pub(super) struct Item {
    /// what the query calls it
    pub name: Option<String>,
    pub fields: Vec<Field>,
    pub keys: Vec<Vec<usize>>,
    pub nullable_keys: Vec<Vec<usize>>,
    pub single: bool,
    pub rowid: Option<Option<usize>>,
    /// columns that USING or NATURAL joins it by
    pub using: Vec<String>,
    /// how it is joined
    pub kind: Option<JoinKind>,
}

impl Item {
    /// Whether it has a column of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| is(field.name.as_deref(), name))
    }
}

impl<'a> Level<'a> {
    pub(super) fn within(above: Option<&'a Level<'a>>) -> Level<'a> {
        let scope = Scope { outer: above.map(|above| &above.scope), by_double: true, ..Scope::default() };
        Level { scope, above, ..Level::default() }
    }

    /// Adds a table that the target calls `alias`.
    pub(super) fn add(&mut self, alias: &str, item: Item) {
        let columns: Vec<ScopeColumn> =
            item.fields.iter().filter_map(|field| field.column.as_ref().ok().cloned()).collect();
        let qualifier = Some(quote(alias));
        self.scope.relations.push(Relation { name: alias.to_owned(), qualifier, columns });
        self.items.push(item);
    }

    /// The items from `start` to `end` may be missing from a row of the join.
    pub(super) fn may_be_missing(&mut self, items: std::ops::Range<usize>) {
        let relations = &mut self.scope.relations[items];
        relations.iter_mut().flat_map(|relation| &mut relation.columns).for_each(|c| c.nullable = true);
    }

    /// The expression with every name bound to one relation.
    pub(super) fn bind(&self, expr: &Expr) -> Result<Expr, Reason> {
        match expr {
            Expr::Name { table, name, quote } => self.bind_name(expr, table.as_deref(), name, *quote),
            Expr::Other(why) => Err((*why).to_owned()),
            other => map_children(other, &mut |child| self.bind(child)),
        }
    }

    fn bind_name(&self, expr: &Expr, table: Option<&str>, name: &str, quote: Quote) -> Result<Expr, Reason> {
        let mut level = Some(self);
        let mut unnamed = false;
        while let Some(here) = level {
            if let Some(found) = here.look_up(table, name)? {
                return Ok(found);
            }
            unnamed |= here.items.iter().any(|item| item.fields.iter().any(|field| field.name.is_none()));
            level = here.above;
        }
        let shown = table.map_or_else(|| name.to_owned(), |table| format!("{table}.{name}"));
        let truth = name.eq_ignore_ascii_case("true") || name.eq_ignore_ascii_case("false");
        match (table, quote) {
            (None, Quote::None) if truth => Ok(expr.clone()),
            _ if unnamed => Err(format!("{shown} may be a column that has no name but its expression")),
            (None, Quote::Double) => Ok(Expr::Text(name.to_owned())),
            _ => Err(format!("there is no column {shown} that is copied")),
        }
    }

    /// The name at this level alone.
    fn look_up(&self, table: Option<&str>, name: &str) -> Result<Option<Expr>, Reason> {
        let called = |item: &Item| table.is_none_or(|t| is(item.name.as_deref(), t));
        let items: Vec<usize> = (0..self.items.len()).filter(|&i| called(&self.items[i])).collect();
        if let Some(found) = self.column(&items, name)? {
            return Ok(Some(found));
        }
        if let Some(found) = self.rowid(&items, name)? {
            return Ok(Some(found));
        }
        let alias =
            self.aliases.iter().find(|(alias, _)| table.is_none() && alias.eq_ignore_ascii_case(name));
        Ok(alias.map(|(_, expr)| expr.clone()))
    }

    /// The column of that name in those items. Of columns that USING joins, an inner join and a left one show the left one,
    /// a right join the right one, a full join whichever is there.
    pub(super) fn column(&self, items: &[usize], name: &str) -> Result<Option<Expr>, Reason> {
        let mut found: Vec<Expr> = Vec::new();
        for &index in items {
            let item = &self.items[index];
            let Some(field) = item.fields.iter().position(|field| is(field.name.as_deref(), name)) else {
                continue;
            };
            let joined = item.using.iter().any(|using| using.eq_ignore_ascii_case(name));
            match item.kind {
                _ if found.is_empty() => {}
                _ if !joined => return Err(format!("the column name {name} is ambiguous")),
                Some(JoinKind::Right) => found.clear(),
                Some(JoinKind::Full) => {}
                _ => continue,
            }
            found.push(self.field(index, field)?);
        }
        if found.len() < 2 {
            return Ok(found.pop());
        }
        let coalesce = Call {
            name: "coalesce".to_owned(),
            distinct: false,
            star: false,
            arguments: found,
            order_by: Vec::new(),
            filter: None,
            over: false,
        };
        Ok(Some(Expr::Call(Box::new(coalesce))))
    }

    /// One column in bound form.
    pub(super) fn field(&self, item: usize, field: usize) -> Result<Expr, Reason> {
        let column = self.items[item].fields[field].column.as_ref().map_err(Clone::clone)?;
        let table = Some(self.scope.relations[item].name.clone());
        let name = Expr::Name { table, name: column.source.clone(), quote: Quote::None };
        // A plus takes away the affinity, and leaves the collation.
        let computed = self.items[item].fields[field].computed;
        Ok(if computed { Expr::Unary(UnaryOp::Plus, Box::new(name)) } else { name })
    }

    fn rowid(&self, items: &[usize], name: &str) -> Result<Option<Expr>, Reason> {
        let is_rowid = ["rowid", "_rowid_", "oid"].iter().any(|word| word.eq_ignore_ascii_case(name));
        let tables: Vec<(usize, Option<usize>)> =
            items.iter().filter_map(|&i| Some((i, self.items[i].rowid?))).collect();
        match tables.as_slice() {
            [] => Ok(None),
            _ if !is_rowid => Ok(None),
            [(item, Some(field))] => self.field(*item, *field).map(Some),
            _ => Err("it names the rowid, which the target does not have".to_owned()),
        }
    }

    /// What is known of a bound name, here or around.
    pub(super) fn known(&self, column: (&str, &str)) -> Option<&ScopeColumn> {
        let here = self.scope.relations.iter().find(|relation| relation.name == column.0);
        match here {
            Some(relation) => relation.columns.iter().find(|known| known.source == column.1),
            None => self.above?.known(column),
        }
    }

    /// Whether that relation is one of this query's own.
    pub(super) fn owns(&self, relation: &str) -> bool {
        self.scope.relations.iter().any(|own| own.name == relation)
    }

    /// The collation that a comparison takes from a bound expression (SQLite manual, "Datatypes in SQLite", §7.1).
    pub(super) fn collation(&self, expr: &Expr) -> String {
        match expr {
            Expr::Name { table: Some(table), name, .. } => {
                self.known((table, name)).map_or("BINARY", |column| column.collation.as_str()).to_owned()
            }
            Expr::Collate(_, name) => name.clone(),
            Expr::Cast { operand: one, .. } | Expr::Unary(UnaryOp::Plus, one) => self.collation(one),
            other => explicit(other).unwrap_or("BINARY").to_owned(),
        }
    }
}

/// The first COLLATE within an expression.
fn explicit(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Collate(_, name) => Some(name),
        other => super::walk::children(other).into_iter().find_map(explicit),
    }
}

/// A column that is an expression of a subquery is bound with a plus before it.
pub(super) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Unary(UnaryOp::Plus, inner) => inner,
        other => other,
    }
}

/// Whether it says COLLATE anywhere.
pub(super) fn has_collate(expr: &Expr) -> bool {
    any(expr, &|one| matches!(one, Expr::Collate(..)))
}

fn is(name: Option<&str>, wanted: &str) -> bool {
    name.is_some_and(|name| name.eq_ignore_ascii_case(wanted))
}
