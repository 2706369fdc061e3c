//! Views: what PostgreSQL can mean the same way is made after the data, the rest is listed (semantics.md §3.8).

use super::Step;
use crate::catalog::Catalog;
use crate::finding::NotCarried;

/// Plans the views of the source.
pub(super) fn plan(catalog: &Catalog, not_carried: &mut Vec<NotCarried>) -> Vec<Step> {
    for view in &catalog.views {
        let why = "views are not translated: create it in the target from the SQL given here".to_owned();
        let (kind, name) = ("view".to_owned(), view.name.clone());
        not_carried.push(NotCarried { kind, name, table: None, why, sql: view.sql.clone() });
    }
    Vec::new()
}
