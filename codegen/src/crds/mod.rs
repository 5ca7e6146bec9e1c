//! Custom resources: from CustomResourceDefinitions, or from a cluster's description, to a crate of their own.
//!
//! A definition is made into what an API server would describe for it, an OpenAPI document, and goes the way that the
//! built-in types go: the same lowering, the same passes, the same templates.

mod base;
mod definition;
mod document;
mod origin;
mod read;
mod untyped;

use std::collections::{BTreeMap, BTreeSet};

use kubernetes_swagger::Merged;
use kubernetes_swagger::extension::{self, Action};
use openapiv3::{OpenAPI, ReferenceOr, Schema};

use crate::DescriptionFiles;
use crate::error::{Error, Result};
use crate::ir::{Krate, names};
use crate::lower::Reuse;
use crate::render::{Layout, Origin};
use crate::timings::Timings;
use crate::{FileTree, lower, passes, references, render};
pub(crate) use definition::{Definition, Version};
pub(crate) use read::definitions as read_definitions;

/// The input for a crate of custom resources.
#[derive(Clone, Copy, Debug)]
pub struct CustomResources<'a> {
    /// The files, each with its name, as errors show it: YAML or JSON with CustomResourceDefinitions, or a description:
    /// a file of Swagger 2.0, or documents of OpenAPI 3.0.
    pub files: &'a [(String, Vec<u8>)],
    /// The groups to generate; all groups, if empty.
    pub groups: &'a [String],
    /// The name of the crate.
    pub name: &'a str,
    /// The path of the SDK's crates, for the manifest; without one, the registry is used.
    pub sdk: Option<&'a str>,
    /// Whether any problem fails the whole generation; otherwise everything without problems is generated.
    pub strict: bool,
    /// Whether to use the types of `kubernetes-models` where a schema repeats a built-in type (`PodSpec`,
    /// `ResourceRequirements`, …). In these, absent and empty mean the same, and fields of newer Kubernetes versions
    /// are not kept.
    pub reuse: bool,
}

/// A generated crate of custom resources.
#[derive(Debug)]
pub struct CustomCrate {
    /// The files of the crate, by their paths relative to its folder.
    pub tree: FileTree,
    /// The kinds, such as `monitoring.coreos.com/v1 Prometheus`.
    pub kinds: Vec<String>,
    /// Notes for the user: versions that are left out, fields that are kept as JSON.
    pub notes: Vec<String>,
    /// The problems of what was left out.
    pub skipped: Vec<Error>,
    /// Where the time went.
    pub timings: Timings,
}

/// Generates a crate for custom resources, in memory.
///
/// # Errors
/// Returns an error if a file is neither YAML nor JSON, or has something that can't be generated. The error names the
/// file, the definition and the place in it.
pub fn generate_custom(resources: &CustomResources<'_>) -> Result<CustomCrate> {
    let mut timings = Timings::default();
    let input = timings.measure("read", || Input::read(resources))?;
    let Input { mut openapi, groups, origin, mut notes, problems: mut skipped } = input;
    keep_paths(&mut openapi, &groups);
    let lowered = timings.measure("lower", || plan_valid_kinds(openapi, &groups, resources.reuse));
    let (plan, problems) = lowered.map_err(|error| origin.explain(error))?;
    skipped.extend(problems.into_iter().map(|problem| origin.explain(problem)));
    if resources.strict
        && let Some(error) = Error::of_all(skipped.drain(..))
    {
        return Err(error);
    }
    notes.extend(untyped::notes(&plan));
    let kinds: Vec<String> = plan
        .definitions
        .values()
        .filter(|definition| definition.home.krate == Krate::Custom)
        .filter(|definition| definition.structs().first().is_some_and(|object| object.resource.is_some()))
        .filter_map(|definition| definition.kind())
        .map(|kind| format!("{}/{} {}", kind.group, kind.version, kind.kind))
        .collect();
    if kinds.is_empty() {
        if let Some(error) = Error::of_all(skipped) {
            return Err(error);
        }
        let of = match resources.groups {
            [] => String::new(),
            groups => format!(" of the group {}", groups.join(" or ")),
        };
        let message = format!("no custom resource{of} found: the input has none with a served version");
        return Err(Error::new(message));
    }
    let layout = Layout::custom(resources.name, resources.sdk);
    let origin = Origin { source: "CustomResourceDefinitions", kubernetes: None, command: render::CRDS_COMMAND };
    let tree = render::render(&plan, &layout, origin, &mut timings)?;
    Ok(CustomCrate { tree, kinds, notes, skipped, timings })
}

