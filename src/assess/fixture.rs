//! Sources and settings for the tests of this room.

use crate::config::{
    BadValuePolicy, CommentPolicy, Config, CreatePolicy, ExistingPolicy, GeneratedPolicy, Infer, MixedPolicy,
    NamePolicy, OrphanPolicy, Secret, Settings, TargetAddress, TriggerPolicy, VerifyLevel,
};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// The settings of `copy` without further options, for two connections.
pub(super) fn config(source: &Path) -> Config {
    Config {
        sources: vec![source.to_owned()],
        target: TargetAddress::Server(Secret(String::new())),
        schema: "public".to_owned(),
        tables: vec![],
        exclude: vec![],
        create: CreatePolicy::Auto,
        existing: ExistingPolicy::Refuse,
        orphans: OrphanPolicy::Auto,
        names: NamePolicy::Keep,
        naive_tz: None,
        settings: Settings::default(),
        verify: VerifyLevel::Checksum,
        objects: true,
        sample: None,
        show_values: false,
        jobs: 2,
        retry_for: crate::limits::RETRY_FOR,
        infer: Infer::Declared,
        mixed: MixedPolicy::Widen,
        on_bad_value: BadValuePolicy::Refuse,
        generated: GeneratedPolicy::Values,
        triggers: TriggerPolicy::List,
        comments: CommentPolicy::On,
        fail_fast: false,
        restart: false,
        take_over: false,
        reverify: false,
        approved: None,
        chunk_bytes: crate::limits::CHUNK_BYTES,
        chunk_rows: crate::limits::CHUNK_ROWS,
        commit: crate::config::CommitUnit::Table,
        around: crate::config::Around::default(),
    }
}

/// A file that a script makes, in a directory that cleans up after itself.
pub(super) fn made(dir: &tempfile::TempDir, fill: impl FnOnce(&Connection)) -> PathBuf {
    let path = dir.path().join("x.db");
    fill(&Connection::open(&path).unwrap());
    path
}

/// Numbers that are the same each time, and look like none.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// One of `0..sides`.
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.roll(items.len() as u64) as usize]
    }
}
