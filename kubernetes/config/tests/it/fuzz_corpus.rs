//! Replays the corpus of the fuzz target `kubeconfig`, which keeps what it starts from and what it has found.

use crate::fuzz_check::check;

#[test]
fn the_corpus_of_the_fuzz_target_passes() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/kubeconfig");
    // Packaged crates do not include it.
    let Ok(entries) = std::fs::read_dir(&corpus) else { return };
    let mut count = 0;
    for entry in entries {
        let path = entry.expect("a readable entry").path();
        check(&std::fs::read(&path).expect("a readable file"));
        count += 1;
    }
    assert!(count >= 10, "only {count} inputs in {}", corpus.display());
}
