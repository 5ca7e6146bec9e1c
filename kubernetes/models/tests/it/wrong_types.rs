//! A value that does not fit its field is an error that names the field.

use serde_json::{Value, json};

use crate::definition_table::DEFINITIONS;
use crate::description::{DESCRIPTION, Form, Other};
use crate::tree::Tree;

/// Whether a value fits, as far as its outermost type tells.
fn fits(form: Form<'_>, value: &Value) -> bool {
    match form {
        Form::Any => true,
        _ if value.is_null() => true,
        Form::String(_) => value.is_string(),
        Form::Bytes => value.as_str().is_some_and(|text| ["", "text", "AAEC"].contains(&text)),
        Form::Time | Form::MicroTime => value.as_str().is_some_and(|text| text.starts_with("2026-")),
        Form::Integer32 => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        Form::Integer64 => value.is_i64(),
        Form::Number => value.is_number(),
        Form::Boolean => value.is_boolean(),
        // The text is kept as it is, even if it is not a quantity.
        Form::Quantity => value.is_number() || value.is_string(),
        Form::IntOrString => value.is_string() || fits(Form::Integer32, value),
        Form::List(_) => value.is_array(),
        Form::Map(_) | Form::Object(_) => value.is_object(),
        Form::Union(_, Other::Boolean) => value.is_boolean() || value.is_object(),
        Form::Union(_, Other::Objects | Other::Strings) => value.is_array() || value.is_object(),
    }
}

#[test]
fn each_field_takes_what_fits_and_names_itself_otherwise() {
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(1.5),
        json!(-0.0),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(i64::from(i32::MAX) + 1),
        json!(i64::from(i32::MIN) - 1),
        json!(1e300),
        json!(""),
        json!("text"),
        json!("5"),
        json!("AAEC"),
        json!("2026-11-23T08:30:00Z"),
        json!([]),
        json!({}),
    ];
    for definition in DEFINITIONS {
        let Form::Object(object) = DESCRIPTION.form(definition.name) else { continue };
        for property in object.properties() {
            for value in &values {
                let document = Tree::Object(vec![(property.name.to_owned(), value.clone().into())]).to_string();
                let result = (definition.round_trip)(document.as_bytes());
                let place = format!("{}: {document}", definition.name);
                match result {
                    Ok(_) => assert!(fits(property.schema.form(), value), "{place} was read"),
                    Err(error) => {
                        assert!(!fits(property.schema.form(), value), "{place}: {error}");
                        assert_eq!(error.path(), property.name, "{place}: {error}");
                    }
                }
            }
        }
    }
}

#[test]
fn an_error_inside_a_list_or_map_names_the_element() {
    let mut seen = 0;
    for definition in DEFINITIONS {
        let Form::Object(object) = DESCRIPTION.form(definition.name) else { continue };
        for property in object.properties() {
            // A number that no element is, but for any value.
            let (document, path) = match property.schema.form() {
                Form::List(items) if !fits(items.form(), &json!(1e300)) => ("[null,1e300]", "[1]"),
                Form::Map(values) if !fits(values.form(), &json!(1e300)) => (r#"{"a.b/c":1e300}"#, r#"["a.b/c"]"#),
                _ => continue,
            };
            seen += 1;
            let document = format!("{{\"{}\":{document}}}", property.name);
            let error = (definition.round_trip)(document.as_bytes()).expect_err("a number fits nowhere here");
            assert_eq!(error.path(), format!("{}{path}", property.name), "{}: {error}", definition.name);
        }
    }
    assert!(seen > 100 || !cfg!(feature = "all"), "{seen}");
}

#[test]
fn a_document_of_another_type_is_an_error_at_its_root() {
    for definition in DEFINITIONS {
        let form = DESCRIPTION.form(definition.name);
        for value in [json!(true), json!(1), json!("text"), json!([]), json!([1])] {
            let result = (definition.round_trip)(value.to_string().as_bytes());
            let is_list_inside = matches!(form, Form::Union(..)) && value == json!([1]);
            assert_eq!(
                result.is_ok(),
                fits(form, &value) && !is_list_inside,
                "{}: {value}: {result:?}",
                definition.name
            );
        }
    }
}

#[test]
fn a_document_of_another_kind_is_an_error() {
    let mut seen = 0;
    for definition in DEFINITIONS {
        let Form::Object(object) = DESCRIPTION.form(definition.name) else { continue };
        for (field, constant) in object.type_meta().into_iter().flatten() {
            seen += 1;
            let document = json!({field: format!("{constant}x")}).to_string();
            let error = (definition.round_trip)(document.as_bytes()).expect_err("the kind is another one");
            assert_eq!(error.path(), field, "{}: {error}", definition.name);
        }
    }
    assert!(seen > 100 || !cfg!(feature = "all"), "{seen}");
}
