//! The structural schemas of all definitions, for custom resources that contain models.

use std::collections::BTreeMap;

use askama::Template;
use serde_json::{Map, Value, json};

use super::layout::MODELS;
use super::{Literal, Page};
use crate::error::Result;
use crate::ir::{Body, Definition, Field, Home, Krate, ListType, QUANTITY_PATTERN, Special, Struct, Type, names};
use crate::passes::Plan;

const TEMPLATE: &str = "schemas.rs.j2";

#[derive(Template)]
#[template(path = "schemas.rs.j2", escape = "none")]
struct SchemasPage {
    groups: Vec<Group>,
    has_objects: bool,
    has_texts: bool,
}

/// The definitions of a group and version.
struct Group {
    feature: Option<Literal>,
    prefix: Literal,
    module: String,
    /// Their schemas, as JSON.
    text: Literal,
    /// The types that get the schema of their definition.
    objects: Vec<String>,
    /// The enums.
    texts: Vec<String>,
}

/// The default values that the server sets for keys of map lists that objects need not have: a structural schema must
/// have them, and the description has not. By definition and property; from the markers in Kubernetes' `types.go`.
const KEY_DEFAULTS: &[(&str, &str, &str)] = &[
    ("io.k8s.api.core.v1.ContainerPort", "protocol", "TCP"),
    ("io.k8s.api.core.v1.LocalObjectReference", "name", ""),
    ("io.k8s.api.core.v1.ObjectReference", "name", ""),
    ("io.k8s.api.core.v1.ServicePort", "protocol", "TCP"),
];

/// The schemas, in the crate of the models.
pub(super) fn page(plan: &Plan) -> Result<Page> {
    let mut groups: BTreeMap<&str, Vec<&Definition>> = BTreeMap::new();
    for definition in plan.definitions.values() {
        if let (Some((prefix, _)), Body::Structs { .. }) = (definition.name.rsplit_once('.'), &definition.body) {
            groups.entry(prefix).or_default().push(definition);
        }
    }
    let groups = groups.into_iter().map(|(prefix, definitions)| group(plan, prefix, &definitions));
    let groups: Vec<Group> = groups.collect();
    let has_objects = groups.iter().any(|group| !group.objects.is_empty());
    let has_texts = groups.iter().any(|group| !group.texts.is_empty());
    Page::new(format!("{MODELS}/schemas.rs"), TEMPLATE, &SchemasPage { groups, has_objects, has_texts })
}

fn group(plan: &Plan, prefix: &str, definitions: &[&Definition]) -> Group {
    let mut schemas = Map::new();
    let (mut objects, mut texts) = (Vec::new(), Vec::new());
    let (mut feature, mut module) = (None, String::new());
    for definition in definitions {
        schemas.insert(definition.type_name.clone(), schema(plan, definition));
        let Home { krate: Krate::Models, group, version } = &definition.home else { continue };
        feature = version.as_deref().map(|version| Literal(names::feature(group, version)));
        module = format!("crate::{group}{}", version.iter().map(|version| format!("::{version}")).collect::<String>());
        objects.push(definition.type_name.clone());
        // Enums of their own: those within a custom resource are in its modules.
        let own = definition.enums().iter().filter(|it| it.same_as.is_none() && !it.name.contains("::"));
        texts.extend(own.map(|it| it.name.clone()));
    }
    Group {
        feature,
        prefix: Literal(prefix.to_owned()),
        module,
        text: Literal(Value::Object(schemas).to_string()),
        objects,
        texts,
    }
}

fn schema(plan: &Plan, definition: &Definition) -> Value {
    let text = || json!({"type": "string"});
    let texts = || json!({"type": "object", "additionalProperties": {"type": "string"}});
    if definition.name.ends_with("meta.v1.ObjectMeta") {
        // Metadata within an object, as of a template: what people set.
        return json!({"type": "object", "properties": {
            "annotations": texts(), "finalizers": {"type": "array", "items": text()}, "generateName": text(),
            "labels": texts(), "name": text(), "namespace": text(),
        }});
    }
    definition.structs().first().map_or_else(any, |object| object_schema(plan, definition, object))
}

