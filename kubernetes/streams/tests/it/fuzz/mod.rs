//! The checks of the fuzz targets in the repository's `fuzz` folder, run on their corpora.

#[cfg(unix)]
mod archives;
mod channels;

use std::path::Path;

#[test]
fn the_corpus_of_channels_passes() {
    replay("channels", channels::check);
}

#[cfg(unix)]
#[test]
fn the_corpus_of_archives_passes() {
    replay("archives", archives::check);
}

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        check(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{} has {count} files", folder.display());
}