/// The plan without the kinds that something is wrong with, and what that is.
fn plan_valid_kinds(
    mut openapi: OpenAPI,
    groups: &BTreeSet<String>,
    reuse: bool,
) -> Result<(passes::Plan, Vec<Error>)> {
    let mut skipped = Vec::new();
    if reuse {
        let schemas = &mut openapi.components.get_or_insert_default().schemas;
        for name in Reuse::new(base::pinned()?).types() {
            schemas.entry(name.to_owned()).or_insert_with(|| ReferenceOr::Item(document::any_object()));
        }
    }
    loop {
        let error = match plan(&openapi, groups, reuse) {
            Ok(plan) => return Ok((plan, skipped)),
            Err(error) => error,
        };
        let before = openapi.paths.paths.len();
        for problem in error.problems() {
            remove_kind(&mut openapi, problem.pointer());
        }
        // Nothing else could be left out.
        if openapi.paths.paths.len() == before {
            return Err(error);
        }
        skipped.push(error);
    }
}

/// Removes the kind that a problem is about: its operations, and the definitions of the object and of its list.
fn remove_kind(openapi: &mut OpenAPI, pointer: &str) {
    let unescaped = pointer.split('/').nth(2).unwrap_or_default().replace("~1", "/").replace("~0", "~");
    let schemas = openapi.components.iter().flat_map(|components| &components.schemas);
    let definition = pointer.split('/').nth(3).filter(|_| pointer.starts_with("/components/schemas/"));
    let mut kinds = schemas
        .filter(|(name, _)| definition == Some(name))
        .flat_map(|(_, schema)| extension::group_version_kinds(references::data(schema)));
    let of_path = || {
        let item = openapi.paths.paths.get(&unescaped)?.as_item()?;
        item.iter().find_map(|(_, operation)| extension::group_version_kind(operation))
    };
    let Some(kind) = kinds.next().or_else(of_path) else { return };
    openapi.paths.paths.retain(|_, item| {
        let operations = item.as_item().into_iter().flat_map(|item| item.iter());
        !operations.into_iter().any(|(_, operation)| extension::group_version_kind(operation).as_ref() == Some(&kind))
    });
    let name = names::custom_definition(&kind.group, &kind.version, &kind.kind);
    if let Some(components) = &mut openapi.components {
        let is_list = |schema: &ReferenceOr<Schema>| {
            let items = references::keywords(schema).properties.get("items").map(references::keywords);
            let of = items.and_then(|items| items.items.as_ref()).and_then(extension::definition_name);
            of == Some(name.as_str())
        };
        components.schemas.retain(|other, schema| *other != name && !is_list(schema));
    }
}

fn plan(openapi: &OpenAPI, groups: &BTreeSet<String>, reuse: bool) -> Result<passes::Plan> {
    let reuse = if reuse { Some(Reuse::new(base::pinned()?)) } else { None };
    let mut api = lower::lower(openapi, reuse.as_ref())?;
    // The server declares it for custom resources alone, so the request of `kubernetes-core` has no method for it.
    for operation in api.operations.iter_mut().filter(|operation| operation.action == Some(Action::Get)) {
        operation.query.retain(|parameter| parameter.wire != "resourceVersion");
    }
    let prefixes: Vec<String> = groups.iter().map(|group| names::reversed(group) + ".").collect();
    for definition in api.definitions.values_mut() {
        if prefixes.iter().any(|prefix| is_in(&definition.name, prefix)) {
            definition.home.krate = Krate::Custom;
        }
    }
    passes::run(api)
}

/// Whether a definition is of the group whose reversed name the prefix is: a version and a kind follow.
fn is_in(definition: &str, prefix: &str) -> bool {
    definition.strip_prefix(prefix).is_some_and(|rest| rest.split('.').count() == 2)
}

/// Leaves out what belongs to other groups; their definitions stay, as something may refer to them.
fn keep_paths(openapi: &mut OpenAPI, groups: &BTreeSet<String>) {
    openapi.paths.paths.retain(|path, _| {
        let group = path.strip_prefix("/apis/").and_then(|rest| rest.split_once('/'));
        group.is_some_and(|(group, _)| groups.contains(group))
    });
}

/// All that the files say.
struct Input {
    openapi: OpenAPI,
    groups: BTreeSet<String>,
    origin: InputOrigin,
    notes: Vec<String>,
    /// The problems of what was left out.
    problems: Vec<Error>,
}

/// Where the document comes from, so that an error names the place that its reader can fix.
enum InputOrigin {
    Definitions(document::Places),
    Description(DescriptionFiles),
}

