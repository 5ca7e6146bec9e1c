//! The description that an API server generates for a custom resource.
//!
//! Source: `k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder/builder.go`; names of operations and tags:
//! `k8s.io/apiserver/pkg/endpoints/openapi/openapi.go`.

use indexmap::IndexMap;
use kubernetes_swagger::extension::Action;
use kubernetes_swagger::{Problem, parse, parse_structural};
use openapiv3::{AnySchema, OpenAPI, ReferenceOr, Schema, SchemaKind};
use serde_json::{Map, Value, json};

use super::base;
use super::definition::{Definition, Scope, Spec, Version};
use super::origin::Origin;
use crate::error::{Error, Result};
use crate::ir::names;
use crate::references::schema;

/// Where definitions come from, so that an error names the place that its reader can fix.
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
        let (name, kind) = (&definition.metadata.name, &definition.spec.names.kind);
        for (index, version) in definition.spec.versions.iter().enumerate() {
            if !version.served {
                notes.push(format!("{name}: version {} is not served and has been left out", version.name));
                continue;
            }
            let pointer = format!("/spec/versions/{index}/schema/openAPIV3Schema");
            let custom = CustomKind { spec: &definition.spec, version };
            let full_name = custom.definition(kind);
            let object = match custom.object() {
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
                let message = format!("the kind {kind} of version {} is defined twice", version.name);
                problems.push(definition.origin.explain(name, Error::at("/spec/names/kind", message)));
                continue;
            }
            if definition.spec.preserve_unknown_fields {
                notes.push(format!("{name}: it preserves unknown fields everywhere, but nested ones are not kept"));
            }
            schemas.insert(full_name.clone(), json!({"type": "object"}));
            schemas.insert(custom.definition(&definition.spec.names.list_kind()), custom.list());
            for path in custom.paths() {
                paths.insert(path.path.clone(), custom.item(&path)?);
            }
            let place = format!("/components/schemas/{full_name}");
            places.definitions.push((place, definition.origin.clone(), name.clone(), pointer));
            objects.insert(full_name, object);
        }
    }
    Ok((document(paths, schemas, objects)?, places))
}

/// The document with these paths and schemas; those of objects are read already.
fn document(
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
    objects: IndexMap<String, Schema>,
) -> Result<OpenAPI> {
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
    Ok(openapi)
}

/// A version of a custom resource.
struct CustomKind<'a> {
    spec: &'a Spec,
    version: &'a Version,
}

/// A path with operations.
struct Path {
    path: String,
    /// The end of its operationIds.
    end: &'static str,
    /// The name of the subresource in descriptions, with `of`.
    of: &'static str,
    /// The definition of the objects.
    object: String,
    actions: &'static [Action],
}

