//! Any bytes are a value or an error: no panic, no stack overflow, nothing read that is not JSON.

use fastrand::Rng;
use serde::de::IgnoredAny;

use crate::definition::Definition;
use crate::definition_table::DEFINITIONS;
use crate::description::{DESCRIPTION, Form};
use crate::generate::{Generator, Style};

/// Decodes bytes; what is taken must be JSON.
fn decode(definition: &Definition, bytes: &[u8]) {
    if (definition.round_trip)(bytes).is_ok() {
        let verdict = serde_json::from_slice::<IgnoredAny>(bytes);
        assert!(verdict.is_ok(), "{} took {:?}", definition.name, String::from_utf8_lossy(bytes));
    }
}

#[test]
fn damaged_documents_are_values_or_errors() {
    let mut rng = Rng::with_seed(7);
    for definition in DEFINITIONS {
        for seed in 0..8 {
            let document = Generator::new(Style::Random, seed).value(DESCRIPTION.form(definition.name)).to_string();
            let mut bytes = document.into_bytes();
            for _ in 0..8 {
                let at = rng.usize(..bytes.len());
                match rng.u8(..4) {
                    0 => bytes[at] = rng.u8(..),
                    1 => bytes[at] = *b"{}[]\",:\\0-.eunt"[..].get(rng.usize(..15)).unwrap_or(&b' '),
                    2 => bytes.insert(at, rng.u8(0x20..0x7f)),
                    _ => drop(bytes.remove(at)),
                }
                decode(definition, &bytes);
                if bytes.is_empty() {
                    break;
                }
            }
            let end = rng.usize(..=bytes.len());
            decode(definition, &bytes[..end]);
        }
    }
}

#[test]
fn every_prefix_of_a_document_is_an_error() {
    for definition in DEFINITIONS {
        let Form::Object(_) = DESCRIPTION.form(definition.name) else { continue };
        let document = Generator::new(Style::Random, 3).value(DESCRIPTION.form(definition.name)).to_string();
        // Of long documents a part of the prefixes, at places that are not always the same in a field.
        let step = (document.len() / 61).max(1);
        for end in (0..document.len()).step_by(step) {
            let result = (definition.round_trip)(&document.as_bytes()[..end]);
            assert!(result.is_err(), "{} took {:?}", definition.name, &document.as_bytes()[..end]);
        }
    }
}

#[test]
fn deep_nesting_is_an_error_wherever_it_stands() {
    let deep = ["[".repeat(100_000), "{\"a\":".repeat(100_000)];
    for definition in DEFINITIONS {
        let Form::Object(object) = DESCRIPTION.form(definition.name) else { continue };
        for deep in &deep {
            let unknown = format!("{{\"fieldOfANewerServer\":{deep}");
            let error = (definition.round_trip)(unknown.as_bytes()).expect_err("it never ends");
            assert!(error.to_string().contains("nested deeper"), "{}: {error}", definition.name);
            assert_eq!(error.path(), "fieldOfANewerServer", "{}", definition.name);
            for property in object.properties() {
                let document = format!("{{\"{}\":{deep}", property.name);
                let error = (definition.round_trip)(document.as_bytes()).expect_err("it never ends");
                assert!(error.path().starts_with(property.name), "{}: {error}", definition.name);
            }
        }
    }
}

#[test]
fn a_recursive_type_nests_as_deep_as_the_limit_and_no_deeper() {
    let name = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";
    let Some(definition) = DEFINITIONS.iter().find(|definition| definition.name == name) else { return };
    for (open, close) in
        [("{\"not\":", "}"), ("{\"items\":", "}"), ("{\"allOf\":[", "]}"), ("{\"properties\":{\"a\":", "}}")]
    {
        let document = |depth: usize| format!("{}{{}}{}", open.repeat(depth), close.repeat(depth));
        let most = if close.len() == 1 { 126 } else { 63 };
        let read = (definition.round_trip)(document(most).as_bytes());
        assert_eq!(read.expect("this deep is allowed"), document(most));
        for depth in [most + 1, 100_000] {
            let error = (definition.round_trip)(document(depth).as_bytes()).expect_err("this is too deep");
            assert!(error.to_string().contains("nested deeper"), "{error}");
        }
    }
}

#[test]
fn invalid_text_is_an_error() {
    for definition in DEFINITIONS {
        let Form::Object(object) = DESCRIPTION.form(definition.name) else { continue };
        for property in object.properties() {
            for escape in ["\\ud800", "\\udc00", "\\ud800\\u0041", "\\x", "\\u12", "\n", "\u{1}"] {
                let document = format!("{{\"{}\":\"{escape}\"}}", property.name);
                let error = (definition.round_trip)(document.as_bytes()).expect_err("this is not JSON");
                assert_eq!(error.path(), property.name, "{}: {escape:?}: {error}", definition.name);
            }
            let mut bytes = format!("{{\"{}\":\"?\"}}", property.name).into_bytes();
            let at = bytes.len() - 3;
            bytes[at] = 0xff;
            let error = (definition.round_trip)(&bytes).expect_err("this is not UTF-8");
            assert!(error.to_string().contains("UTF-8"), "{error}");
        }
    }
}
