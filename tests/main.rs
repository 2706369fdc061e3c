//! The one integration binary: one link, one throwaway server, a module per subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

// the local server behind `--to embedded`
mod embedded;
// what the encoders send is what the server reads from its own text form
mod encode_oracle;
// throwaway server, SQLite files, the built program
mod support;
// sslmode, certificates, logins
mod tls;
