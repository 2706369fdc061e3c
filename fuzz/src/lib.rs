//! The bodies of the fuzz targets: what must hold whatever the bytes are.
//!
//! Each module has one function `run`. libFuzzer calls it through `fuzz_targets/`, and `cargo test` replays the
//! committed corpora through it (`tests/fuzz_corpus.rs`), so nothing here needs a nightly compiler.

pub mod answers;
pub mod codecs;
pub mod config;
pub mod conninfo;
pub mod ddl;
pub mod declared_type;
pub mod default_text;
pub mod env_file;
pub mod identifiers;
pub mod json;
pub mod numeric;
mod oracle;
mod sides;
pub mod temporal;
pub mod tuple;

/// A target: its name, which is also that of its corpus, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 13] = [
    ("answers", answers::run),
    ("codecs", codecs::run),
    ("config", config::run),
    ("conninfo", conninfo::run),
    ("ddl", ddl::run),
    ("declared_type", declared_type::run),
    ("default_text", default_text::run),
    ("env_file", env_file::run),
    ("identifiers", identifiers::run),
    ("json", json::run),
    ("numeric", numeric::run),
    ("temporal", temporal::run),
    ("tuple", tuple::run),
];
