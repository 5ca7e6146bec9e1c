use kubernetes_codegen::COMMAND;

use super::support::{generate_pinned, pinned, root};

/// The checked-in files are those that the generator makes.
#[test]
fn generated_files_are_up_to_date() {
    let (bytes, kubernetes) = pinned();
    let changes = generate_pinned(&bytes, &kubernetes).tree.compare(&root()).expect("the files can be read");
    let files: Vec<_> = changes.files().collect();
    assert!(changes.is_empty(), "generated files are out of date; run: {COMMAND}\n{files:#?}");
}
