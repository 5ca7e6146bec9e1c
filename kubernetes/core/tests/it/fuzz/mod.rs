//! The checks of the fuzz targets, run on their corpora.
//!
//! Each file here is the check of a target in the repository's `fuzz` folder, whose seeds, and what it found, are in
//! `fuzz/corpus`.

#[cfg(feature = "cbor")]
mod cbor;
mod field_set;
pub(crate) mod json_changes;
mod json_model;
mod json_reader;
mod quantity;
#[cfg(feature = "schema")]
mod schemas;
mod selectors;
mod time;
#[cfg(feature = "yaml")]
mod yaml;

use std::path::Path;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        check(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{} has {count} files", folder.display());
}

#[test]
fn the_corpora_pass() {
    #[cfg(feature = "cbor")]
    replay("cbor", cbor::check);
    replay("field_set", field_set::check);
    replay("json_changes", json_changes::check);
    replay("json_model", json_model::check);
    replay("json_reader", json_reader::check);
    replay("quantity", quantity::check);
    #[cfg(feature = "schema")]
    replay("schemas", schemas::check);
    replay("selectors", selectors::check);
    replay("time", time::check);
    #[cfg(feature = "yaml")]
    replay("yaml", yaml::check);
}

/// Finds in a second what fuzzing finds first.
#[cfg(feature = "schema")]
#[test]
fn random_schemas_pass() {
    use schemas::random_schemas::{Choices, bytes, root};

    let mut valid = 0;
    for seed in 0..3_000 {
        let bytes = bytes(seed);
        schemas::check(&bytes);
        let schema = kubernetes_core::json::from_str(&root(&mut Choices::new(&bytes)).to_string()).unwrap();
        valid += usize::from(kubernetes_core::schema::violations(&schema).is_empty());
    }
    assert!((500..2_500).contains(&valid), "{valid} of 3000 are valid");
}
