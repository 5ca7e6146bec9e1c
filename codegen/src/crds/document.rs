//! The description that an API server makes of a custom resource.
//!
//! Source: `k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder/builder.go`; names of operations and tags:
//! `k8s.io/apiserver/pkg/endpoints/openapi/openapi.go`.

use indexmap::IndexMap;
use kubernetes_swagger::extension::Action;
use kubernetes_swagger::{Problem, parse, parse_structural};
use openapiv3::{AnySchema, OpenAPI, ReferenceOr, Schema, SchemaData, SchemaKind};
use serde_json::{Map, Value, json};

use super::base;
use super::definition::{Definition, Scope, Version};
use super::origin::Origin;
use crate::error::{Error, Result};
use crate::ir::names;

/// Where definitions come from, so that an error names the place that its reader can mend.
#[derive(Default)]
pub(super) struct Places {
    /// The pointers of definitions, each with its origin, its name and the pointer of its schema there.
    definitions: Vec<(String, Origin, String, String)>,
}

impl Places {
    /// The error as one of the file that has the definition.
    pub(super) fn translate(&self, error: Error) -> Error {
        error.each(&mut |problem| {
            let found = self.definitions.iter().find_map(|(definition, origin, name, schema)| {
                let rest = problem.pointer().strip_prefix(definition.as_str())?;
                (rest.is_empty() || rest.starts_with('/')).then(|| (origin, name, format!("{schema}{rest}")))
            });
            match found {
                Some((origin, name, pointer)) => origin.explain(name, problem.moved(pointer)),
                None => problem,
            }
        })
    }
}

/// The document of all served versions.
///
/// A version with a problem is left out; the problem is added to the others.
pub(super) fn of(
    definitions: &[Definition],
    notes: &mut Vec<String>,
    problems: &mut Vec<Error>,
) -> Result<(OpenAPI, Places)> {
    let mut schemas: Map<String, Value> = base::definitions().into_iter().collect();
    let mut paths = Map::new();
    let mut objects: IndexMap<String, Schema> = IndexMap::new();
    let mut places = Places::default();
    for definition in definitions {
        for (index, version) in definition.spec.versions.iter().enumerate() {
            let (name, spec) = (&definition.metadata.name, &definition.spec);
            if !version.served {
                notes.push(format!("{name}: version {} is not served, and left out", version.name));
                continue;
            }
            let pointer = format!("/spec/versions/{index}/schema/openAPIV3Schema");
            let full_name = full_name(definition, version, &spec.names.kind);
            let object = match object(definition, version, notes) {
                Ok(object) => object,
                Err(found) => {
                    problems.extend(found.into_iter().map(|problem| {
                        let problem = Error::at(format!("{pointer}{}", problem.pointer), problem.message);
                        definition.origin.explain(name, problem)
                    }));
                    continue;
                }
            };
            if objects.contains_key(&full_name) {
                let message = format!("the kind {} of version {} is defined twice", spec.names.kind, version.name);
                problems.push(definition.origin.explain(name, Error::at("/spec/names/kind", message)));
                continue;
            }
            objects.insert(full_name.clone(), object);
            schemas.insert(full_name.clone(), json!({"type": "object"}));
            let list_name = self::full_name(definition, version, &spec.names.list_kind());
            schemas.insert(list_name, list(definition, version, &full_name));
            add_paths(&mut paths, definition, version, &full_name)?;
            let place = format!("/components/schemas/{full_name}");
            places.definitions.push((place, definition.origin.clone(), name.clone(), pointer));
        }
    }
    let document = json!({
        "openapi": "3.0.0",
        "info": {"title": "Custom resources", "version": "unversioned"},
        "paths": paths,
        "components": {"schemas": schemas},
    });
    let error = |error| Error::new("the document of the custom resources could not be made").caused_by(error);
    let mut openapi = parse(document.to_string().as_bytes()).map_err(error)?;
    let schemas = openapi.components.get_or_insert_default();
    schemas.schemas.extend(objects.into_iter().map(|(name, object)| (name, ReferenceOr::Item(object))));
    Ok((openapi, places))
}

fn full_name(definition: &Definition, version: &Version, kind: &str) -> String {
    names::custom_definition(&definition.spec.group, &version.name, kind)
}

fn kinds(definition: &Definition, version: &Version, kind: &str) -> Value {
    json!([{"group": definition.spec.group, "version": version.name, "kind": kind}])
}

