//! The one integration binary: one link, one throwaway server, a module per subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

// what was validated is what is migrated
mod approved;
// what surrounds a copy: backup, lock, hooks, deadline
mod around;
// the walls between the rooms
mod architecture;
// `copy --validate` as an assessment
mod assessment;
// whatever stands against a copy is found, with a way out that works
mod blockers;
// SQLite input, expected target: one directory each
mod cases;
// cutover.toml
mod configuration;
// real databases of other people
mod corpus;
// planted differences, each told by row and column
mod differences;
// every option, exit code and finding is documented, and no other
mod documented;
// the local server behind `--to embedded`
mod embedded;
// what the encoders send is what the server reads from its own text form
mod encode_oracle;
// the example application's two files, moved
mod example;
// what its audit found: a server without two of its migrations
mod example_audit;
// its migrations: in pairs, both ending at its whole schemas
mod example_migrations;
// the example application's schema in both dialects
mod example_schema;
// tables that an application made in the target
mod existing;
// generated expressions mean the same on both sides, or are refused
mod expressions;
// the catalogue of faults, by number
mod faults;
// the fuzz targets over their corpora
mod fuzz_corpus;
// what is said to be kept of a value is kept
mod levels;
// what is taken from a copy afterwards, around its rows
mod lost_objects;
// what Django and SQLAlchemy made, on both sides
mod frameworks;
// memory is bounded by the largest value
mod memory;
// what the encoders accept, the digest decodes to the same value
mod round_trip;
// random changes of single cells and rows, each found and named
mod mutations;
// the cases of the specification's table, by number
mod numbered;
// the README's quick start and the examples of every help text
mod newcomer;
mod objects;
mod other_tools;
// tables that are made in partitions
mod partitioned;
// what is refused, and how it is said
mod refusals;
// an application's own queries on both sides
mod queries;
// what differs is copied again
mod repair;
// what a migration will take, and that nothing of finding out stays
mod rehearsal;
// the page and the Markdown, also in a browser
mod reports;
// runs that are killed, stopped, repeated, fenced
mod resume;
// the commands of the runbook, one after the other
mod runbook;
// schemas compared, and mended
mod schema_diff;
// the DDL of a copy as a script
mod schema_show;
// rows that a policy keeps out, whole, and their children
mod set_aside;
// throwaway server, SQLite files, the built program
mod support;
// migrations in pairs
mod migrations;
// scripts in SQLite's words, and what becomes of them
mod scripts;
// what the server would change without a word, refused before the first write
mod silent;
// the built program in a real terminal
mod terminal;
// where the time went
mod timing;
// sslmode, certificates, logins
mod tls;
// progress that nobody reads
mod unread;
// what is sent of a date, a time or an interval is what is read back
mod values_of_time;
// views that are carried show the same rows, the others are listed
mod views;
// a validation says what a migration does
mod validated;
// planted differences, each found
mod verify;
// COPYs on the connection that the driver lends
mod wire;
