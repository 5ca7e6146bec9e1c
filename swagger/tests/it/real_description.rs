//! The pinned description: everything in it is read, lifted and lowered again.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use kubernetes_swagger::extension::{self, Action};
use kubernetes_swagger::parse;
use openapiv3::{OpenAPI, ReferenceOr};
use serde_json::Value;

use crate::lower::lower;
use crate::support::{keywords, schema};

fn source() -> &'static [u8] {
    static SOURCE: OnceLock<Vec<u8>> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/swagger.json");
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    })
}

fn json() -> Value {
    serde_json::from_slice(source()).expect("the pinned description is JSON")
}

fn lifted() -> &'static OpenAPI {
    static LIFTED: OnceLock<OpenAPI> = OnceLock::new();
    LIFTED.get_or_init(|| parse(source()).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn lowering_gives_the_same_swagger() {
    assert!(lower(lifted()) == json(), "the lowered description is not the one that was lifted");
}

#[test]
fn order_is_that_of_the_file() {
    let text = std::str::from_utf8(source()).expect("the pinned description is UTF-8");
    let mut from = text.find("\"definitions\"").expect("there are definitions");
    for name in lifted().components.as_ref().expect("there are components").schemas.keys() {
        let key = format!("\"{name}\":");
        from += text[from..].find(&key).unwrap_or_else(|| panic!("{name} is out of order"));
    }
}

#[test]
fn every_operation_is_lifted() {
    let ids: BTreeSet<_> = lifted().operations().filter_map(|(.., op)| op.operation_id.as_deref()).collect();
    assert_eq!(ids.len(), 1200);
    for method in ["head", "options"] {
        assert_eq!(lifted().operations().filter(|(_, found, _)| *found == method).count(), 6, "{method}");
    }
}

#[test]
fn a_body_is_found_on_every_operation_that_has_one() {
    fn is_body(source: &Value, parameter: &Value) -> bool {
        let global = parameter["$ref"].as_str().and_then(|reference| source.pointer(reference.strip_prefix('#')?));
        global.unwrap_or(parameter)["in"] == "body"
    }
    let source = json();
    let operations = source["paths"].as_object().expect("paths").values().flat_map(|item| item.as_object());
    let parameters = operations.flatten().filter_map(|(_, operation)| operation["parameters"].as_array());
    let bodies = parameters.filter(|parameters| parameters.iter().any(|one| is_body(&source, one))).count();
    let lifted_bodies = lifted().operations().filter(|(.., operation)| operation.request_body.is_some()).count();
    assert_eq!(bodies, lifted_bodies);
    assert!(bodies > 500, "{bodies}");
}

#[test]
fn references_with_siblings_become_all_of() {
    let deployment = keywords(schema(lifted(), "io.k8s.api.apps.v1.Deployment"));
    let metadata = &deployment.properties["metadata"];
    assert!(matches!(metadata, ReferenceOr::Item(_)), "it has a description beside the reference");
    assert_eq!(extension::definition_name(metadata), Some("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"));
}

#[test]
fn extensions_are_read_from_the_lifted_document() {
    let kinds = extension::group_version_kinds(&schema(lifted(), "io.k8s.api.apps.v1.Deployment").schema_data);
    let kinds: Vec<_> = kinds.iter().map(|kind| (kind.group.as_str(), kind.kind.as_str())).collect();
    assert_eq!(kinds, [("apps", "Deployment")]);
    let is_list = |operation| extension::action(operation) == Some(Action::List);
    assert_eq!(lifted().operations().filter(|(.., operation)| is_list(operation)).count(), 140);
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
    let mut source = json();
    strip(&mut source);
    source["info"]["version"] = "unversioned".into();
    assert!(lower(&crate::support::parse(&source)) == source);
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
    let mut source = json();
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
        let error = parse(&source()[..end]).expect_err("the rest is missing");
        let text = error.to_string();
        assert!(text.contains("truncated") && text.contains("line") && text.contains("column"), "{end}: {text}");
    }
}
