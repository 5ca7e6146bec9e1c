//! Readers of paths, operations and responses.

use std::collections::HashSet;

use indexmap::IndexMap;
use openapiv3::{
    Components, Content, MediaType, Operation, Parameter, PathItem, Paths as OpenApiPaths, ReferenceOr, RequestBody,
    Response, Responses, StatusCode,
};
use serde_json::Value;

use super::parameter::{Declared, parameter};
use super::schema::{dangling, external_docs, schema};
use super::security;
use crate::extension::read_operation_extensions;
use crate::names::{ANY_CONTENT, CONSUMES, INDEX, PRODUCES, REFERENCE, SCHEMES};
use crate::tree::json::Json;
use crate::tree::object::Object;
use crate::tree::place::{Dialect, Place};
use crate::tree::value::{boolean, list, map, string, strings};

/// Reads the paths of a document, whose other parts are read.
pub(super) struct Paths<'a> {
    pub(super) components: &'a Components,
    /// The content types of the operations that have none of their own.
    pub(super) consumes: &'a [String],
    pub(super) produces: &'a [String],
}

impl Paths<'_> {
    pub(super) fn paths(&self, place: &Place<'_>, json: Json<'_>) -> Option<OpenApiPaths> {
        let paths = map(place, json, |place, json| self.item(place, json))?;
        // A parameter that seems to be missing may be one whose declaration was reported already.
        if place.document.is_right() {
            for (template, item) in &paths {
                self.check(&place.key(template), template, item);
            }
        }
        let paths = paths.into_iter().map(|(path, item)| (path, ReferenceOr::Item(item))).collect();
        Some(OpenApiPaths { paths, extensions: IndexMap::new() })
    }

    fn item(&self, place: &Place<'_>, json: Json<'_>) -> Option<PathItem> {
        let mut object = Object::new(place, json)?;
        let (parameters, body) = object.or_default("parameters", |place, json| self.parameters(place, json));
        if body.is_some() {
            place.key("parameters").problem("a body must be declared by an operation, not by its path");
        }
        let mut operation = |method| object.optional(method, |place, json| self.operation(place, json));
        let item = PathItem {
            get: operation("get"),
            put: operation("put"),
            post: operation("post"),
            delete: operation("delete"),
            options: operation("options"),
            head: operation("head"),
            patch: operation("patch"),
            parameters,
            ..PathItem::default()
        };
        object.finish();
        Some(item)
    }

    fn operation(&self, place: &Place<'_>, json: Json<'_>) -> Option<Operation> {
        let mut object = Object::new(place, json)?;
        let id = object.required("operationId", string);
        let (parameters, body) = object.or_default("parameters", |place, json| self.parameters(place, json));
        let mut operation = Operation {
            tags: object.or_default("tags", strings),
            summary: object.optional("summary", string),
            description: object.optional("description", string),
            external_docs: object.optional("externalDocs", external_docs),
            deprecated: object.or_default("deprecated", boolean),
            security: object.optional("security", security),
            parameters,
            extensions: read_operation_extensions(&mut object),
            ..Operation::default()
        };
        if place.dialect() == Dialect::Swagger {
            self.swagger_bodies(&mut object, &mut operation, body);
        } else {
            operation.request_body = object.optional("requestBody", request_body).map(ReferenceOr::Item);
            operation.responses = object.required("responses", |place, json| responses(place, json, &[]));
        }
        object.finish();
        // Its absence was reported; several such operations are not duplicates.
        if !id.is_empty()
            && let Some(first) = place.document.operation_ids.borrow_mut().insert(id.clone(), place.pointer())
        {
            place.key("operationId").problem(format!("the operationId `{id}` is also that of {first}"));
        }
        operation.operation_id = Some(id);
        Some(operation)
    }

    /// The body and the responses, with the content types that the operation consumes and produces. Those that no body
    /// shows stay extensions.
    fn swagger_bodies(&self, object: &mut Object<'_, '_>, operation: &mut Operation, body: Option<RequestBody>) {
        let extensions = &mut operation.extensions;
        extensions.extend(object.optional("schemes", strings).map(|schemes| (SCHEMES.to_owned(), schemes.into())));
        let (consumes, produces) = (object.optional("consumes", strings), object.optional("produces", strings));
        let mut keep = |name: &str, types: Option<Vec<String>>, shown: Option<&Content>| {
            if types.as_deref() != shown.map(|content| content.keys().cloned().collect::<Vec<_>>()).as_deref() {
                extensions.insert(name.to_owned(), types.map_or(Value::Null, Value::from));
            }
        };
        let body = body.map(|mut body| {
            let media = body.content.swap_remove(ANY_CONTENT).unwrap_or_default();
            body.content = content_of(&media, consumes.as_deref().unwrap_or(self.consumes));
            body
        });
        keep(CONSUMES, consumes, body.as_ref().map(|body| &body.content));
        operation.request_body = body.map(ReferenceOr::Item);
        let types = produces.as_deref().unwrap_or(self.produces);
        let responses = object.required("responses", |place, json| responses(place, json, types));
        let all = responses.default.iter().chain(responses.responses.values()).filter_map(ReferenceOr::as_item);
        let shown = all.map(|response| &response.content).find(|content| !content.is_empty());
        keep(PRODUCES, produces, shown);
        operation.responses = responses;
    }

    /// The parameters of a path or operation, and the body that is one of them in Swagger 2.0.
    fn parameters(
        &self,
        place: &Place<'_>,
        json: Json<'_>,
    ) -> Option<(Vec<ReferenceOr<Parameter>>, Option<RequestBody>)> {
        let declared = list(place, json, |place, json| self.parameter(place, json))?;
        let (mut parameters, mut body) = (Vec::with_capacity(declared.len()), None);
        for (index, declared) in declared.into_iter().enumerate() {
            match declared {
                ReferenceOr::Reference { reference } => parameters.push(ReferenceOr::Reference { reference }),
                ReferenceOr::Item(Declared::Value(value)) => parameters.push(ReferenceOr::Item(*value)),
                ReferenceOr::Item(Declared::Body(_)) if body.is_some() => {
                    place.problem("an operation must have at most one body");
                }
                ReferenceOr::Item(Declared::Body(mut declared)) => {
                    if index > 0 {
                        declared.extensions.insert(INDEX.to_owned(), index.into());
                    }
                    body = Some(declared);
                }
            }
        }
        Some((parameters, body))
    }

    /// A parameter, or a reference to one; a body that is referred to is copied.
    fn parameter(&self, place: &Place<'_>, json: Json<'_>) -> Option<ReferenceOr<Declared>> {
        if json.member("$ref").is_none() {
            return parameter(place, json).map(ReferenceOr::Item);
        }
        let mut object = Object::new(place, json)?;
        let reference = object.required("$ref", string);
        object.finish();
        let is_swagger = place.dialect() == Dialect::Swagger;
        let prefix = if is_swagger { "#/parameters/" } else { "#/components/parameters/" };
        let name = reference.strip_prefix(prefix);
        if let Some(name) = name.filter(|name| self.components.parameters.contains_key(*name)) {
            return Some(ReferenceOr::Reference { reference: format!("#/components/parameters/{name}") });
        }
        let body = name.and_then(|name| self.components.request_bodies.get(name)?.as_item());
        if let Some(mut body) = body.cloned() {
            body.extensions.insert(REFERENCE.to_owned(), reference.into());
            return Some(ReferenceOr::Item(Declared::Body(body)));
        }
        // One that could not be read was reported.
        if !name.is_some_and(|name| place.document.parameters.contains(name)) {
            dangling(&place.key("$ref"), &reference, prefix, name.is_some());
        }
        None
    }

    /// Checks what a path and its operations must agree on.
    fn check(&self, place: &Place<'_>, template: &str, item: &PathItem) {
        if !template.starts_with('/') {
            place.problem("a path must begin with `/`");
        }
        self.check_parameters(&place.key("parameters"), &item.parameters);
        for (method, operation) in item.iter() {
            let place = place.key(method);
            self.check_parameters(&place.key("parameters"), &operation.parameters);
            self.check_template(&place, template, item, operation);
        }
    }

    /// Every `{name}` of a path is a declared parameter, and every declared one is in the path.
    fn check_template(&self, place: &Place<'_>, template: &str, item: &PathItem, operation: &Operation) {
        let all = item.parameters.iter().chain(&operation.parameters).filter_map(|parameter| self.resolve(parameter));
        let in_path = all.filter(|parameter| matches!(parameter, Parameter::Path { .. }));
        let declared: HashSet<&str> = in_path.map(|parameter| parameter.parameter_data_ref().name.as_str()).collect();
        let mut named = HashSet::new();
        for part in template.split('{').skip(1) {
            match part.split_once('}') {
                Some((name, _)) => drop(named.insert(name)),
                None => place.problem(format!("the path `{template}` has a `{{` without a `}}`")),
            }
        }
        for name in named.difference(&declared) {
            place.problem(format!("the path contains `{{{name}}}`, but no path parameter has this name"));
        }
        for name in declared.difference(&named) {
            place.problem(format!("the path parameter `{name}` does not appear in the path `{template}`"));
        }
    }

    fn check_parameters(&self, place: &Place<'_>, parameters: &[ReferenceOr<Parameter>]) {
        let mut seen = HashSet::new();
        for (index, parameter) in parameters.iter().enumerate() {
            let Some(parameter) = self.resolve(parameter) else { continue };
            let location = match parameter {
                Parameter::Path { .. } => "path",
                Parameter::Query { .. } => "query",
                Parameter::Header { .. } | Parameter::Cookie { .. } => "header",
            };
            let name = parameter.parameter_data_ref().name.as_str();
            if !seen.insert((location, name)) {
                let message = format!("the {location} parameter `{name}` appears more than once");
                place.index(index).problem(message);
            }
        }
    }

    fn resolve<'a>(&'a self, parameter: &'a ReferenceOr<Parameter>) -> Option<&'a Parameter> {
        match parameter {
            ReferenceOr::Item(parameter) => Some(parameter),
            ReferenceOr::Reference { reference } => {
                self.components.parameters.get(reference.rsplit('/').next()?)?.as_item()
            }
        }
    }
}

