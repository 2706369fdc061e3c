//! The one integration binary: one link, one throwaway server, a module per subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

// the walls between the rooms
mod architecture;
// SQLite input, expected target: one directory each
mod cases;
// real databases of other people
mod corpus;
// every option, exit code and finding is documented, and no other
mod documented;
// the local server behind `--to embedded`
mod embedded;
// what the encoders send is what the server reads from its own text form
mod encode_oracle;
// the example application's two files, moved
mod example;
// the example application's schema in both dialects
mod example_schema;
// tables that an application made in the target
mod existing;
// the fuzz targets over their corpora
mod fuzz_corpus;
// memory is bounded by the largest value
mod memory;
// what is refused, and how it is said
mod refusals;
// runs that are killed, stopped, repeated, fenced
mod resume;
// throwaway server, SQLite files, the built program
mod support;
// sslmode, certificates, logins
mod tls;
// planted differences, each found
mod verify;
