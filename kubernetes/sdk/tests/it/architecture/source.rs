//! The crates of the workspace and their source files, parsed.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::OnceLock;

use cargo_metadata::{Metadata, MetadataCommand};
use proc_macro2::TokenStream;

pub(super) fn metadata() -> &'static Metadata {
    static METADATA: OnceLock<Metadata> = OnceLock::new();
    METADATA.get_or_init(|| {
        MetadataCommand::new().other_options(["--locked".to_owned()]).exec().expect("cargo metadata runs")
    })
}

/// The folder of the workspace.
pub(super) fn root() -> &'static Path {
    metadata().workspace_root.as_std_path()
}

/// A crate of the workspace.
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    /// The files that a library or program starts with; tests are not among them.
    pub(super) entries: Vec<PathBuf>,
}

pub(super) fn crates() -> Vec<Crate> {
    metadata()
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let is_product = |target: &&cargo_metadata::Target| target.is_lib() || target.is_bin();
            let entries = package.targets.iter().filter(is_product);
            Crate {
                name: package.name.to_string(),
                folder: package.manifest_path.parent().expect("a manifest is in a folder").into(),
                entries: entries.map(|target| target.src_path.clone().into()).collect(),
            }
        })
        .collect()
}

/// A source file written by hand.
pub(super) struct SourceFile {
    /// From the folder of the workspace.
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl SourceFile {
    pub(super) fn syntax(&self) -> syn::File {
        syn::parse_file(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }

    pub(super) fn tokens(&self) -> TokenStream {
        TokenStream::from_str(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }

    /// Whether the file has tests only.
    pub(super) fn is_test(&self) -> bool {
        self.path.components().any(|part| part.as_os_str() == "tests") || self.path.ends_with("tests.rs")
    }
}

impl Crate {
    /// The Rust files that were written by hand, sorted.
    pub(super) fn files(&self) -> Vec<SourceFile> {
        let mut paths = Vec::new();
        rust_files(&self.folder, &mut paths);
        paths.sort();
        let files = paths.into_iter().filter(|path| !is_generated(path)).map(|path| SourceFile {
            text: std::fs::read_to_string(&path).expect("source is text"),
            path: path.strip_prefix(root()).expect("crates are in the workspace").to_owned(),
        });
        files.collect()
    }
}

pub(super) fn is_generated(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "generated")
}

/// The Rust files below a folder, except for other packages.
pub(super) fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the workspace") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() && !path.join("Cargo.toml").exists() && !path.ends_with("target") {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
