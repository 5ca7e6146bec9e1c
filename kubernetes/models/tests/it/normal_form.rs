//! The normal form of a document: what a type that follows Go's writes after it has read the document.

use serde_json::Value;

use crate::description::{Form, Object, Other};
use crate::tree::Tree;

/// The normal form of a valid document.
///
/// - `apiVersion` and `kind` of a type that has one of each come first, then `metadata`, then the fields by name;
///   unknown fields are left out, and the last of fields with the same name counts.
/// - A required field is always written, with its zero value if it is missing or null.
/// - An optional field is left out if it is null, an empty list or an empty map; so an object without fields stays.
/// - A map is sorted by its keys.
pub(crate) fn normal_form(form: Form<'_>, tree: &Tree) -> Tree {
    match (form, tree) {
        (Form::Object(object), tree) => object_form(object, tree),
        (Form::Union(object, _), tree @ (Tree::Object(_) | Tree::Scalar(Value::Null))) => object_form(object, tree),
        (Form::Union(object, Other::Objects), Tree::List(list)) => {
            Tree::List(list.iter().map(|item| object_form(object, item)).collect())
        }
        (Form::Union(_, Other::Strings), Tree::List(list)) => {
            Tree::List(list.iter().map(|item| normal_form(Form::String(&[]), item)).collect())
        }
        (Form::List(items), Tree::List(list)) => {
            Tree::List(list.iter().map(|item| normal_form(items.form(), item)).collect())
        }
        (Form::Map(values), Tree::Object(_)) => {
            let Tree::Object(entries) = sorted_keys(tree) else { unreachable!("an object stays one") };
            let entries = entries.into_iter().map(|(key, value)| (key, normal_form(values.form(), &value)));
            Tree::Object(entries.collect())
        }
        (form, tree) if tree.is_null() => zero(form),
        // As in Go, a number counts as its text.
        (Form::Quantity, Tree::Scalar(Value::Number(number))) => Tree::text(number.to_string()),
        (_, other) => other.clone(),
    }
}

fn object_form(object: Object<'_>, tree: &Tree) -> Tree {
    let mut fields = Vec::new();
    for (name, constant) in object.type_meta().into_iter().flatten() {
        fields.push((name.to_owned(), Tree::text(constant)));
    }
    for property in object.properties() {
        let form = property.schema.form();
        let given = tree.field(property.name).filter(|value| !value.is_null());
        let is_absent = match (form, given) {
            (_, None) => true,
            (Form::List(_), Some(Tree::List(items))) => items.is_empty(),
            (Form::Map(_), Some(Tree::Object(entries))) => entries.is_empty(),
            _ => false,
        };
        if property.required || !is_absent {
            fields.push((property.name.to_owned(), normal_form(form, given.unwrap_or(&Tree::NULL))));
        }
    }
    Tree::Object(fields)
}

/// The text that Go's zero value is written as.
fn zero(form: Form<'_>) -> Tree {
    match form {
        Form::String(_) | Form::Bytes => Tree::text(""),
        Form::Integer32 | Form::Integer64 | Form::IntOrString => Tree::Scalar(0.into()),
        Form::Number => Tree::Scalar(0.0.into()),
        Form::Boolean => Tree::Scalar(false.into()),
        Form::Quantity => Tree::text("0"),
        Form::Time | Form::MicroTime | Form::Any => Tree::NULL,
        Form::List(_) => Tree::List(Vec::new()),
        Form::Map(_) => Tree::Object(Vec::new()),
        Form::Object(object) | Form::Union(object, _) => object_form(object, &Tree::NULL),
    }
}

/// The entries by key, only the last of those with the same key; the values stay as they are.
fn sorted_keys(tree: &Tree) -> Tree {
    let Tree::Object(entries) = tree else { return tree.clone() };
    let last: std::collections::BTreeMap<_, _> = entries.iter().cloned().collect();
    Tree::Object(last.into_iter().collect())
}
