//! From a lifted document back to Swagger 2.0: what comes out is what went in, so that lifting loses nothing.

use indexmap::IndexMap;
use openapiv3::{
    Content, MediaType, OpenAPI, Operation, Parameter, ParameterSchemaOrContent, PathItem, ReferenceOr, RequestBody,
    Schema, SecurityScheme,
};
use serde_json::{Map, Value, json};

type Members = Map<String, Value>;

pub(crate) fn lower(openapi: &OpenAPI) -> Value {
    assert_eq!(openapi.openapi, "3.0.3");
    let mut lowered =
        Members::from_iter([("swagger".to_owned(), json!("2.0")), ("info".to_owned(), of(&openapi.info))]);
    for (key, value) in &openapi.extensions {
        let key = key.strip_prefix("x-swagger-").expect("other extensions are refused");
        lowered.insert(if key == "base-path" { "basePath" } else { key }.to_owned(), value.clone());
    }
    let components = openapi.components.as_ref().expect("a lifted document has them");
    let mut put = |key: &str, members: Members| {
        if !members.is_empty() {
            lowered.insert(key.to_owned(), Value::Object(members));
        }
    };
    put("definitions", components.schemas.iter().map(|(name, schema)| (name.clone(), lower_schema(schema))).collect());
    let bodies = components.request_bodies.iter().map(|(name, body)| (name.clone(), lower_body(inline(body))));
    let parameters = components.parameters.iter().map(|(name, value)| (name.clone(), lower_parameter(inline(value))));
    put("parameters", bodies.chain(parameters).collect());
    let schemes = components.security_schemes.iter();
    put("securityDefinitions", schemes.map(|(name, scheme)| (name.clone(), lower_scheme(inline(scheme)))).collect());
    let paths = openapi.paths.paths.iter().map(|(path, item)| (path.clone(), lower_item(inline(item)))).collect();
    lowered.insert("paths".to_owned(), Value::Object(paths));
    lowered.extend(openapi.security.as_ref().map(|security| ("security".to_owned(), of(security))));
    Value::Object(lowered)
}

fn of(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("OpenAPI is JSON")
}

fn inline<T>(item: &ReferenceOr<T>) -> &T {
    item.as_item().expect("a lifted document has no `$ref` here")
}

fn members(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        other => panic!("an object, not {other}"),
    }
}

fn lower_schema(schema: &ReferenceOr<Schema>) -> Value {
    let mut value = of(schema);
    lower_schema_value(&mut value);
    value
}

fn lower_schema_value(value: &mut Value) {
    let Value::Object(schema) = value else { return };
    if let Some(Value::String(reference)) = schema.get_mut("$ref") {
        *reference = reference.replace("#/components/schemas/", "#/definitions/");
    }
    for bound in ["maximum", "minimum", "multipleOf"] {
        let Some(number) = schema.get_mut(bound) else { continue };
        // Go writes a whole number without a fraction.
        if let Some(whole) = number.as_f64().filter(|number| number.fract() == 0.0) {
            *number = if whole < 0.0 { (whole as i64).into() } else { (whole as u64).into() };
        }
    }
    for key in ["items", "additionalProperties"] {
        schema.get_mut(key).into_iter().for_each(lower_schema_value);
    }
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    properties.into_iter().flat_map(Members::values_mut).for_each(lower_schema_value);
    let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
    parts.into_iter().flatten().for_each(lower_schema_value);
    if schema.remove("x-swagger-all-of").is_none()
        && let Some([single]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice)
        && let Some(reference) = single.get("$ref").filter(|_| single.as_object().is_some_and(|part| part.len() == 1))
    {
        let reference = reference.clone();
        schema.remove("allOf");
        schema.insert("$ref".to_owned(), reference);
    }
}

fn lower_scheme(scheme: &SecurityScheme) -> Value {
    let mut lowered = of(scheme);
    if lowered["type"] == "http" {
        lowered["type"] = members(lowered.clone())["scheme"].clone();
        lowered.as_object_mut().expect("an object").remove("scheme");
    }
    lowered
}

