//! The views of real databases.

use super::moved;
use crate::corpus::{copy_of, shared};
use crate::support::postgres::Server;
use rusqlite::Connection;

/// Files with views, how many of them are carried, and how many are not. Those name functions of the application (calibre),
/// add texts as if they were numbers (northwind's Invoices), or unite a column of BLOBs with one that has no value.
const FILES: [(&str, usize, usize); 5] = [
    ("calibre-tests.sqlite", 9, 12),
    ("datasette-fixtures.sqlite", 4, 0),
    ("ds-spatialite.sqlite", 6, 0),
    ("northwind-big.sqlite", 16, 1),
    ("win-activitiescache.sqlite", 0, 1),
];

#[test]
fn views_of_real_databases_show_the_same_rows() {
    let (Some(server), Some(shared)) = (Server::available(), shared()) else { return };
    let mut problems = Vec::new();
    let only = std::env::var("CUTOVER_VIEWS_OF").unwrap_or_default();
    for (file, carried, left) in FILES.into_iter().filter(|(file, ..)| file.contains(&only)) {
        let (_dir, copy) = copy_of(&shared.join("corpus").join(file));
        let moved = moved(server, &copy, &[]);
        let source = Connection::open(&copy).unwrap();
        match moved.compare(&source) {
            Ok(rows) => eprintln!("{file}: {rows:?}"),
            Err(difference) => problems.push(format!("{file}: {difference}")),
        }
        if (moved.made.len(), moved.left.len()) != (carried, left) {
            problems.push(format!("{file}: {} carried; left: {:#?}", moved.made.len(), moved.left));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
