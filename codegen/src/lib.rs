//! Renders the model and API crates of the Kubernetes SDK from an API description.
//!
//! [`generate`] is pure: it turns a description into a [`FileTree`]. Each step of the pipeline is a module: read Swagger 2.0 or OpenAPI 3.0 as OpenAPI 3.0 (`kubernetes-swagger`), fix upstream bugs (`fixups`), lower to the intermediate representation (`lower`, `ir`), decide what is rendered (`passes`), and render and format pages (`render`). Only [`FileTree::compare`] and [`Changes::apply`] touch the disk, and only at the end, so a failure changes nothing.

mod crds;
mod custom_diff;
mod description;
mod description_files;
mod diff;
mod enums;
mod error;
mod facts;
mod fixups;
mod input;
mod ir;
mod locate;
mod lock;
mod lower;
mod normal_form;
mod output;
mod passes;
mod references;
mod render;
mod text;
mod timings;
mod version;

use std::fmt;

use kubernetes_swagger::Merged;
use openapiv3::OpenAPI;

pub use crds::{CustomCrate, CustomResources, generate_custom};
pub use custom_diff::{CustomChange, CustomDifferences, diff_custom};
pub use description::{Content, Description};
pub use description_files::{DescriptionFiles, INDEX, document_name};
pub use diff::{Change, Differences, Item, Kind, diff};
pub use enums::{KeptEnums, keep_enums};
pub use error::{Error, Result};
pub use input::{files_below, read_file};
pub use lock::{Lock, sha256};
pub use normal_form::normal_form;
pub use output::{COMMAND, Changes, FileTree, OutputFolder};
pub use text::printable;
pub use timings::Timings;
pub use version::check_version;

/// The result of [`generate`](generate()).
#[derive(Clone, Debug)]
pub struct Generation {
    /// The files.
    pub tree: FileTree,
    /// A Markdown report on the content of the description.
    pub facts: String,
    /// Notes for the user: definitions of other servers that were replaced by the main server's, and types that differ
    /// from the description.
    pub notes: Vec<String>,
    /// The counts.
    pub summary: Summary,
    /// The time of each step.
    pub timings: Timings,
}

/// Counts of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Definitions in the description.
    pub definitions: usize,
    /// Operations that became functions.
    pub operations: usize,
    /// Groups of definitions, with each version counted.
    pub groups: usize,
    /// Files in the tree, including manifests.
    pub files: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { definitions, operations, groups, files } = self;
        write!(f, "{definitions} definitions, {operations} operations, {groups} groups → {files} files")
    }
}

/// Generates everything, in memory.
///
/// ```
/// use kubernetes_codegen::{Content, Description, generate};
///
/// let content = Content::Document(br#"{
///     "swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.37.2"}, "paths": {},
///     "definitions": {"io.k8s.api.core.v1.Lamp": {"type": "object", "properties": {"isOn": {"type": "boolean"}}}}
/// }"#);
/// let generation = generate(&Description { source: "swagger.json", kubernetes: "v1.37.2", content })?;
/// let lamp = generation.tree.files().find(|(path, _)| path.ends_with("core/v1/lamp.rs")).map(|(_, text)| text);
/// assert!(lamp.is_some_and(|text| text.contains("pub is_on: Option<bool>")));
/// # Ok::<(), kubernetes_codegen::Error>(())
/// ```
///
/// # Errors
/// Returns an error if the description is not Swagger 2.0 or OpenAPI 3.0 as written by Kubernetes, or can't be
/// expressed in Rust. The error names the place by its JSON pointer.
pub fn generate(description: &Description<'_>) -> Result<Generation> {
    plan_and_render(description).map_err(|error| description.content.explain(description.source, error))
}

fn plan_and_render(description: &Description<'_>) -> Result<Generation> {
    let Description { source, kubernetes, content } = *description;
    check_version(kubernetes)?;
    let mut timings = Timings::default();
    let Merged { mut openapi, gave_way } = timings.measure("parse", || content.parse(source))?;
    let mut notes: Vec<String> = gave_way.iter().map(ToString::to_string).collect();
    compare_versions(&openapi, kubernetes)?;
    let fixups = timings.measure("fixups", || fixups::apply(&mut openapi))?;
    let api = timings.measure("lower", || lower::lower(&openapi, None))?;
    drop(openapi);
    let mut plan = timings.measure("passes", || passes::run(api))?;
    notes.extend(plan.note.take());
    let origin = render::Origin { source, kubernetes: Some(kubernetes), command: COMMAND };
    let tree = render::render(&plan, &render::Layout::sdk(), origin, &mut timings)?;
    let summary = Summary {
        definitions: plan.counts.definitions,
        operations: plan.functions.len(),
        groups: plan.counts.groups,
        files: tree.files().count() + tree.manifests().count(),
    };
    Ok(Generation { facts: facts::report(kubernetes, &plan, &fixups), tree, notes, summary, timings })
}

/// Checks that the description has the version in the lock file. The file in Kubernetes' sources has none, and a server
/// states only its minor version.
fn compare_versions(openapi: &OpenAPI, kubernetes: &str) -> Result<()> {
    let found = openapi.info.version.as_str();
    if found == kubernetes || found == "unversioned" || kubernetes.starts_with(&format!("v{found}.")) {
        return Ok(());
    }
    Err(Error::at("/info/version", format!("the description is of {found}, but the lock file says {kubernetes}")))
}