fn lower_item(item: &PathItem) -> Value {
    let mut lowered = Members::new();
    if !item.parameters.is_empty() {
        lowered.insert("parameters".to_owned(), item.parameters.iter().map(lower_reference).collect());
    }
    lowered.extend(item.iter().map(|(method, operation)| (method.to_owned(), lower_operation(operation))));
    Value::Object(lowered)
}

fn lower_operation(operation: &Operation) -> Value {
    let mut lowered = members(of(operation));
    let mut parameters: Vec<Value> = operation.parameters.iter().map(lower_reference).collect();
    lowered.remove("requestBody");
    let mut shown = None;
    if let Some(body) = &operation.request_body {
        let body = inline(body);
        let index = body.extensions.get("x-swagger-index").and_then(Value::as_u64).unwrap_or_default();
        let reference = body.extensions.get("x-swagger-ref").map(|reference| json!({ "$ref": reference }));
        parameters.insert(index as usize, reference.unwrap_or_else(|| lower_body(body)));
        shown = Some(content_types(&body.content));
    }
    put_content_types(&mut lowered, "consumes", shown);
    lowered.remove("parameters");
    if !parameters.is_empty() {
        lowered.insert("parameters".to_owned(), parameters.into());
    }
    let mut shown = None;
    let mut responses = Members::new();
    let all = operation.responses.responses.iter().map(|(status, response)| (status.to_string(), response));
    for (status, response) in all.chain(operation.responses.default.iter().map(|default| ("default".into(), default))) {
        let response = inline(response);
        let mut lowered = json!({ "description": response.description });
        if !response.content.is_empty() {
            shown = Some(content_types(&response.content));
            lowered["schema"] = schema_of(&response.content);
        }
        responses.insert(status, lowered);
    }
    lowered.insert("responses".to_owned(), Value::Object(responses));
    put_content_types(&mut lowered, "produces", shown);
    let schemes = lowered.remove("x-swagger-schemes");
    lowered.extend(schemes.map(|schemes| ("schemes".to_owned(), schemes)));
    Value::Object(lowered)
}

/// The extension's value, or else the content types.
fn put_content_types(lowered: &mut Members, key: &str, shown: Option<Value>) {
    let types = match lowered.remove(&format!("x-swagger-{key}")) {
        Some(Value::Null) => None,
        Some(types) => Some(types),
        None => shown,
    };
    lowered.extend(types.map(|types| (key.to_owned(), types)));
}

fn content_types(content: &Content) -> Value {
    content.keys().map(String::as_str).collect()
}

/// The schema, which is the same for every content type.
fn schema_of(content: &IndexMap<String, MediaType>) -> Value {
    let mut schemas = content.values().map(|media| lower_schema(media.schema.as_ref().expect("a body has one")));
    let first = schemas.next().expect("there is a content type");
    assert!(schemas.all(|other| other == first));
    first
}

fn lower_body(body: &RequestBody) -> Value {
    let mut lowered = json!({ "in": "body", "schema": schema_of(&body.content) });
    lowered["name"] = body.extensions.get("x-swagger-name").cloned().unwrap_or_else(|| json!("body"));
    let more = lowered.as_object_mut().expect("an object");
    more.extend(body.description.as_ref().map(|text| ("description".to_owned(), json!(text))));
    more.extend(body.required.then(|| ("required".to_owned(), json!(true))));
    lowered
}

fn lower_reference(parameter: &ReferenceOr<Parameter>) -> Value {
    match parameter {
        ReferenceOr::Reference { reference } => json!({ "$ref": reference.replace("#/components", "#") }),
        ReferenceOr::Item(parameter) => lower_parameter(parameter),
    }
}

fn lower_parameter(parameter: &Parameter) -> Value {
    let mut lowered = members(of(parameter));
    let ParameterSchemaOrContent::Schema(schema) = &parameter.parameter_data_ref().format else { panic!("a schema") };
    for key in ["schema", "style", "explode"] {
        lowered.remove(key);
    }
    lowered.extend(members(lower_schema(schema)));
    let format = lowered.remove("x-swagger-collection-format");
    lowered.extend(format.map(|format| ("collectionFormat".to_owned(), format)));
    Value::Object(lowered)
}
