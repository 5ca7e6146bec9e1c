//! The descriptions of other Kubernetes versions, in the form that is published with the sources: without enums, without
//! a version, and with the paths of log files.

use std::fs;

use kubernetes_codegen::{Content, Description, DescriptionFiles, OutputFolder, generate};

use crate::differences::differences;
use crate::go;
use crate::workspace::Workspace;

/// One release of each minor.
const VERSIONS: [&str; 5] = ["v1.34.4", "v1.35.4", "v1.36.3", "v1.37.2", "v1.38.0-beta.0"];

/// Generates from what is published with each version, and compiles it against what is written by hand.
#[test]
#[ignore = "downloads five releases of Kubernetes"]
fn published_descriptions_generate_and_compile() {
    let workspace = Workspace::new("versions");
    for version in VERSIONS {
        let bytes = published(version);
        let description =
            Description { source: "swagger.json", kubernetes: version, content: Content::Document(&bytes) };
        let generation = generate(&description).unwrap_or_else(|error| panic!("{version}: {error}"));
        assert!(generation.facts.contains("- `log_files_are_not_api`: 2 places"), "{}", generation.facts);
        assert!(generation.summary.definitions > 700 && generation.summary.operations > 800, "{}", generation.summary);
        let changes = generation.tree.compare(workspace.path()).expect("the crates are copied");
        let folder = OutputFolder::open(workspace.path()).expect("the folder is ours");
        changes.apply(&folder).expect("the folder is ours");
        workspace.check();
    }
}

pub(crate) fn published(version: &str) -> Vec<u8> {
    let path = go::module("k8s.io/kubernetes", version).join("api/openapi-spec/swagger.json");
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A description published as OpenAPI 3.0 gives the same tree, with defaults in the documentation of some fields.
#[test]
#[ignore = "downloads five releases of Kubernetes"]
fn published_documents_give_the_same_tree() {
    for version in VERSIONS {
        let folder = go::module("k8s.io/kubernetes", version).join("api/openapi-spec/v3");
        let documents = DescriptionFiles::read(&folder).unwrap_or_else(|error| panic!("{version}: {error}"));
        let swagger = published(version);
        let generate = |content| {
            let description = Description { source: "swagger.json", kubernetes: version, content };
            generate(&description).unwrap_or_else(|error| panic!("{version}: {error}"))
        };
        let (openapi, swagger) = (generate(documents.content()), generate(Content::Document(&swagger)));
        assert_eq!(openapi.summary, swagger.summary);
        let differences = differences(&swagger.tree, &openapi.tree);
        let lines = differences.lines().filter(|line| !line.starts_with("==> "));
        let (defaults, others): (Vec<&str>, Vec<&str>) =
            lines.partition(|line| line.contains("The server's default is `"));
        assert!(defaults.len() > 20 && others.iter().all(|line| *line == "+    ///"), "{version}: {differences}");
    }
}
