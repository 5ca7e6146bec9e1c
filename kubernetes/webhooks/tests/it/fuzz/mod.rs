//! The checks of the fuzz targets, run on their corpora.
//!
//! Each file here is the check of a target in the repository's `fuzz` folder, whose seeds, and what it found, are in
//! `fuzz/corpus`.

mod admission_reviews;
mod conversion_reviews;
mod reviews;

use std::path::Path;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).expect("the corpus is there") {
        check(&std::fs::read(entry.expect("an entry").path()).expect("a file"));
        count += 1;
    }
    assert!(count >= 5, "{} has {count} files", folder.display());
}

#[test]
fn the_corpora_pass() {
    replay("admission_reviews", admission_reviews::check);
    replay("conversion_reviews", conversion_reviews::check);
    replay("reviews", reviews::check);
}
