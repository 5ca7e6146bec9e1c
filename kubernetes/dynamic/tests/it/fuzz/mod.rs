//! The checks of the fuzz targets, run on their corpora in the repository's `fuzz` folder.

mod discovery;

use std::path::Path;

#[test]
fn the_corpora_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/discovery");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        discovery::check(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{} has {count} files", folder.display());
}