/// The kind itself: its schema, with Kubernetes' metadata in place of what the schema says of it.
fn object(
    definition: &Definition,
    version: &Version,
    notes: &mut Vec<String>,
) -> std::result::Result<Schema, Vec<Problem>> {
    let (name, spec) = (&definition.metadata.name, &definition.spec);
    let declared = version.schema.as_ref().and_then(|validation| validation.schema.as_ref());
    let mut object = match declared {
        Some(declared) => parse_structural(declared).map_err(|error| error.problems().to_vec())?,
        None => any_object(),
    };
    let Schema { schema_data: data, schema_kind: SchemaKind::Any(any) } = &mut object else { return Ok(object) };
    if spec.preserve_unknown_fields || declared.is_none() {
        data.extensions.insert("x-kubernetes-preserve-unknown-fields".to_owned(), true.into());
    }
    if spec.preserve_unknown_fields {
        notes.push(format!("{name}: it preserves unknown fields everywhere; those inside of others are not kept"));
    }
    any.typ = Some("object".to_owned());
    data.extensions.insert("x-kubernetes-group-version-kind".to_owned(), kinds(definition, version, &spec.names.kind));
    if version.deprecated {
        let description = data.description.as_deref().unwrap_or_default();
        let warning = version.deprecation_warning.as_deref().unwrap_or("the API server warns of this version.");
        data.description = Some(format!("{description}\n\nDeprecated: {warning}").trim_start().to_owned());
    }
    let string = AnySchema { typ: Some("string".to_owned()), ..AnySchema::default() };
    for name in ["apiVersion", "kind"] {
        any.properties.insert(name.to_owned(), property(SchemaData::default(), string.clone()));
    }
    let description = Some(base::METADATA.to_owned());
    let all_of = vec![ReferenceOr::ref_(&base::path(base::OBJECT_META))];
    let metadata =
        property(SchemaData { description, ..SchemaData::default() }, AnySchema { all_of, ..AnySchema::default() });
    any.properties.insert("metadata".to_owned(), metadata);
    Ok(object)
}

/// A schema that says no more than that its values are objects.
pub(super) fn any_object() -> Schema {
    let any = AnySchema { typ: Some("object".to_owned()), ..AnySchema::default() };
    Schema { schema_data: SchemaData::default(), schema_kind: SchemaKind::Any(any) }
}

fn property(schema_data: SchemaData, any: AnySchema) -> ReferenceOr<Box<Schema>> {
    ReferenceOr::boxed_item(Schema { schema_data, schema_kind: SchemaKind::Any(any) })
}

fn list(definition: &Definition, version: &Version, full_name: &str) -> Value {
    json!({
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": base::reference(base::LIST_META),
            "items": {"type": "array", "items": base::reference(full_name)},
        },
        "x-kubernetes-group-version-kind": kinds(definition, version, &definition.spec.names.list_kind()),
    })
}

/// One operation of a kind.
struct Operation<'a> {
    method: &'a str,
    action: Action,
    /// How the operationId begins.
    verb: &'a str,
    /// How the operationId ends.
    end: &'a str,
    description: String,
    body: Option<&'a str>,
    response: &'a str,
}

