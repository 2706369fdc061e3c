//! Sources of a few hundred rows, so that a run is short and a loop may make many.

use crate::faults::invariants::Faults;
use crate::resume::world::{Target, World};

/// Some rows for each of the tables of `resume::world`.
pub(super) const ROWS: &str = "
    WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 90) INSERT INTO n SELECT n FROM c;
    INSERT INTO customer (email, name, created, active)
        SELECT 'user' || n || '@example.org', iif(n % 7 = 0, NULL, 'Ünï ' || n),
               strftime('%Y-%m-%dT%H:%M:%SZ', 1700000000 + n * 61, 'unixepoch'), n % 2 FROM n WHERE n <= 50;
    INSERT INTO category SELECT n, iif(n > 10, n / 10, NULL), 'label ' || n FROM n WHERE n <= 20;
    INSERT INTO orders SELECT n, n % 50 + 1, iif(n % 5 = 0, NULL, n % 20 + 1), n / 8.0, 'note ' || n || char(10) FROM n;
    INSERT INTO setting SELECT 'key ' || n, '{\"n\": ' || n || '}' FROM n WHERE n <= 15;
    INSERT INTO event SELECT strftime('%Y-%m-%d %H:%M:%S', 1600000000 + n, 'unixepoch'), 'event ' || n % 13, n
        FROM n WHERE n <= 60;
    INSERT INTO file SELECT n, 'file ' || n, randomblob(30000) FROM n WHERE n <= 4;
    DROP TABLE n;
";

/// Chunks commit one by one; the first failure is the last.
pub(super) const BY_CHUNK: [&str; 6] = ["--chunk-rows", "40", "--chunk-bytes", "64KiB", "--retry-for", "0"];

/// A small source in chunks of its own.
pub(super) fn by_chunk(target: Target) -> Option<Faults> {
    Some(Faults::in_world(World::of(ROWS, &BY_CHUNK)?, target))
}

/// The same, and what can pass is tried again.
#[cfg(feature = "failpoints")]
pub(super) fn with_patience(target: Target) -> Option<Faults> {
    Some(Faults::in_world(World::of(ROWS, &BY_CHUNK[..4])?, target))
}

/// The same where nothing says the size of a chunk: small tables share a transaction.
pub(super) fn together(target: Target) -> Option<Faults> {
    Some(Faults::in_world(World::of(ROWS, &["--retry-for", "0"])?, target))
}