fn object_schema(plan: &Plan, definition: &Definition, object: &Struct) -> Value {
    let mut properties = Map::new();
    if object.type_meta.is_some() {
        properties.insert("apiVersion".into(), json!({"type": "string"}));
        properties.insert("kind".into(), json!({"type": "string"}));
    }
    for field in &object.fields {
        properties.insert(field.wire.clone(), property(plan, definition, field));
    }
    let required: Vec<&str> =
        object.fields.iter().filter(|field| field.required).map(|field| field.wire.as_str()).collect();
    let mut schema = json!({"type": "object"});
    if !properties.is_empty() {
        schema["properties"] = Value::Object(properties);
    }
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if object.atomic {
        schema["x-kubernetes-map-type"] = json!("atomic");
    }
    if object.keeps_rest {
        schema[PRESERVE] = json!(true);
    }
    schema
}

const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";

fn any() -> Value {
    json!({"type": "object", PRESERVE: true})
}

fn property(plan: &Plan, definition: &Definition, field: &Field) -> Value {
    let mut schema = type_schema(plan, definition, &field.type_);
    if let Some(default) = key_default(&definition.name, &field.wire) {
        schema["default"] = json!(default);
    }
    let merge = &field.merge;
    match merge.list_type {
        Some(ListType::Map) if keys_are_certain(plan, &field.type_, &merge.list_map_keys) => {
            schema["x-kubernetes-list-type"] = json!("map");
            schema["x-kubernetes-list-map-keys"] = json!(merge.list_map_keys);
        }
        Some(ListType::Set) => schema["x-kubernetes-list-type"] = json!("set"),
        Some(_) => schema["x-kubernetes-list-type"] = json!("atomic"),
        None => {}
    }
    if merge.atomic {
        schema["x-kubernetes-map-type"] = json!("atomic");
    }
    schema
}

fn key_default(definition: &str, field: &str) -> Option<&'static str> {
    let found = KEY_DEFAULTS.iter().find(|(of, name, _)| *of == definition && *name == field);
    found.map(|(_, _, default)| *default)
}

/// Whether each item has all keys, or gets them by default: the server refuses a list of type `map` else.
fn keys_are_certain(plan: &Plan, list: &Type, keys: &[String]) -> bool {
    let Type::List(items) = list else { return false };
    let Type::Definition(name) = items.innermost() else { return false };
    let fields = plan.definitions.get(name).and_then(|definition| definition.structs().first()).map(|it| &it.fields);
    keys.iter().all(|key| {
        let is_required = |field: &&Field| field.wire == *key && (field.required || key_default(name, key).is_some());
        fields.is_some_and(|fields| fields.iter().any(|field| is_required(&field)))
    })
}

fn type_schema(plan: &Plan, definition: &Definition, of: &Type) -> Value {
    match of {
        Type::String | Type::Enum(_) => json!({"type": "string"}),
        Type::Integer32 => json!({"type": "integer", "format": "int32"}),
        Type::Integer64 => json!({"type": "integer", "format": "int64"}),
        Type::Number => json!({"type": "number", "format": "double"}),
        Type::Boolean => json!({"type": "boolean"}),
        Type::Bytes => json!({"type": "string", "format": "byte"}),
        Type::IntOrString | Type::IntOrText => int_or_string(),
        Type::Quantity => quantity(),
        Type::Any => json!({PRESERVE: true}),
        Type::List(items) => json!({"type": "array", "items": type_schema(plan, definition, items)}),
        Type::Map(values) => json!({"type": "object", "additionalProperties": type_schema(plan, definition, values)}),
        Type::Nullable(inner) => {
            let mut schema = type_schema(plan, definition, inner);
            schema["nullable"] = json!(true);
            schema
        }
        Type::Nested(name) => {
            let object = definition.structs().iter().find(|object| object.name == *name);
            object.map_or_else(any, |object| object_schema(plan, definition, object))
        }
        Type::Definition(name) => match plan.definitions.get(name).map(|definition| &definition.body) {
            Some(Body::Special(special)) => special_schema(special),
            Some(Body::Structs { .. }) => json!({"$ref": name}),
            _ => any(),
        },
    }
}

fn special_schema(special: &Special) -> Value {
    match special.name {
        "Quantity" => quantity(),
        "IntOrString" => int_or_string(),
        "Time" | "MicroTime" => json!({"type": "string", "format": "date-time"}),
        "FieldsV1" | "RawExtension" => any(),
        _ => json!({PRESERVE: true}),
    }
}

fn int_or_string() -> Value {
    json!({"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": true})
}

fn quantity() -> Value {
    let mut schema = int_or_string();
    schema["pattern"] = json!(QUANTITY_PATTERN);
    schema
}