fn request_body(place: &Place<'_>, json: Json<'_>) -> Option<RequestBody> {
    let mut object = Object::new(place, json)?;
    let body = RequestBody {
        description: object.optional("description", string),
        required: object.or_default("required", boolean),
        content: object.required("content", content),
        extensions: IndexMap::new(),
    };
    object.finish();
    Some(body)
}

/// The responses, each with the content types if it has a body.
fn responses(place: &Place<'_>, json: Json<'_>, types: &[String]) -> Option<Responses> {
    let mut responses = Responses::default();
    for (key, response) in map(place, json, |place, json| response(place, json, types))? {
        match key.parse() {
            _ if key == "default" => responses.default = Some(ReferenceOr::Item(response)),
            Ok(code @ 100..=599) if key.len() == 3 => {
                responses.responses.insert(StatusCode::Code(code), ReferenceOr::Item(response));
            }
            _ => place.key(&key).problem(format!("expected `default` or a status from 100 to 599, found `{key}`")),
        }
    }
    Some(responses)
}

fn response(place: &Place<'_>, json: Json<'_>, types: &[String]) -> Option<Response> {
    let mut object = Object::new(place, json)?;
    let description = object.required("description", string);
    let content = match place.dialect() {
        Dialect::Swagger => {
            let schema = object.optional("schema", schema);
            let media = schema.map(|schema| MediaType { schema: Some(schema), ..MediaType::default() });
            media.map(|media| content_of(&media, types)).unwrap_or_default()
        }
        _ => object.or_default("content", content),
    };
    object.finish();
    Some(Response { description, content, ..Response::default() })
}

fn content_of(media: &MediaType, types: &[String]) -> Content {
    if types.is_empty() {
        return [(ANY_CONTENT.to_owned(), media.clone())].into();
    }
    types.iter().map(|name| (name.clone(), media.clone())).collect()
}

/// The content types of a body, which all have one schema.
fn content(place: &Place<'_>, json: Json<'_>) -> Option<Content> {
    let content = map(place, json, |place, json| {
        let mut object = Object::new(place, json)?;
        let schema = object.required("schema", |place, json| schema(place, json).map(Some));
        object.finish();
        Some(MediaType { schema, ..MediaType::default() })
    })?;
    let mut media = content.values();
    match media.next() {
        None => place.problem("a body needs a content type"),
        Some(first) if media.any(|other| other != first) => {
            place.problem("the content types differ in their schemas");
        }
        Some(_) => {}
    }
    Some(content)
}
