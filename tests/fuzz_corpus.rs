//! The fuzz targets of `fuzz/` over their committed corpora: what a fuzzer once found stays found, and the targets keep
//! compiling without the nightly compiler that a fuzzer needs.

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::path::{Path, PathBuf};

/// Fewer seeds than this, and a corpus was left out.
const SEEDS_MIN: usize = 5;
/// All corpora together: seeds are small and made by hand, what a fuzzer collects stays with it.
const CORPUS_BYTES_MAX: u64 = 200 * 1024;

fn seeds(target: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries =
        std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn replay(target: &str) {
    let (_, run) = targets::TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    let files = seeds(target);
    assert!(files.len() >= SEEDS_MIN, "{target} has {} seeds", files.len());
    for file in files {
        println!("{}", file.display());
        run(&std::fs::read(&file).unwrap());
    }
}

/// One test for each target, so that a failure says whose it is.
macro_rules! replayed {
    ($($target:ident)*) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target));
        })*

        #[test]
        fn every_target_is_replayed() {
            let names: Vec<&str> = targets::TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($target)),*]);
        }
    };
}

replayed! { answers codecs config conninfo ddl declared_type default_text env_file identifiers json numeric temporal tuple }

#[test]
fn corpora_are_small_and_complete() {
    let files = targets::TARGETS.iter().flat_map(|(target, _)| seeds(target));
    let bytes: u64 = files.map(|file| file.metadata().unwrap().len()).sum();
    assert!(bytes <= CORPUS_BYTES_MAX, "{bytes} bytes of seeds");
    let manifest = include_str!("../fuzz/Cargo.toml");
    let binaries = manifest.matches("[[bin]]").count();
    assert_eq!(
        binaries,
        targets::TARGETS.len(),
        "a target is missing in fuzz/Cargo.toml or in fuzz/src/lib.rs"
    );
    for (target, _) in targets::TARGETS {
        assert!(manifest.contains(&format!("fuzz_targets/{target}.rs")), "{target}");
    }
}
