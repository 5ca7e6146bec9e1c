//! The objects of an operation, each with its resource and namespace, checked together.

use std::collections::HashMap;

use kubernetes_client::Client;
use kubernetes_core::json::Tree;
use kubernetes_core::{GroupVersionKind, Object, ObjectKey, Str};
use kubernetes_dynamic::{ApiResource, DynamicObject, MapError, Mapper};

use super::error::{ManifestError, Problem, ProblemKind};
use super::location::Location;
use super::report::{OperationError, Outcome};
use super::settings::Settings;
use super::{Manifest, Manifests, order};
use crate::Target;

/// The objects of an operation, valid and invalid ones.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) rejected: Vec<Outcome>,
}

/// An object of the operation.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) object: DynamicObject,
    pub(super) target: Target,
    pub(super) location: Option<Location>,
    pub(super) wave: usize,
    /// The steps on which this one depends: its namespace, and the definition of its kind.
    pub(super) needs: Vec<usize>,
}

/// Whether the server may generate names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    Required,
    MayBeGenerated,
}

impl Step {
    /// An object that does not come from a manifest.
    pub(super) fn new(object: DynamicObject, target: Target) -> Self {
        let wave = order::wave(&target.resource.group, &target.resource.kind);
        Self { object, target, location: None, wave, needs: Vec::new() }
    }

    /// The object on the server; `None` if it, or the definition of its kind, does not exist.
    pub(super) async fn live(&self, client: &Client) -> Result<Option<DynamicObject>, OperationError> {
        match self.target.scope().read(self.target.key.name()).send(client).await {
            Ok(live) => Ok(Some(live)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(OperationError::request(error)),
        }
    }

    pub(super) fn is(&self, group: &str, kind: &str) -> bool {
        self.target.resource.group == group && self.target.resource.kind == kind
    }

    pub(super) fn is_definition(&self) -> bool {
        self.is("apiextensions.k8s.io", "CustomResourceDefinition")
    }
}

impl Plan {
    /// Resolves and checks all objects.
    pub(super) async fn new(
        manifests: &Manifests,
        names: Names,
        settings: &Settings,
        mapper: &Mapper,
        client: &Client,
    ) -> Result<Self, ManifestError> {
        let resources = resolve(manifests, mapper).await?;
        let namespace = settings.namespace.clone().unwrap_or_else(|| client.default_namespace().into());
        let mut planning = Planning {
            names,
            namespace,
            one_namespace: settings.one_namespace,
            seen: HashMap::new(),
            steps: Vec::new(),
            rejected: Vec::new(),
        };
        for manifest in manifests {
            planning.add(manifest, &resources);
        }
        if !planning.rejected.is_empty() && !settings.skip_invalid {
            return Err(ManifestError::new(planning.rejected.into_iter().map(|(_, problem)| problem).collect()));
        }
        let rejected = planning.rejected.into_iter().map(|(target, problem)| Outcome {
            target,
            location: problem.location().cloned(),
            object: None,
            result: Err(OperationError::invalid(problem)),
        });
        let rejected = rejected.collect();
        let mut steps = planning.steps;
        depend(&mut steps);
        Ok(Self { steps, rejected })
    }
}

pub(super) fn not_empty(manifests: &Manifests) -> Result<(), ManifestError> {
    match manifests.is_empty() {
        true => Err(Problem::new(ProblemKind::Empty, None, "there are no objects in the manifests").into()),
        false => Ok(()),
    }
}

/// The resources of all kinds, from the definitions in the manifests and from the server.
async fn resolve(manifests: &Manifests, mapper: &Mapper) -> Result<Resources, ManifestError> {
    let mut resources: Resources = manifests.iter().flat_map(|manifest| defined(&manifest.object)).map(ok).collect();
    for manifest in manifests {
        let of_type = manifest.object.group_version_kind().unwrap_or_default();
        if resources.contains_key(&of_type) {
            continue;
        }
        let found = mapper.kind(&of_type).await;
        if let Err(error) = &found
            && error.request_error().is_some()
        {
            let message = format!("can't read the server's resources: {error}");
            return Err(Problem::new(ProblemKind::Server, None, message).caused_by(error.clone()).into());
        }
        resources.insert(of_type, found);
    }
    Ok(resources)
}

type Resources = HashMap<GroupVersionKind, Result<ApiResource, MapError>>;

fn ok(resource: ApiResource) -> (GroupVersionKind, Result<ApiResource, MapError>) {
    (resource.group_version_kind(), Ok(resource))
}

/// The resources that a CustomResourceDefinition defines; empty for other objects.
pub(super) fn defined(object: &DynamicObject) -> Vec<ApiResource> {
    if object.kind() != "CustomResourceDefinition" || !object.api_version().starts_with("apiextensions.k8s.io/") {
        return Vec::new();
    }
    let tree = object.tree();
    let text = |pointer: &str| tree.at(pointer).and_then(Tree::as_str).unwrap_or_default();
    let (group, kind) = (text("/spec/group"), text("/spec/names/kind"));
    let (plural, namespaced) = (text("/spec/names/plural"), text("/spec/scope") == "Namespaced");
    let versions = match tree.at("/spec/versions") {
        Some(Tree::List(versions)) => versions.as_slice(),
        _ => &[],
    };
    let served = versions.iter().filter(|version| matches!(version.get("served"), Some(Tree::Bool(true))));
    let names = served.filter_map(|version| version.get("name")?.as_str());
    names.map(|version| ApiResource::new(&GroupVersionKind::new(group, version, kind), plural, namespaced)).collect()
}

struct Planning {
    names: Names,
    namespace: Str,
    one_namespace: bool,
    /// The places of the previous objects, by group, resource and name.
    seen: HashMap<(Str, Str, ObjectKey), Option<Location>>,
    steps: Vec<Step>,
    rejected: Vec<(Target, Problem)>,
}

impl Planning {
    fn add(&mut self, manifest: &Manifest, resources: &Resources) {
        match self.step(manifest, resources) {
            Ok(step) => self.steps.push(step),
            Err(rejected) => self.rejected.push(*rejected),
        }
    }

