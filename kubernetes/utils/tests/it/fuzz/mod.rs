//! The check of the fuzz target `manifests`, run on its corpus in the repository's `fuzz` folder.

mod manifests;

use std::path::Path;

#[test]
fn the_corpus_passes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/manifests");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        manifests::check(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{} has {count} files", folder.display());
}