impl CustomKind<'_> {
    /// The name of a definition.
    fn definition(&self, kind: &str) -> String {
        names::custom_definition(&self.spec.group, &self.version.name, kind)
    }

    fn group_version_kind(&self, kind: &str) -> Value {
        json!({"group": self.spec.group, "version": self.version.name, "kind": kind})
    }

    /// The schema of the objects, with Kubernetes' metadata in place of the declared one.
    fn object(&self) -> std::result::Result<Schema, Vec<Problem>> {
        let Self { spec, version } = self;
        let declared = version.schema.as_ref().and_then(|validation| validation.schema.as_ref());
        let mut object = match declared {
            Some(declared) => parse_structural(declared).map_err(|error| error.problems().to_vec())?,
            None => any_object(),
        };
        let Schema { schema_data: data, schema_kind: SchemaKind::Any(any) } = &mut object else { return Ok(object) };
        if spec.preserve_unknown_fields || declared.is_none() {
            data.extensions.insert("x-kubernetes-preserve-unknown-fields".to_owned(), true.into());
        }
        any.typ = Some("object".to_owned());
        let kinds = json!([self.group_version_kind(&spec.names.kind)]);
        data.extensions.insert("x-kubernetes-group-version-kind".to_owned(), kinds);
        if version.deprecated {
            let description = data.description.as_deref().unwrap_or_default();
            let warning = version.deprecation_warning.as_deref().unwrap_or("the API server warns of this version.");
            data.description = Some(format!("{description}\n\nDeprecated: {warning}").trim_start().to_owned());
        }
        let string = AnySchema { typ: Some("string".to_owned()), ..AnySchema::default() };
        for name in ["apiVersion", "kind"] {
            any.properties.insert(name.to_owned(), ReferenceOr::boxed_item(schema(None, string.clone())));
        }
        let all_of = vec![ReferenceOr::ref_(&base::path(base::OBJECT_META))];
        let metadata = schema(Some(base::METADATA), AnySchema { all_of, ..AnySchema::default() });
        any.properties.insert("metadata".to_owned(), ReferenceOr::boxed_item(metadata));
        Ok(object)
    }

    fn list(&self) -> Value {
        json!({
            "type": "object",
            "required": ["items"],
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": base::reference(base::LIST_META),
                "items": {"type": "array", "items": base::reference(&self.definition(&self.spec.names.kind))},
            },
            "x-kubernetes-group-version-kind": [self.group_version_kind(&self.spec.names.list_kind())],
        })
    }

    fn paths(&self) -> Vec<Path> {
        let Spec { group, names, scope, .. } = self.spec;
        let object = self.definition(&names.kind);
        let path = |path: String, actions| Path { path, end: "", of: "", object: object.clone(), actions };
        let root = format!("/apis/{group}/{}", self.version.name);
        let mut collection = format!("{root}/{}", names.plural);
        let mut paths = Vec::new();
        if *scope == Scope::Namespaced {
            paths.push(Path { end: "ForAllNamespaces", ..path(collection, &[Action::List]) });
            collection = format!("{root}/namespaces/{{namespace}}/{}", names.plural);
        }
        let named = format!("{collection}/{{name}}");
        paths.push(path(collection, &[Action::List, Action::Post, Action::DeleteCollection]));
        paths.push(path(named.clone(), &[Action::Get, Action::Put, Action::Patch, Action::Delete]));
        let subresource = |name| path(format!("{named}/{name}"), &[Action::Get, Action::Put, Action::Patch]);
        if self.version.subresources.status.is_some() {
            paths.push(Path { end: "Status", of: "status of ", ..subresource("status") });
        }
        if self.version.subresources.scale.is_some() {
            let object = base::SCALE.to_owned();
            paths.push(Path { end: "Scale", of: "scale of ", object, ..subresource("scale") });
        }
        paths
    }

    /// The parameters and operations of a path.
    fn item(&self, path: &Path) -> Result<Value> {
        let in_path = |name: &str, description: String| json!({"name": name, "in": "path", "required": true, "description": description, "schema": {"type": "string"}});
        let mut parameters = Vec::new();
        if path.path.contains("{namespace}") {
            let description = "object name and auth scope, such as for teams and projects";
            parameters.push(in_path("namespace", description.to_owned()));
        }
        if path.path.contains("{name}") {
            parameters.push(in_path("name", format!("name of the {}", self.spec.names.kind)));
        }
        let mut item = Map::from_iter([("parameters".to_owned(), Value::Array(parameters))]);
        for action in path.actions {
            let (method, operation) = self.operation(path, *action)?;
            item.insert(method.to_owned(), operation);
        }
        Ok(Value::Object(item))
    }

    /// An operation, with its method.
    fn operation(&self, path: &Path, action: Action) -> Result<(&'static str, Value)> {
        let (kind, Path { end, of, object, .. }) = (&self.spec.names.kind, path);
        let article = match kind.chars().next() {
            // The server takes such a name for a plural.
            _ if kind.ends_with('s') && !kind.ends_with("ss") => "",
            Some('A' | 'E' | 'I' | 'O' | 'U') => "an ",
            _ => "a ",
        };
        let object = object.as_str();
        let list = self.definition(&self.spec.names.list_kind());
        let (method, verb, description, body, response) = match action {
            Action::List => ("get", "list", format!("list objects of kind {kind}"), None, &*list),
            Action::Post => ("post", "create", format!("create {article}{kind}"), Some(object), object),
            Action::DeleteCollection => {
                ("delete", "deleteCollection", format!("delete collection of {kind}"), None, base::STATUS)
            }
            Action::Delete => {
                ("delete", "delete", format!("delete {article}{kind}"), Some(base::DELETE_OPTIONS), base::STATUS)
            }
            Action::Put => ("put", "replace", format!("replace {of}the specified {kind}"), Some(object), object),
            Action::Patch => {
                ("patch", "patch", format!("partially update {of}the specified {kind}"), Some(base::PATCH), object)
            }
            // A custom resource has no other action.
            _ => ("get", "read", format!("read {of}the specified {kind}"), None, object),
        };
        let (prefix, version) = (names::operation_group(&self.spec.group), names::upper_first(&self.version.name));
        let scope = if path.path.contains("{namespace}") { "Namespaced" } else { "" };
        // As the API server names it: `deleteCollection` has its group in the middle of the verb.
        let id = match verb {
            "deleteCollection" => format!("delete{prefix}{version}Collection{scope}{kind}"),
            verb => format!("{verb}{prefix}{version}{scope}{kind}{end}"),
        };
        let content = |definition: &str| json!({"application/json": {"schema": base::reference(definition)}});
        let mut operation = json!({
            "operationId": id,
            "tags": [names::tag(&self.spec.group, &self.version.name)],
            "description": description,
            "parameters": base::parameters(action)?,
            "responses": {"200": {"description": "OK", "content": content(response)}},
            "x-kubernetes-action": action.as_str(),
            "x-kubernetes-group-version-kind": self.group_version_kind(kind),
        });
        if let (Some(body), Some(members)) = (body, operation.as_object_mut()) {
            members.insert("requestBody".to_owned(), json!({"content": content(body)}));
        }
        Ok((method, operation))
    }
}

/// A schema that says no more than that its values are objects.
pub(super) fn any_object() -> Schema {
    schema(None, AnySchema { typ: Some("object".to_owned()), ..AnySchema::default() })
}
