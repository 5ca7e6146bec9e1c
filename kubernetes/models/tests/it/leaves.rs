//! Leaves that are compared by value, and not by their text.

use kubernetes_core::{MicroTime, Quantity, Time};
use serde_json::Value;

use crate::description::{Form, Object, Other};
use crate::tree::Tree;

/// The same document with each quantity, time and number in one form; nothing is added, left out or moved.
pub(crate) fn by_value(form: Form<'_>, tree: &Tree) -> Tree {
    match (form, tree) {
        (Form::Any, tree) => tree.sorted(),
        (Form::Quantity, Tree::Scalar(Value::String(text))) => {
            Tree::text(Quantity::from(text.as_str()).canonical().as_str())
        }
        (Form::Time, Tree::Scalar(Value::String(text))) => {
            Tree::text(text.parse::<Time>().expect("a time").to_string())
        }
        (Form::MicroTime, Tree::Scalar(Value::String(text))) => {
            Tree::text(text.parse::<MicroTime>().expect("a time").to_string())
        }
        (Form::Number, Tree::Scalar(Value::Number(number))) => Tree::Scalar(number.as_f64().into()),
        (Form::List(items), Tree::List(list)) => {
            Tree::List(list.iter().map(|item| by_value(items.form(), item)).collect())
        }
        (Form::Map(values), Tree::Object(entries)) => {
            Tree::Object(entries.iter().map(|(key, value)| (key.clone(), by_value(values.form(), value))).collect())
        }
        (Form::Object(object) | Form::Union(object, _), Tree::Object(fields)) => fields_by_value(object, fields),
        (Form::Union(object, Other::Objects), Tree::List(list)) => {
            Tree::List(list.iter().map(|item| by_value(Form::Object(object), item)).collect())
        }
        (_, other) => other.clone(),
    }
}

fn fields_by_value(object: Object<'_>, fields: &[(String, Tree)]) -> Tree {
    let properties = object.properties();
    let field = |(name, value): &(String, Tree)| {
        let property = properties.iter().find(|property| property.name == name);
        let value = property.map_or_else(|| value.clone(), |property| by_value(property.schema.form(), value));
        (name.clone(), value)
    };
    Tree::Object(fields.iter().map(field).collect())
}
