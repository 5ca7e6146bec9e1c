//! Custom resources: what a CustomResourceDefinition adds to the server, and takes away with it.
//!
//! <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/>

use serde_json::{Value, json};

use crate::behaviour::Behaviour;
use crate::failure::{Cause, Failure, Result};
use crate::object::Object;
use crate::registry::{Form, ScalePaths, Served, Subresource, api_version, head};
use crate::state::State;
use crate::store::{Key, Stored};
use crate::table::PrinterColumn;

const GROUP: &str = "apiextensions.k8s.io";
const PLURAL: &str = "customresourcedefinitions";

/// Whether the objects of a resource are definitions of others.
pub(crate) fn is_definition(served: &Served) -> bool {
    served.group == GROUP && served.plural == PLURAL
}

/// Checks what a definition needs to be served.
pub(crate) fn check(state: &State, object: &Object) -> Result<()> {
    let mut causes = Vec::new();
    for path in ["spec.group", "spec.scope", "spec.names.plural", "spec.names.kind"] {
        if text(object, path).is_empty() {
            causes.push(Cause::required(path, ""));
        }
    }
    if versions(object).next().is_none() {
        causes.push(Cause::required("spec.versions", "must have at least one version"));
    }
    let (group, plural, name) = (text(object, "spec.group"), text(object, "spec.names.plural"), object.text("name"));
    let expected = format!("{plural}.{group}");
    if causes.is_empty() && name != expected {
        causes.push(Cause::invalid("metadata.name", &name.into(), "must be spec.names.plural+\".\"+spec.group"));
    }
    let is_built_in = state.registry.any_version(group, plural).is_some_and(|served| !served.is_custom());
    if is_built_in {
        causes.push(Cause::invalid("spec.names.plural", &plural.into(), "the server has this resource already"));
    }
    let scope = text(object, "spec.scope");
    if !matches!(scope, "" | "Namespaced" | "Cluster") {
        causes.push(Cause::not_supported("spec.scope", &scope.into(), &["Cluster", "Namespaced"]));
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(Failure::invalid(GROUP, "CustomResourceDefinition", name, &causes))
}

/// What the server says of a new definition: it is served at once.
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

/// What a definition leaves open (`SetDefaults_CustomResourceDefinitionSpec`).
pub(crate) fn set_defaults(object: &mut Object) {
    let kind = text(object, "spec.names.kind").to_owned();
    let Some(Value::Object(spec)) = object.0.get_mut("spec") else { return };
    spec.entry("conversion").or_insert_with(|| json!({"strategy": "None"}));
    if let Some(Value::Object(names)) = spec.get_mut("names") {
        names.entry("singular").or_insert_with(|| kind.to_ascii_lowercase().into());
        names.entry("listKind").or_insert_with(|| format!("{kind}List").into());
    }
}

/// Serves what a stored definition defines.
pub(crate) fn register(state: &mut State, definition: &Stored) {
    let object = Object::of(definition);
    let (group, plural) = (text(&object, "spec.group").to_owned(), text(&object, "spec.names.plural").to_owned());
    let served: Vec<Value> = versions(&object).filter(|version| flag(version, "served")).cloned().collect();
    let names: Vec<String> = served.iter().map(|version| field(version, "name").to_owned()).collect();
    state.registry.retain_versions(&group, &plural, &names);
    let collection = state.registry.collection(&group, &plural, &mut state.store);
    for version in &served {
        state.registry.add(custom(&object, version, collection));
    }
}

/// Takes a resource and its objects away.
pub(crate) fn unregister(state: &mut State, definition: &Stored) {
    let object = Object::of(definition);
    let (group, plural) = (text(&object, "spec.group"), text(&object, "spec.names.plural"));
    let Some(served) = state.registry.any_version(group, plural).filter(|served| served.is_custom()).cloned() else {
        return;
    };
    let keys: Vec<Key> =
        state.store.collection(served.collection).objects("").map(|object| object.key.clone()).collect();
    for key in keys {
        let Some(stored) = state.store.get(served.collection, &key).cloned() else { continue };
        let last = Object::of(&stored).into_stored(&served, state.store.next_revision());
        state.store.remove(served.collection, last);
    }
    state.registry.retain_versions(group, plural, &[]);
}

fn custom(object: &Object, version: &Value, collection: crate::store::CollectionId) -> Served {
    const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    let name = |path: &str| text(object, &format!("spec.names.{path}")).to_owned();
    let list = |path: &str| {
        let values = object.at(&format!("spec.names.{path}")).and_then(Value::as_array);
        values.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (group, version_name, kind) = (text(object, "spec.group"), field(version, "name"), name("kind"));
    let or = |given: String, default: String| if given.is_empty() { default } else { given };
    let selectable = version.get("selectableFields").and_then(Value::as_array);
    let selectable =
        selectable.into_iter().flatten().map(|entry| field(entry, "jsonPath").trim_start_matches('.').to_owned());
    Served {
        group: group.to_owned(),
        version: version_name.to_owned(),
        plural: name("plural"),
        singular: or(name("singular"), kind.to_ascii_lowercase()),
        list_kind: or(name("listKind"), format!("{kind}List")),
        namespaced: text(object, "spec.scope") == "Namespaced",
        short_names: list("shortNames"),
        categories: list("categories"),
        verbs: VERBS.to_vec(),
        subresources: subresources(group, version_name, &kind, version.get("subresources")),
        fields: selectable.collect(),
        columns: PrinterColumn::of_version(version),
        behaviour: Behaviour::of_custom(),
        form: Form::Custom(version.get("schema").and_then(|schema| schema.get("openAPIV3Schema")).cloned()),
        collection,
        head: head(&api_version(group, version_name), &kind),
        kind,
    }
}

fn subresources(group: &str, version: &str, kind: &str, declared: Option<&Value>) -> Vec<Subresource> {
    let subresource = |name: &str, kind: (&str, &str, &str), scale| Subresource {
        name: name.to_owned(),
        kind: (kind.0.to_owned(), kind.1.to_owned(), kind.2.to_owned()),
        verbs: vec!["get", "patch", "update"],
        connects: false,
        takes: if name == "scale" { crate::shape::place_of("io.k8s.api.autoscaling.v1.Scale") } else { None },
        scale,
    };
    let mut subresources = Vec::new();
    if declared.and_then(|declared| declared.get("status")).is_some() {
        subresources.push(subresource("status", (group, version, kind), None));
    }
    if let Some(scale) = declared.and_then(|declared| declared.get("scale")) {
        let path = |name: &str| field(scale, name).trim_start_matches('.').to_owned();
        let paths = ScalePaths {
            spec_replicas: path("specReplicasPath"),
            status_replicas: path("statusReplicasPath"),
            label_selector: Some(path("labelSelectorPath")).filter(|path| !path.is_empty()),
        };
        subresources.push(subresource("scale", ("autoscaling", "v1", "Scale"), Some(paths)));
    }
    subresources
}

fn versions(object: &Object) -> impl Iterator<Item = &Value> {
    object.at("spec.versions").and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(object: &'a Object, path: &str) -> &'a str {
    object.at(path).and_then(Value::as_str).unwrap_or_default()
}

fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool) == Some(true)
}
