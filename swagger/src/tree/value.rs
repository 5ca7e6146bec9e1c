//! Readers of plain values: strings, numbers, lists, maps.

use indexmap::IndexMap;
use indexmap::map::Entry;
use serde_json::{Map, Value};

use super::json::Json;
use super::object::duplicate;
use super::place::{Dialect, Place};
use crate::text_enum::TextEnum;

pub(crate) fn string(place: &Place<'_>, json: Json<'_>) -> Option<String> {
    match json {
        Json::String(text) => Some(text.into_owned()),
        other => wrong_type(place, "a string", &other),
    }
}

pub(crate) fn boolean(place: &Place<'_>, json: Json<'_>) -> Option<bool> {
    match json {
        Json::Bool(value) => Some(value),
        other => wrong_type(place, "a boolean", &other),
    }
}

/// A number. Kubernetes keeps bounds as `float64` and writes its shortest decimal form, so that 2^63 is there as
/// 9223372036854776000; an integer that is neither exact nor such a form would be rounded, and is refused. Of a custom
/// resource the server has rounded it.
pub(crate) fn number(place: &Place<'_>, json: Json<'_>) -> Option<f64> {
    let Json::Number(number) = json else { return wrong_type(place, "a number", &json) };
    let value = number.as_f64()?;
    let integer = number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    let is_rounded = place.dialect() == Dialect::Definition;
    let kept = is_rounded
        || integer.is_none_or(|integer| value as i128 == integer || value.to_string() == integer.to_string());
    if !kept {
        place.problem(format!("the number {number} does not fit a 64-bit float, in which Kubernetes keeps bounds"));
    }
    kept.then_some(value)
}

pub(crate) fn size(place: &Place<'_>, json: Json<'_>) -> Option<usize> {
    let size = match &json {
        Json::Number(number) => number.as_u64().and_then(|size| usize::try_from(size).ok()),
        _ => None,
    };
    if size.is_none() {
        place.problem(match &json {
            Json::Number(number) => format!("expected a whole number of 0 or more, found {number}"),
            other => format!("expected a whole number of 0 or more, found {}", other.type_name()),
        });
    }
    size
}

/// One of a fixed set of strings; `what` names the set in the message.
pub(crate) fn text<T: TextEnum>(what: &str) -> impl FnOnce(&Place<'_>, Json<'_>) -> Option<T> {
    move |place, json| {
        let text = string(place, json)?;
        let value = T::from_text(&text);
        if value.is_none() {
            unknown_text::<T>(place, what, &text);
        }
        value
    }
}

pub(crate) fn unknown_text<T: TextEnum>(place: &Place<'_>, what: &str, text: &str) {
    let known: Vec<_> = T::ALL.iter().map(|value| format!("`{}`", value.text())).collect();
    place.problem(format!("unknown {what} `{text}`; known: {}", known.join(", ")));
}

pub(crate) fn strings(place: &Place<'_>, json: Json<'_>) -> Option<Vec<String>> {
    list(place, json, string)
}

pub(crate) fn list<'j, T>(
    place: &Place<'_>,
    json: Json<'j>,
    read: impl Fn(&Place<'_>, Json<'j>) -> Option<T>,
) -> Option<Vec<T>> {
    match json {
        Json::Array(items) => {
            Some(items.into_iter().enumerate().filter_map(|(index, item)| read(&place.index(index), item)).collect())
        }
        other => wrong_type(place, "an array", &other),
    }
}

pub(crate) fn map<'j, T>(
    place: &Place<'_>,
    json: Json<'j>,
    read: impl Fn(&Place<'_>, Json<'j>) -> Option<T>,
) -> Option<IndexMap<String, T>> {
    let Json::Object(entries) = json else { return wrong_type(place, "an object", &json) };
    let mut map = IndexMap::with_capacity(entries.len());
    for (key, json) in entries {
        let value = read(&place.key(&key), json);
        match map.entry(key.into_owned()) {
            Entry::Occupied(entry) => duplicate(place, entry.key()),
            Entry::Vacant(entry) => {
                if let Some(value) = value {
                    entry.insert(value);
                }
            }
        }
    }
    Some(map)
}

/// Any JSON value.
pub(crate) fn value(place: &Place<'_>, json: Json<'_>) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => Value::Number(number),
        Json::String(text) => Value::String(text.into_owned()),
        Json::Array(_) => Value::Array(list(place, json, value)?),
        Json::Object(_) => Value::Object(map(place, json, value)?.into_iter().collect::<Map<_, _>>()),
    })
}

pub(crate) fn wrong_type<T>(place: &Place<'_>, expected: &str, found: &Json<'_>) -> Option<T> {
    place.problem(format!("expected {expected}, found {}", found.type_name()));
    None
}
