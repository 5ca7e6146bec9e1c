//! Custom resources: creating a CustomResourceDefinition adds a resource to the server, and deleting it removes the
//! resource.
//!
//! <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/>

use std::sync::Arc;

use kubernetes_core::{GroupVersionKind, ObjectKey};
use serde_json::{Value, json};

use crate::object::Object;
use crate::printing::{Columns, PrinterColumn};
use crate::resources::{Form, Rules, ScalePaths, ServedResource, Subresource, head};
use crate::state::State;
use crate::status::{Cause, Result, Status};
use crate::store::{CollectionId, Stored};

const GROUP: &str = "apiextensions.k8s.io";
const PLURAL: &str = "customresourcedefinitions";

/// Whether the objects of a resource are definitions of others.
pub(crate) fn is_definition(served: &ServedResource) -> bool {
    served.is(GROUP, PLURAL)
}

/// Checks that a definition can be served.
pub(crate) fn check(state: &State, object: &Object) -> Result<()> {
    let mut causes = Vec::new();
    for path in ["spec.group", "spec.scope", "spec.names.plural", "spec.names.kind"] {
        if object.text_at(path).is_empty() {
            causes.push(Cause::required(path, ""));
        }
    }
    if versions(object).next().is_none() {
        causes.push(Cause::required("spec.versions", "must have at least one version"));
    }
    let (group, plural, name) =
        (object.text_at("spec.group"), object.text_at("spec.names.plural"), object.text("name"));
    let expected = format!("{plural}.{group}");
    if causes.is_empty() && name != expected {
        causes.push(Cause::invalid("metadata.name", &name.into(), "must be spec.names.plural+\".\"+spec.group"));
    }
    let is_built_in = state.registry.any_version(group, plural).is_some_and(|served| !served.is_custom());
    if is_built_in {
        causes.push(Cause::invalid("spec.names.plural", &plural.into(), "the server has this resource already"));
    }
    let scope = object.text_at("spec.scope");
    if !matches!(scope, "" | "Namespaced" | "Cluster") {
        causes.push(Cause::not_supported("spec.scope", &scope.into(), &["Cluster", "Namespaced"]));
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid(GROUP, "CustomResourceDefinition", name, &causes))
}

/// The status of a new definition, whose resource is served at once.
pub(crate) fn initial_status(object: &Object, time: &str) -> Value {
    let condition = |kind: &str, reason: &str, message: &str| json!({"type": kind, "status": "True", "lastTransitionTime": time, "reason": reason, "message": message});
    let stored = versions(object).filter(|version| flag(version, "storage"));
    let stored: Vec<&Value> = stored.filter_map(|version| version.get("name")).collect();
    json!({
        "acceptedNames": object.at("spec.names").cloned().unwrap_or_default(),
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
        "storedVersions": stored,
    })
}

/// Sets the defaults of a definition (`SetDefaults_CustomResourceDefinitionSpec`).
pub(crate) fn set_defaults(object: &mut Object) {
    let kind = object.text_at("spec.names.kind").to_owned();
    let Some(Value::Object(spec)) = object.0.get_mut("spec") else { return };
    spec.entry("conversion").or_insert_with(|| json!({"strategy": "None"}));
    if let Some(Value::Object(names)) = spec.get_mut("names") {
        names.entry("singular").or_insert_with(|| kind.to_ascii_lowercase().into());
        names.entry("listKind").or_insert_with(|| format!("{kind}List").into());
    }
}

/// Serves the resource of a stored definition.
pub(crate) fn register(state: &mut State, definition: &Stored) {
    let object = Object::of(definition);
    let (group, plural) = (object.text_at("spec.group").to_owned(), object.text_at("spec.names.plural").to_owned());
    let served: Vec<Value> = versions(&object).filter(|version| flag(version, "served")).cloned().collect();
    let names: Vec<String> = served.iter().map(|version| field(version, "name").to_owned()).collect();
    state.registry.retain_versions(&group, &plural, &names);
    let collection = state.registry.collection(&group, &plural, &mut state.store);
    for version in &served {
        state.registry.add(custom(&object, version, collection));
    }
}

