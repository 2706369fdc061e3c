//! Moves SQLite databases into PostgreSQL in bulk, and proves that everything arrived.
//!
//! The rooms, from pure to I/O; a room imports only from floors below it (`ARCHITECTURE.md`, kept by
//! `tests/architecture.rs`).

// floor 0: ground
pub mod checkpoint;
pub mod cleanse;
pub mod config;
pub mod counts;
pub mod error;
pub mod event;
pub mod failpoint;
pub mod finding;
pub mod ident;
pub mod limits;
pub mod outcome;
pub mod panicked;
pub mod timing;
pub mod value;

// floor 1: what the source is (pure)
pub mod catalog;

// floor 2: what the target shall be (pure)
pub mod plan;

// floor 3: how two schemas differ, how scripts are translated (pure)
pub mod dialect;
pub mod drift;

// floor 3: how values travel, and how they are proved (pure; the two share no code)
pub mod digest;
pub mod encode;

// floor 4: the edges
pub mod embedded;
pub mod postgres;
pub mod sqlite;

// floor 5: the only place that knows both sides
pub mod assess;
pub mod pipeline;
pub mod schema;

// side room: what a person sees
pub mod report;

// floor 6: the command line
pub mod cli;
