use indexmap::IndexMap;
use openapiv3::{AnySchema, Components, OpenAPI, Parameter, ParameterSchemaOrContent, PathItem, ReferenceOr};

use super::Found;
use crate::references::{self, keywords};

/// `command` of exec and `ports` of a port-forward are declared as one value, and are lists: the parameter is repeated.
///
/// Source: `PodExecOptions` (`Command []string`) and `PodPortForwardOptions` (`Ports []int32`) in
/// `staging/src/k8s.io/api/core/v1/types.go` of Kubernetes.
pub(super) fn commands_and_ports_are_lists(openapi: &mut OpenAPI) -> Found {
    let components = Components { parameters: parameters_of(openapi), ..Components::default() };
    let declared = OpenAPI { components: Some(components), ..OpenAPI::default() };
    let (mut bugs, mut mended) = (0, 0);
    for (path, item) in &mut openapi.paths.paths {
        let ReferenceOr::Item(item) = item else { continue };
        let name = match path.rsplit('/').next() {
            Some("exec") => "command",
            Some("portforward") => "ports",
            _ => continue,
        };
        for parameter in parameters_mut(item) {
            let resolved = references::parameter(&declared, parameter).cloned();
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

fn parameters_of(openapi: &OpenAPI) -> IndexMap<String, ReferenceOr<Parameter>> {
    openapi.components.as_ref().map(|components| components.parameters.clone()).unwrap_or_default()
}

fn parameters_mut(item: &mut PathItem) -> impl Iterator<Item = &mut ReferenceOr<Parameter>> {
    let operations = [&mut item.get, &mut item.post].into_iter().flatten();
    item.parameters.iter_mut().chain(operations.flat_map(|operation| &mut operation.parameters))
}

/// The list of what is not a list yet.
fn list_of(format: &ParameterSchemaOrContent) -> Option<ParameterSchemaOrContent> {
    let ParameterSchemaOrContent::Schema(schema @ ReferenceOr::Item(item)) = format else { return None };
    if keywords(schema).typ.as_deref() == Some("array") {
        return None;
    }
    let items = Some(ReferenceOr::boxed_item(item.clone()));
    let array = references::schema(None, AnySchema { typ: Some("array".to_owned()), items, ..AnySchema::default() });
    Some(ParameterSchemaOrContent::Schema(ReferenceOr::Item(array)))
}
