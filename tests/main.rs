//! The one integration binary: one link, one throwaway server, a module per subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

// the walls between the rooms
mod architecture;
// the local server behind `--to embedded`
mod embedded;
// what the encoders send is what the server reads from its own text form
mod encode_oracle;
// the example application's schema in both dialects
mod example_schema;
// runs that are killed, stopped, repeated, fenced
mod resume;
// throwaway server, SQLite files, the built program
mod support;
// sslmode, certificates, logins
mod tls;
