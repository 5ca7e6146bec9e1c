//! The check of the fuzz target in the repository's `fuzz` folder, run on its corpus.

mod requests;

use std::path::Path;

#[test]
fn the_corpus_passes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/requests");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        requests::check(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{} has {count} files", folder.display());
}
