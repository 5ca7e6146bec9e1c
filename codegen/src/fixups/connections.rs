use openapiv3::{
    ArrayType, OpenAPI, Parameter, ParameterSchemaOrContent, PathItem, ReferenceOr, Schema, SchemaData, SchemaKind,
    Type,
};

use super::Found;

/// `command` of exec and `ports` of a port-forward are declared as one value, and are lists: the parameter is repeated.
///
/// Source: `PodExecOptions` (`Command []string`) and `PodPortForwardOptions` (`Ports []int32`) in
/// `staging/src/k8s.io/api/core/v1/types.go` of Kubernetes.
pub(super) fn commands_and_ports_are_lists(openapi: &mut OpenAPI) -> Found {
    let components = openapi.components.clone().unwrap_or_default();
    let (mut bugs, mut mended) = (0, 0);
    for (path, item) in &mut openapi.paths.paths {
        let ReferenceOr::Item(item) = item else { continue };
        let name = match path.rsplit('/').next() {
            Some("exec") => "command",
            Some("portforward") => "ports",
            _ => continue,
        };
        for parameter in parameters_mut(item) {
            let resolved = match parameter {
                ReferenceOr::Item(parameter) => Some(parameter.clone()),
                ReferenceOr::Reference { reference } => reference
                    .strip_prefix("#/components/parameters/")
                    .and_then(|name| components.parameters.get(name)?.as_item().cloned()),
            };
            let Some(Parameter::Query { mut parameter_data, allow_reserved, style, allow_empty_value }) = resolved
            else {
                continue;
            };
            if parameter_data.name != name {
                continue;
            }
            match list_of(&parameter_data.format) {
                Some(list) => {
                    parameter_data.format = list;
                    parameter_data.explode = Some(true);
                    let query = Parameter::Query { parameter_data, allow_reserved, style, allow_empty_value };
                    *parameter = ReferenceOr::Item(query);
                    bugs += 1;
                }
                None => mended += 1,
            }
        }
    }
    Found::count(bugs, mended)
}

fn parameters_mut(item: &mut PathItem) -> impl Iterator<Item = &mut ReferenceOr<Parameter>> {
    let operations = [&mut item.get, &mut item.post].into_iter().flatten();
    item.parameters.iter_mut().chain(operations.flat_map(|operation| &mut operation.parameters))
}

/// The list of what is no list yet.
fn list_of(format: &ParameterSchemaOrContent) -> Option<ParameterSchemaOrContent> {
    let ParameterSchemaOrContent::Schema(ReferenceOr::Item(item)) = format else { return None };
    if matches!(item.schema_kind, SchemaKind::Type(Type::Array(_))) {
        return None;
    }
    let items = Some(ReferenceOr::Item(Box::new(item.clone())));
    let array = ArrayType { items, min_items: None, max_items: None, unique_items: false };
    Some(ParameterSchemaOrContent::Schema(ReferenceOr::Item(Schema {
        schema_data: SchemaData::default(),
        schema_kind: SchemaKind::Type(Type::Array(array)),
    })))
}
