//! Every valid document, decoded and encoded, is its normal form.

use std::collections::BTreeSet;

use crate::definition::Definition;
use crate::definition_table::DEFINITIONS;
use crate::description::{DESCRIPTION, Form};
use crate::generate::{Generator, Style};
use crate::leaves::by_value;
use crate::normal_form::normal_form;
use crate::tree::Tree;

/// Asserts that the document is read, written in its normal form, and that this form stays as it is.
fn assert_normal_form(definition: &Definition, document: &Tree) {
    let name = definition.name;
    let form = DESCRIPTION.form(name);
    let text = document.to_string();
    let written = match (definition.round_trip)(text.as_bytes()) {
        Ok(written) => written,
        Err(error) => panic!("{name}: {error}\nthe document: {text}"),
    };
    let actual: Tree = serde_json::from_str(&written).unwrap_or_else(|error| panic!("{name} wrote {written}: {error}"));
    let expected = by_value(form, &normal_form(form, document));
    let actual = by_value(form, &actual);
    assert!(actual == expected, "{name}\nthe document: {text}\nexpected: {expected}\nwritten:  {actual}");
    let again = (definition.round_trip)(written.as_bytes());
    assert_eq!(again.expect("what was written can be read"), written, "{name}: the normal form changes");
}

#[test]
fn every_definition_has_a_type() {
    let described: BTreeSet<&str> = DESCRIPTION.definitions.keys().map(String::as_str).collect();
    let typed: BTreeSet<&str> = DEFINITIONS.iter().map(|definition| definition.name).collect();
    assert_eq!(typed.len(), DEFINITIONS.len(), "a definition is there once");
    assert!(typed.is_subset(&described));
    if cfg!(feature = "all") {
        let missing: Vec<_> = described.difference(&typed).collect();
        // A patch is not a value: it is sent and never read.
        assert_eq!(missing, [&"io.k8s.apimachinery.pkg.apis.meta.v1.Patch"]);
    }
}

#[test]
fn an_object_without_fields_has_its_required_ones() {
    for definition in DEFINITIONS {
        assert_normal_form(definition, &Tree::NULL);
        if matches!(DESCRIPTION.form(definition.name), Form::Object(_)) {
            assert_normal_form(definition, &Tree::Object(Vec::new()));
        }
    }
}

#[test]
fn an_object_with_all_fields_is_written_as_it_was_read() {
    for definition in DEFINITIONS {
        for seed in 0..3 {
            let document = Generator::new(Style::Full, seed).value(DESCRIPTION.form(definition.name));
            assert_normal_form(definition, &document);
        }
    }
}

#[test]
fn each_field_alone_is_written_as_it_was_read() {
    for definition in DEFINITIONS {
        let Form::Object(object) = DESCRIPTION.form(definition.name) else { continue };
        for (seed, property) in object.properties().iter().enumerate() {
            let full = Generator::new(Style::Full, seed as u64).value(property.schema.form());
            let empty = match property.schema.form() {
                Form::List(_) => Tree::List(Vec::new()),
                Form::Map(_) | Form::Object(_) => Tree::Object(Vec::new()),
                _ => Tree::NULL,
            };
            for value in [full, empty, Tree::NULL] {
                assert_normal_form(definition, &Tree::Object(vec![(property.name.to_owned(), value)]));
            }
        }
    }
}

#[test]
fn serde_reads_and_writes_the_same() {
    for definition in DEFINITIONS {
        let document = Generator::new(Style::Random, 5).value(DESCRIPTION.form(definition.name));
        let direct = (definition.round_trip)(document.to_string().as_bytes()).expect("the document is valid");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("this is JSON");
        let by_serde = (definition.round_trip_by_serde)(value(&document.to_string()));
        assert_eq!(by_serde.expect("serde reads it too"), value(&direct), "{}: {document}", definition.name);
    }
}

/// How many random documents each definition gets; `PROPTEST_CASES`, which the long run sets, makes more.
fn random_cases() -> u64 {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse::<u64>().ok());
    cases.map_or(16, |cases| (cases / 16).max(16))
}

#[test]
fn random_objects_are_written_in_their_normal_form() {
    for definition in DEFINITIONS {
        for seed in 0..random_cases() {
            let document = Generator::new(Style::Random, seed).value(DESCRIPTION.form(definition.name));
            assert_normal_form(definition, &document);
        }
    }
}

#[test]
fn of_fields_with_the_same_name_the_last_one_counts() {
    for definition in DEFINITIONS {
        for seed in 0..random_cases() {
            let document = Generator::new(Style::RandomTwice, seed).value(DESCRIPTION.form(definition.name));
            assert_normal_form(definition, &document);
        }
    }
}
