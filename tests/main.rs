//! The one integration binary: one link, one throwaway server, a module per subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

// the walls between the rooms of src/
mod architecture;
// the local server behind `--to embedded`
mod embedded;
// the example application's schema in both dialects
mod example_schema;
// throwaway server, SQLite files, the built program
mod support;
