//! The pinned description: everything in it is read, lifted and lowered again.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use kubernetes_swagger::extension::{self, Action};
use kubernetes_swagger::{Parameter, ReferenceOr, Schema, Swagger, lower};
use openapiv3::{OpenAPI, SchemaKind};
use serde_json::Value;

fn source() -> &'static [u8] {
    static SOURCE: OnceLock<Vec<u8>> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/swagger.json");
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    })
}

fn swagger() -> &'static Swagger {
    static SWAGGER: OnceLock<Swagger> = OnceLock::new();
    SWAGGER.get_or_init(|| Swagger::parse(source()).unwrap_or_else(|error| panic!("{error}")))
}

fn lifted() -> &'static OpenAPI {
    static LIFTED: OnceLock<OpenAPI> = OnceLock::new();
    LIFTED.get_or_init(|| swagger().lift())
}

#[test]
fn parsing_loses_nothing() {
    let source: Value = serde_json::from_slice(source()).expect("the pinned description is JSON");
    let written = serde_json::to_value(swagger()).expect("a description is JSON");
    assert!(source == written, "the description that was read is not the one that was written");
}

#[test]
fn lowering_gives_the_same_swagger() {
    let lowered = lower(lifted()).unwrap_or_else(|error| panic!("{error}"));
    assert!(lowered == *swagger(), "the lowered description is not the one that was lifted");
}

/// The lifted document is what other OpenAPI tools read, too: its JSON form holds the same.
#[test]
fn the_lifted_document_survives_its_json_form() {
    let text = serde_json::to_vec(lifted()).expect("OpenAPI is JSON");
    let read: OpenAPI = serde_json::from_slice(&text).expect("the JSON form is OpenAPI");
    let lowered = lower(&read).unwrap_or_else(|error| panic!("{error}"));
    assert!(lowered == *swagger(), "the JSON form of the lifted document lost something");
}

#[test]
fn order_is_that_of_the_file() {
    let text = std::str::from_utf8(source()).expect("the pinned description is UTF-8");
    let mut from = text.find("\"definitions\"").expect("there are definitions");
    for name in swagger().definitions.keys() {
        let key = format!("\"{name}\":");
        from += text[from..].find(&key).unwrap_or_else(|| panic!("{name} is out of order"));
    }
}

#[test]
fn every_operation_is_lifted() {
    let of_swagger = swagger().paths.values().flat_map(|item| item.operations.values());
    let mut ids: Vec<_> = of_swagger.map(|operation| operation.operation_id.as_str()).collect();
    let mut lifted_ids: Vec<_> = lifted().operations().filter_map(|(.., op)| op.operation_id.as_deref()).collect();
    ids.sort_unstable();
    lifted_ids.sort_unstable();
    assert_eq!(ids, lifted_ids);
    assert_eq!(ids.len(), 1200);
    for method in ["head", "options"] {
        assert_eq!(lifted().operations().filter(|(_, found, _)| *found == method).count(), 6, "{method}");
    }
}

#[test]
fn a_body_is_found_on_every_operation_that_has_one() {
    let is_body = |parameter: &ReferenceOr<Parameter>| matches!(swagger().resolve(parameter), Some(Parameter::Body(_)));
    let of_swagger = swagger().paths.values().flat_map(|item| item.operations.values());
    let bodies = of_swagger.filter(|operation| operation.parameters.iter().any(is_body)).count();
    let lifted_bodies = lifted().operations().filter(|(.., operation)| operation.request_body.is_some()).count();
    assert_eq!(bodies, lifted_bodies);
    assert!(bodies > 500, "{bodies}");
}

#[test]
fn references_with_siblings_become_all_of() {
    fn count(schema: &Schema) -> usize {
        let siblings = schema.reference.is_some() && (schema.description.is_some() || !schema.extensions.is_empty());
        usize::from(siblings) + schema.properties.values().map(count).sum::<usize>()
    }
    assert_eq!(swagger().definitions.values().map(count).sum::<usize>(), 945);
    let components = lifted().components.as_ref().expect("there are components");
    let deployment = components.schemas["io.k8s.api.apps.v1.Deployment"].as_item().expect("an inline schema");
    let SchemaKind::Type(openapiv3::Type::Object(object)) = &deployment.schema_kind else { panic!("an object") };
    let metadata = &object.properties["metadata"];
    assert!(matches!(metadata, ReferenceOr::Item(_)), "it has a description beside the reference");
    assert_eq!(extension::definition_name(metadata), Some("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"));
}

#[test]
fn every_extension_can_be_read_from_the_lifted_document() {
    let components = lifted().components.as_ref().expect("there are components");
    for (name, schema) in &components.schemas {
        let data = &schema.as_item().expect("no definition is a mere reference").schema_data;
        let kinds = extension::group_version_kinds(data).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(kinds, swagger().definitions[name].extensions.group_version_kinds, "{name}");
    }
    let mut lists = 0;
    for (path, method, operation) in lifted().operations() {
        let action = extension::action(operation).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        lists += usize::from(action == Some(Action::List));
    }
    assert_eq!(lists, 140);
}

/// The form that the sources of Kubernetes hold: no version, no enums.
#[test]
fn the_form_without_enums_is_read() {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.retain(|key, value| key != "enum" || !value.is_array());
                map.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut source: Value = serde_json::from_slice(source()).expect("the pinned description is JSON");
    strip(&mut source);
    source["info"]["version"] = "unversioned".into();
    let swagger = crate::support::parse(&source);
    assert_eq!(serde_json::to_value(&swagger).expect("a description is JSON"), source);
    assert!(lower(&swagger.lift()).unwrap_or_else(|error| panic!("{error}")) == swagger);
}

/// No object of the file may hold a key that nobody reads: one is put into each of them, and each is reported.
#[test]
fn no_object_is_read_in_part() {
    fn spoil(value: &mut Value, pointer: &str, expected: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map.iter_mut() {
                    spoil(value, &format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), expected);
                }
                map.insert("x-unknown".to_owned(), 1.into());
                expected.insert(format!("{pointer}/x-unknown"));
            }
            Value::Array(items) => {
                for (index, value) in items.iter_mut().enumerate() {
                    spoil(value, &format!("{pointer}/{index}"), expected);
                }
            }
            _ => {}
        }
    }
    let mut source: Value = serde_json::from_slice(source()).expect("the pinned description is JSON");
    let mut expected = BTreeSet::new();
    spoil(&mut source, "", &mut expected);
    assert!(expected.len() > 20_000, "{}", expected.len());
    let error = crate::support::try_parse(&source).expect_err("unknown keys are refused");
    let found: BTreeSet<_> = error.problems().iter().map(|problem| problem.pointer.clone()).collect();
    assert_eq!(expected.difference(&found).next(), None);
    assert_eq!(found.difference(&expected).next(), None);
    assert_eq!(error.problems().len(), expected.len(), "each is reported once");
}

/// A file cut off anywhere is refused.
#[test]
fn a_truncated_file_is_refused_with_its_place() {
    for end in [0, 1, 1000, source().len() / 2, source().len() - 2] {
        let error = Swagger::parse(&source()[..end]).expect_err("the rest is missing");
        let text = error.to_string();
        assert!(text.contains("truncated") && text.contains("line") && text.contains("column"), "{end}: {text}");
    }
}