    fn step(&mut self, manifest: &Manifest, resources: &Resources) -> Result<Step, Box<(Target, Problem)>> {
        let Manifest { object, location } = manifest;
        let of_type = object.group_version_kind().unwrap_or_default();
        let problem = |target: &Target, kind, message: String| {
            Box::new((target.clone(), Problem::new(kind, location.clone(), message)))
        };
        let unresolved =
            || Target::new(ApiResource::new(&of_type, of_type.kind.to_lowercase(), true), ObjectKey::of(object));
        let resource = match resources.get(&of_type) {
            Some(Ok(resource)) => resource,
            Some(Err(error)) => return Err(problem(&unresolved(), ProblemKind::UnknownKind, error.to_string())),
            None => {
                let message = "the object has no apiVersion and kind".to_owned();
                return Err(problem(&unresolved(), ProblemKind::InvalidObject, message));
            }
        };
        let namespace =
            resource.namespaced.then(|| object.namespace().filter(|it| !it.is_empty()).unwrap_or(&self.namespace));
        let target = Target::new(resource.clone(), ObjectKey::new(namespace, object.name()));
        if object.name().is_empty() {
            let prefix = object.metadata.generate_name.as_deref().unwrap_or_default();
            match (prefix, self.names) {
                ("", _) => {
                    let message = format!("the {} has no metadata.name", of_type.kind);
                    return Err(problem(&target, ProblemKind::InvalidObject, message));
                }
                (_, Names::MayBeGenerated) => {}
                (_, Names::Required) => {
                    let message = "the object has metadata.generateName, but needs metadata.name: create it instead";
                    return Err(problem(&target, ProblemKind::InvalidObject, message.to_owned()));
                }
            }
        }
        if let Some(namespace) = namespace
            && self.one_namespace
            && *namespace != self.namespace
        {
            let message = format!("the namespace of {target} is {namespace:?}, but must be {:?}", self.namespace);
            return Err(problem(&target, ProblemKind::WrongNamespace, message));
        }
        if !object.name().is_empty() {
            let identity = (resource.group.clone(), resource.plural.clone(), target.key.clone());
            if let Some(first) = self.seen.get(&identity) {
                let place = first.as_ref().map(|location| format!(", first at {location}")).unwrap_or_default();
                return Err(problem(&target, ProblemKind::Duplicate, format!("{target} appears twice{place}")));
            }
            self.seen.insert(identity, location.clone());
        }
        Ok(Step { location: location.clone(), ..Step::new(object.clone(), target) })
    }
}

/// Records the dependencies between steps.
pub(super) fn depend(steps: &mut [Step]) {
    let mut namespaces = HashMap::new();
    let mut definitions = HashMap::new();
    for (index, step) in steps.iter().enumerate() {
        if step.is("", "Namespace") {
            namespaces.insert(step.target.key.name().to_owned(), index);
        }
        for resource in defined(&step.object) {
            definitions.insert((resource.group, resource.plural), index);
        }
    }
    if namespaces.is_empty() && definitions.is_empty() {
        return;
    }
    for step in steps {
        let resource = &step.target.resource;
        let namespace = step.target.key.namespace().and_then(|namespace| namespaces.get(namespace));
        let definition = definitions.get(&(resource.group.clone(), resource.plural.clone()));
        step.needs = [namespace, definition].into_iter().flatten().copied().collect();
    }
}