impl InputOrigin {
    fn explain(&self, error: Error) -> Error {
        match self {
            Self::Definitions(places) => places.translate(error),
            Self::Description(files) => files.content().explain(files.name(), error),
        }
    }
}

impl Input {
    fn read(resources: &CustomResources<'_>) -> Result<Self> {
        let (described, others): (Vec<_>, Vec<_>) =
            resources.files.iter().partition(|(_, bytes)| read::dialect(bytes).is_some());
        let (mut definitions, mut problems) = (Vec::new(), Vec::new());
        for (name, bytes) in others {
            definitions.extend(read::definitions(name, bytes, &mut problems));
        }
        if let [(name, _), ..] = described.as_slice() {
            if let Some(definition) = definitions.first() {
                let message =
                    "it has a CustomResourceDefinition, but another input is a description: use only one kind of input";
                return Err(Error::new(message).in_file(&definition.origin.file));
            }
            return Self::of_description(description(name, &described)?, resources.groups);
        }
        let mut notes = Vec::new();
        if !resources.groups.is_empty() {
            definitions.retain(|definition| resources.groups.contains(&definition.spec.group));
        }
        remove_repeated(&mut definitions, &mut notes);
        let groups = definitions.iter().map(|definition| definition.spec.group.clone()).collect();
        let (openapi, places) = document::of(&definitions, &mut notes, &mut problems)?;
        Ok(Self { openapi, groups, origin: InputOrigin::Definitions(places), notes, problems })
    }

    fn of_description(files: DescriptionFiles, groups: &[String]) -> Result<Self> {
        let name = files.name();
        let Merged { openapi, gave_way } = files.content().parse(name)?;
        let found = groups_of(&openapi);
        if groups.is_empty() {
            let custom: Vec<&str> = found.iter().filter(|group| !is_built_in(group)).map(String::as_str).collect();
            let message = format!(
                "a description has many groups: select some with --group; groups that look like custom resources: {}",
                custom.join(", "),
            );
            return Err(Error::new(message).in_file(name));
        }
        if let Some(missing) = groups.iter().find(|group| !found.contains(*group)) {
            return Err(Error::new(format!("it has no group {missing}")).in_file(name));
        }
        let groups = groups.iter().cloned().collect();
        let notes = gave_way.iter().map(ToString::to_string).collect();
        Ok(Self { openapi, groups, origin: InputOrigin::Description(files), notes, problems: Vec::new() })
    }
}

/// Keeps one of definitions that say the same: folders have single files beside one of all.
fn remove_repeated(definitions: &mut Vec<Definition>, notes: &mut Vec<String>) {
    let mut seen: BTreeMap<String, Definition> = BTreeMap::new();
    definitions.retain(|definition| match seen.get(&definition.metadata.name) {
        Some(first) if first.spec == definition.spec => {
            let (first, second) = (&first.origin.file, &definition.origin.file);
            notes.push(format!("{}: its definitions in {first} and {second} are identical", definition.metadata.name));
            false
        }
        _ => {
            seen.insert(definition.metadata.name.clone(), definition.clone());
            true
        }
    });
}

/// The files that describe a cluster: one of Swagger 2.0, or the documents of OpenAPI 3.0.
fn description(name: &str, files: &[&(String, Vec<u8>)]) -> Result<DescriptionFiles> {
    let is_openapi = |bytes: &[u8]| read::dialect(bytes) == Some(read::Dialect::OpenApi);
    if files.iter().all(|(_, bytes)| is_openapi(bytes)) {
        let documents = files.iter().map(|file| (*file).clone()).collect();
        return Ok(DescriptionFiles::documents(name.to_owned(), documents));
    }
    match files {
        [(name, bytes)] => Ok(DescriptionFiles::document(name.clone(), bytes.clone())),
        _ => Err(Error::new("a description in Swagger 2.0 is a single input: remove the others").in_file(name)),
    }
}

fn groups_of(openapi: &OpenAPI) -> BTreeSet<String> {
    let operations = openapi.paths.paths.values().filter_map(ReferenceOr::as_item).flat_map(|item| item.iter());
    let kinds = operations.filter_map(|(_, operation)| extension::group_version_kind(operation));
    kinds.map(|kind| kind.group).collect()
}

/// The groups of Kubernetes itself: without a dot, or under `k8s.io` with one word before it or with `authorization`
/// and the like.
fn is_built_in(group: &str) -> bool {
    !group.contains('.')
        || group.strip_suffix(".k8s.io").is_some_and(|name| {
            !name.contains('.') || matches!(name, "rbac.authorization" | "flowcontrol.apiserver" | "internal.apiserver")
        })
}
