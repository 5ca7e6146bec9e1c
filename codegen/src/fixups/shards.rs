use indexmap::IndexMap;
use openapiv3::{
    AnySchema, OpenAPI, Parameter, ParameterData, ParameterSchemaOrContent, QueryStyle, ReferenceOr, Schema, SchemaKind,
};

use super::Found;
use crate::references::schema;

const PARAMETER: &str = "shardSelector";
const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
const SHARD_INFO: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ShardInfo";

/// Lists and watches of shards (KEP-5866) are described since Kubernetes 1.36, and the watch crate asks any server for
/// them: one that does not know the parameter ignores it, and says so by leaving out `shardInfo`.
pub(super) fn sharded_lists_are_described(openapi: &mut OpenAPI) -> Found {
    // A part of a server may have no lists.
    if !openapi.paths.paths.contains_key("/api/v1/") {
        return Found::Nothing;
    }
    let Some(components) = &mut openapi.components else { return Found::Nothing };
    if components.schemas.contains_key(SHARD_INFO)
        || components.parameters.keys().any(|name| name.starts_with(PARAMETER))
    {
        return Found::Nothing;
    }
    let Some(ReferenceOr::Item(list_meta)) = components.schemas.get_mut(LIST_META) else { return Found::Nothing };
    let Some(properties) = properties(list_meta) else { return Found::Nothing };
    properties.insert("shardInfo".to_owned(), reference());
    components.parameters.insert(PARAMETER.to_owned(), ReferenceOr::Item(parameter()));
    components.schemas.insert(SHARD_INFO.to_owned(), ReferenceOr::Item(shard_info()));
    let mut places = 0;
    for item in openapi.paths.paths.values_mut() {
        let ReferenceOr::Item(item) = item else { continue };
        places += add(&mut item.parameters);
        // Objects are listed, watched and deleted together by these methods.
        for operation in [&mut item.get, &mut item.delete].into_iter().flatten() {
            places += add(&mut operation.parameters);
        }
    }
    Found::count(places, 0)
}

/// Adds the parameter where objects are selected by their labels.
fn add(parameters: &mut Vec<ReferenceOr<Parameter>>) -> usize {
    let selects = |parameter: &ReferenceOr<Parameter>| match parameter {
        ReferenceOr::Reference { reference } => reference.contains("/labelSelector"),
        ReferenceOr::Item(parameter) => parameter.parameter_data_ref().name == "labelSelector",
    };
    if !parameters.iter().any(selects) {
        return 0;
    }
    parameters.push(ReferenceOr::ref_(&format!("#/components/parameters/{PARAMETER}")));
    1
}

fn parameter() -> Parameter {
    let description = "shardSelector restricts the list of returned objects to a shard, by the hash of a field.";
    let parameter_data = ParameterData {
        name: PARAMETER.to_owned(),
        description: Some(description.to_owned()),
        required: false,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(ReferenceOr::Item(schema(None, text()))),
        example: None,
        examples: IndexMap::new(),
        explode: None,
        extensions: IndexMap::new(),
    };
    Parameter::Query { parameter_data, allow_reserved: false, style: QueryStyle::Form, allow_empty_value: None }
}

fn text() -> AnySchema {
    AnySchema { typ: Some("string".to_owned()), ..AnySchema::default() }
}

fn shard_info() -> Schema {
    let selector = Box::new(schema(Some("selector is the shard selector string from the request."), text()));
    let keywords = AnySchema {
        typ: Some("object".to_owned()),
        required: vec!["selector".to_owned()],
        properties: IndexMap::from([("selector".to_owned(), ReferenceOr::Item(selector))]),
        ..AnySchema::default()
    };
    schema(Some("ShardInfo describes the shard selector that was applied to produce a list response."), keywords)
}

fn reference() -> ReferenceOr<Box<Schema>> {
    let description = "shardInfo is set when the list is a filtered subset of the full collection, as selected by a \
                       shard selector on the request.";
    let info = ReferenceOr::ref_(&format!("#/components/schemas/{SHARD_INFO}"));
    ReferenceOr::Item(Box::new(schema(Some(description), AnySchema { all_of: vec![info], ..AnySchema::default() })))
}

fn properties(schema: &mut Schema) -> Option<&mut IndexMap<String, ReferenceOr<Box<Schema>>>> {
    match &mut schema.schema_kind {
        SchemaKind::Any(keywords) => Some(&mut keywords.properties),
        _ => None,
    }
}
