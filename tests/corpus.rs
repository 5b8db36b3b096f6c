//! The seeds of the fuzz targets under the laws that the targets state, without a nightly compiler: neither the seeds nor
//! the laws can rot between two runs of `make fuzz`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a folder that cannot be read must stop the test"
)]

#[path = "laws/mod.rs"]
mod laws;

use std::fs;
use std::path::Path;

/// Every seed of a target, under its law; a panic says which seed it was.
fn replay(target: &str, law: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/corpus")
        .join(target);
    let mut seeds: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    for seed in seeds {
        let data = fs::read(&seed).unwrap();
        println!("{}", seed.display());
        law(&data);
    }
}

#[test]
fn headers() {
    replay("headers", laws::headers);
}

#[test]
fn members() {
    replay("members", laws::members);
}

#[test]
fn config() {
    replay("config", laws::config);
}

#[test]
fn bodies() {
    replay("bodies", laws::bodies);
}
