//! Moves SQLite databases into PostgreSQL in bulk, and proves that everything arrived.
//!
//! The rooms, from pure to I/O; a room imports only from floors below it (`ARCHITECTURE.md`, kept by
//! `tests/architecture.rs`).

// floor 0: ground
pub mod checkpoint;
pub mod config;
pub mod error;
pub mod event;
pub mod failpoint;
pub mod finding;
pub mod ident;
pub mod limits;
pub mod outcome;
pub mod value;

// floor 2: what the target shall be (pure)
pub mod plan;

// floor 4: the edges
pub mod embedded;
