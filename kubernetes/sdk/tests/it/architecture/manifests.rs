//! Manifests that the documentation shows, and programs of tests have, work when they are copied.

use super::source::{crates, root};

/// Without a crypto provider, a program compiles and fails when it connects.
#[test]
fn manifests_without_default_features_enable_a_crypto_provider() {
    let pages = ["", "docs"].into_iter().flat_map(|folder| {
        let entries = std::fs::read_dir(root().join(folder)).expect("a folder of the workspace");
        let paths = entries.map(|entry| entry.expect("a readable entry").path());
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).map(|path| {
            let text = std::fs::read_to_string(&path).expect("pages are text");
            (path, text)
        })
    });
    let sources = crates().into_iter().flat_map(|package| package.files()).map(|file| (file.path, file.text));
    let (mut seen, mut faulty) = (0, Vec::new());
    for (path, text) in pages.chain(sources) {
        for (index, line) in text.lines().enumerate().filter(|(_, line)| is_dependency(line)) {
            seen += 1;
            if line.contains("default-features = false") && !has_cryptography(line) {
                faulty.push(format!("{}:{}: {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    assert!(seen > 4, "no manifests were found");
    assert!(faulty.is_empty(), "the feature `ring` or `aws-lc-rs` is missing:\n{}", faulty.join("\n"));
}

/// Whether a line of a manifest is a dependency on a crate that has TLS.
fn is_dependency(line: &str) -> bool {
    ["sdk", "client", "webhooks"].iter().any(|name| line.contains(&format!("kubernetes-{name} = {{")))
}

fn has_cryptography(line: &str) -> bool {
    line.contains("aws-lc-rs") || line.split(|character: char| !character.is_alphanumeric()).any(|word| word == "ring")
}
