use std::fmt::Write;
use std::path::Path;

use expect_test::expect_file;
use kubernetes_codegen::Generation;

use super::support::{fixtures, generate_from};

/// Each fixture's files are what its `.expected` file says. `UPDATE_EXPECT=1` rewrites those.
#[test]
fn fixtures_render_as_expected() {
    for (name, swagger) in fixtures() {
        let generation = generate_from(&swagger).unwrap_or_else(|error| panic!("{name}: {error}"));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{name}.expected"));
        expect_file![path].assert_eq(&shown(&generation));
    }
}

/// All that is generated but what every fixture has: the types of apimachinery, and the headers.
fn shown(generation: &Generation) -> String {
    let mut text = String::new();
    for (path, file) in generation.tree.files() {
        if path.starts_with("kubernetes/apimachinery/") {
            continue;
        }
        let (header, rest) = file.split_once("\n\n").unwrap_or((file, ""));
        assert!(header.contains("Do not edit.") && header.contains("cargo run"), "{path} has a header");
        if !rest.trim().is_empty() {
            writeln!(text, "==> {path}\n{rest}").expect("a String takes everything");
        }
    }
    for (path, lines) in generation.tree.manifests() {
        writeln!(text, "==> {path}\n{lines}").expect("a String takes everything");
    }
    text
}