/// Removes the resource of a definition, and its objects.
pub(crate) fn unregister(state: &mut State, definition: &Stored) {
    let object = Object::of(definition);
    let (group, plural) = (object.text_at("spec.group"), object.text_at("spec.names.plural"));
    let Some(served) = state.registry.any_version(group, plural).filter(|served| served.is_custom()).cloned() else {
        return;
    };
    let keys: Vec<ObjectKey> =
        state.store.collection(served.collection).objects(None).map(|object| object.key.clone()).collect();
    for key in keys {
        let Some(stored) = state.store.get(served.collection, &key).cloned() else { continue };
        let last = served.stored(Object::of(&stored), state.store.next_revision());
        state.store.remove(served.collection, last);
    }
    state.registry.retain_versions(group, plural, &[]);
}

fn custom(object: &Object, version: &Value, collection: CollectionId) -> ServedResource {
    const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    let name = |path: &str| object.text_at(&format!("spec.names.{path}")).to_owned();
    let list = |path: &str| {
        let values = object.list_at(&format!("spec.names.{path}"));
        values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (group, version_name, kind) = (object.text_at("spec.group"), field(version, "name"), name("kind"));
    let or = |given: String, default: String| if given.is_empty() { default } else { given };
    let selectable = version.get("selectableFields").and_then(Value::as_array);
    let selectable =
        selectable.into_iter().flatten().map(|entry| field(entry, "jsonPath").trim_start_matches('.').to_owned());
    let kind = GroupVersionKind::new(group, version_name, kind);
    ServedResource {
        plural: name("plural"),
        singular: or(name("singular"), kind.kind.to_ascii_lowercase()),
        list_kind: or(name("listKind"), format!("{}List", kind.kind)),
        namespaced: object.text_at("spec.scope") == "Namespaced",
        short_names: list("shortNames"),
        categories: list("categories"),
        verbs: VERBS.to_vec(),
        subresources: subresources(&kind, version.get("subresources")),
        selectable_fields: selectable.collect(),
        columns: Columns::Custom(PrinterColumn::of_version(version)),
        rules: Rules::of_custom(),
        form: Form::Custom(version.get("schema").and_then(|schema| schema.get("openAPIV3Schema")).cloned()),
        collection,
        head: head(&kind.api_version(), &kind.kind),
        storage_version: versions(object)
            .find(|version| flag(version, "storage"))
            .map_or("", |version| field(version, "name"))
            .into(),
        webhook: object
            .at("spec.conversion.webhook")
            .cloned()
            .filter(|_| object.text_at("spec.conversion.strategy") == "Webhook")
            .map(Arc::new),
        kind,
    }
}

fn subresources(of: &GroupVersionKind, declared: Option<&Value>) -> Vec<Subresource> {
    let subresource = |name: &str, kind: GroupVersionKind, scale| Subresource {
        name: name.to_owned(),
        kind,
        verbs: vec!["get", "patch", "update"],
        connects: false,
        takes: if name == "scale" { crate::shape::index_of("io.k8s.api.autoscaling.v1.Scale") } else { None },
        scale,
    };
    let mut subresources = Vec::new();
    if declared.and_then(|declared| declared.get("status")).is_some() {
        subresources.push(subresource("status", of.clone(), None));
    }
    if let Some(scale) = declared.and_then(|declared| declared.get("scale")) {
        let path = |name: &str| field(scale, name).trim_start_matches('.').to_owned();
        let paths = ScalePaths {
            spec_replicas: path("specReplicasPath"),
            status_replicas: path("statusReplicasPath"),
            label_selector: Some(path("labelSelectorPath")).filter(|path| !path.is_empty()),
        };
        subresources.push(subresource("scale", GroupVersionKind::new("autoscaling", "v1", "Scale"), Some(paths)));
    }
    subresources
}

fn versions(object: &Object) -> impl Iterator<Item = &Value> {
    object.list_at("spec.versions").iter()
}

fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool) == Some(true)
}