fn add_paths(
    paths: &mut Map<String, Value>,
    definition: &Definition,
    version: &Version,
    full_name: &str,
) -> Result<()> {
    let spec = &definition.spec;
    let (kind, list) = (&spec.names.kind, self::full_name(definition, version, &spec.names.list_kind()));
    let root = format!("/apis/{}/{}", spec.group, version.name);
    let plural = &spec.names.plural;
    let mut add = |path: String, operations: &[Operation<'_>]| -> Result<()> {
        paths.insert(path.clone(), item(definition, version, &path, operations)?);
        Ok(())
    };
    let list = Operation::new("get", Action::List, "list", format!("list objects of kind {kind}"), None, &list);
    let collection = match spec.scope {
        Scope::Cluster => format!("{root}/{plural}"),
        Scope::Namespaced => {
            add(format!("{root}/{plural}"), &[Operation { end: "ForAllNamespaces", ..list.again() }])?;
            format!("{root}/namespaces/{{namespace}}/{plural}")
        }
    };
    let article = match kind.chars().next() {
        // The server takes such a name for a plural.
        _ if kind.ends_with('s') && !kind.ends_with("ss") => "",
        Some('A' | 'E' | 'I' | 'O' | 'U') => "an ",
        _ => "a ",
    };
    let object = Some(full_name);
    let create = Operation::new("post", Action::Post, "create", format!("create {article}{kind}"), object, full_name);
    let description = format!("delete collection of {kind}");
    let delete_all =
        Operation::new("delete", Action::DeleteCollection, "deleteCollection", description, None, base::STATUS);
    add(collection.clone(), &[list, create, delete_all])?;
    let delete = Operation::new(
        "delete",
        Action::Delete,
        "delete",
        format!("delete {article}{kind}"),
        Some(base::DELETE_OPTIONS),
        base::STATUS,
    );
    let [read, replace, patch] = read_replace_patch(kind, "", full_name);
    add(format!("{collection}/{{name}}"), &[read, replace, patch, delete])?;
    let declared = &version.subresources;
    let subresources =
        [("status", "Status", full_name, &declared.status), ("scale", "Scale", base::SCALE, &declared.scale)];
    for (name, end, type_, declared) in subresources {
        if declared.is_some() {
            let operations = read_replace_patch(kind, name, type_).map(|operation| Operation { end, ..operation });
            add(format!("{collection}/{{name}}/{name}"), &operations)?;
        }
    }
    Ok(())
}

/// The operations that an object and each of its subresources have.
fn read_replace_patch<'a>(kind: &str, subresource: &str, type_: &'a str) -> [Operation<'a>; 3] {
    let of = if subresource.is_empty() { String::new() } else { format!("{subresource} of ") };
    let description = |verb: &str| format!("{verb} {of}the specified {kind}");
    [
        Operation::new("get", Action::Get, "read", description("read"), None, type_),
        Operation::new("put", Action::Put, "replace", description("replace"), Some(type_), type_),
        Operation::new("patch", Action::Patch, "patch", description("partially update"), Some(base::PATCH), type_),
    ]
}

impl<'a> Operation<'a> {
    fn new(
        method: &'a str,
        action: Action,
        verb: &'a str,
        description: String,
        body: Option<&'a str>,
        response: &'a str,
    ) -> Self {
        Self { method, action, verb, end: "", description, body, response }
    }

    fn again(&self) -> Self {
        Self { description: self.description.clone(), ..*self }
    }
}

/// The operations of a path.
fn item(definition: &Definition, version: &Version, path: &str, operations: &[Operation<'_>]) -> Result<Value> {
    let spec = &definition.spec;
    let in_path = |name: &str, description: String| json!({"name": name, "in": "path", "required": true, "description": description, "schema": {"type": "string"}});
    let mut parameters = Vec::new();
    if path.contains("{namespace}") {
        let description = "object name and auth scope, such as for teams and projects";
        parameters.push(in_path("namespace", description.to_owned()));
    }
    if path.contains("{name}") {
        parameters.push(in_path("name", format!("name of the {}", spec.names.kind)));
    }
    let mut item = Map::from_iter([("parameters".to_owned(), Value::Array(parameters))]);
    let (prefix, tag) = (names::operation_group(&spec.group), names::tag(&spec.group, &version.name));
    let scope = if path.contains("{namespace}") { "Namespaced" } else { "" };
    let version_word = names::upper_first(&version.name);
    for operation in operations {
        let Operation { method, action, verb, end, description, body, response } = operation;
        // As the API server names it: `deleteCollection` has its group in the middle of the verb.
        let id = match *verb {
            "deleteCollection" => format!("delete{prefix}{version_word}Collection{scope}{}", spec.names.kind),
            verb => format!("{verb}{prefix}{version_word}{scope}{}{end}", spec.names.kind),
        };
        let content = |definition: &str| json!({"application/json": {"schema": base::reference(definition)}});
        let mut value = json!({
            "operationId": id,
            "tags": [tag],
            "description": description,
            "parameters": base::parameters(*action)?,
            "responses": {"200": {"description": "OK", "content": content(response)}},
            "x-kubernetes-action": action.as_str(),
            "x-kubernetes-group-version-kind": {"group": spec.group, "version": version.name, "kind": spec.names.kind},
        });
        if let (Some(body), Some(members)) = (body, value.as_object_mut()) {
            members.insert("requestBody".to_owned(), json!({"content": content(body)}));
        }
        item.insert((*method).to_owned(), value);
    }
    Ok(Value::Object(item))
}
