//! Decodes as Go does: refuses wrong types, and drops unknown fields and `null`.

use serde_json::{Map, Value};

use super::{Shape, definition, structural};
use crate::schema::{Definition, Type};

/// Normalizes an object of a type in the API description.
///
/// Returns the paths of unknown fields, which are dropped.
///
/// # Errors
/// Returns an error if a value does not fit its field, with the message of Go's `encoding/json`.
pub(crate) fn normalize(shape: Shape<'_>, object: &mut Map<String, Value>) -> Result<Vec<String>, String> {
    let mut reader = Reader { unknown: UnknownFields::default() };
    match shape {
        Shape::CustomObject(_) => custom(shape, object, &mut reader)?,
        _ => {
            if let Some(definition) = shape.definition() {
                reader.object(definition, object, "", true)?;
            }
        }
    }
    Ok(reader.unknown.0)
}

struct Reader {
    unknown: UnknownFields,
}

/// The paths of unknown fields.
#[derive(Default)]
struct UnknownFields(Vec<String>);

impl UnknownFields {
    /// The limit of `sigs.k8s.io/json` on strict errors, as each path can be long.
    const MAX: usize = 100;

    fn push(&mut self, path: String) {
        if self.0.len() < Self::MAX {
            self.0.push(path);
        }
    }
}

/// The metadata is decoded by the description; everything else is pruned to the schema.
fn custom(shape: Shape<'_>, object: &mut Map<String, Value>, reader: &mut Reader) -> Result<(), String> {
    object.retain(|_, value| !value.is_null());
    if let (Some(metadata), Some(definition)) =
        (object.get_mut("metadata"), shape.field("metadata").and_then(Shape::definition))
    {
        let Value::Object(metadata) = metadata else {
            return Err("json: cannot unmarshal metadata into Go value of type v1.ObjectMeta".to_owned());
        };
        // It is decoded separately, so its path begins there.
        let by_itself = |error: String| error.replace(" ObjectMeta.metadata.", " ObjectMeta.");
        reader.object(definition, metadata, "metadata", false).map_err(by_itself)?;
    }
    object.retain(|name, value| match shape.field(name) {
        Some(_) if matches!(name.as_str(), "metadata" | "apiVersion" | "kind") => true,
        Some(field) => {
            prune(field, value, name, &mut reader.unknown);
            true
        }
        None => {
            reader.unknown.push(name.clone());
            false
        }
    });
    if let Shape::CustomObject(Some(schema)) = shape {
        structural::set_defaults(schema, object)?;
    }
    Ok(())
}

/// Drops fields that are not in the schema.
fn prune(shape: Shape<'_>, value: &mut Value, path: &str, unknown: &mut UnknownFields) {
    match value {
        Value::Object(object) => object.retain(|name, value| {
            let path = format!("{path}.{name}");
            match shape.field(name) {
                Some(field) => prune(field, value, &path, unknown),
                None => unknown.push(path),
            }
            shape.field(name).is_some()
        }),
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                prune(shape.item(), item, &format!("{path}[{index}]"), unknown);
            }
        }
        _ => {}
    }
}

impl Reader {
    fn object(
        &mut self,
        definition: &'static Definition,
        object: &mut Map<String, Value>,
        path: &str,
        is_root: bool,
    ) -> Result<(), String> {
        let mut wrong = None;
        object.retain(|name, value| {
            if value.is_null() {
                return false;
            }
            let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if is_root && matches!(name.as_str(), "apiVersion" | "kind") {
                return true;
            }
            match definition.fields.iter().find(|field| field.name == name) {
                None => {
                    self.unknown.push(inner);
                    false
                }
                Some(field) => {
                    if let Err(error) = self.value(field.type_, value, &inner, definition) {
                        wrong.get_or_insert(error);
                    }
                    if is_root && name == "status" {
                        fill_required(Shape::Described(field.type_, field.merge), value);
                    }
                    // An empty list means that fields no longer have owners.
                    inner == "metadata.managedFields" || !is_left_out(field.type_, value)
                }
            }
        });
        wrong.map_or(Ok(()), Err)
    }

    fn value(&mut self, type_: Type, value: &mut Value, path: &str, owner: &Definition) -> Result<(), String> {
        let fits = match (type_, &mut *value) {
            (_, Value::Null) | (Type::Any, _) => true,
            (Type::String | Type::Bytes | Type::Time | Type::MicroTime, Value::String(_)) => true,
            (Type::Integer32, Value::Number(number)) => number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
            (Type::Integer64, Value::Number(number)) => number.is_i64(),
            (Type::Number, Value::Number(_)) | (Type::Boolean, Value::Bool(_)) => true,
            (Type::IntOrString | Type::Quantity, Value::Number(_) | Value::String(_)) => true,
            (Type::Object(place), Value::Object(object)) => {
                return definition(place).map_or(Ok(()), |definition| self.object(definition, object, path, false));
            }
            (Type::List(item), Value::Array(items)) => {
                return items.iter_mut().try_for_each(|value| self.value(*item, value, path, owner));
            }
            (Type::Map(inner), Value::Object(map)) => {
                return map.values_mut().try_for_each(|value| self.value(*inner, value, path, owner));
            }
            _ => false,
        };
        if fits {
            return Ok(());
        }
        let (found, go, owner) = (go_kind(value), go_type(type_), owner.short_name());
        Err(format!("json: cannot unmarshal {found} into Go struct field {owner}.{path} of type {go}"))
    }
}

/// Adds the zero values of missing fields that Go always writes.
pub(crate) fn fill_required(shape: Shape<'_>, value: &mut Value) {
    let (Some(definition), Value::Object(object)) = (shape.definition(), value) else { return };
    for field in definition.fields.iter().filter(|field| field.required) {
        let zero = match field.type_ {
            Type::String => "".into(),
            Type::Integer32 | Type::Integer64 | Type::Number => 0.into(),
            Type::Boolean => false.into(),
            _ => continue,
        };
        object.entry(field.name).or_insert(zero);
    }
}

/// Whether Go omits the value: nearly every list and map has `omitempty`.
fn is_left_out(type_: Type, value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty() && matches!(type_, Type::Map(_)),
        _ => false,
    }
}

/// Go's name for the type of a value.
fn go_kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(number) if number.is_f64() => format!("number {number}"),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "string".to_owned(),
        Value::Array(_) => "array".to_owned(),
        Value::Object(_) => "object".to_owned(),
    }
}

fn go_type(type_: Type) -> String {
    match type_ {
        Type::String => "string".to_owned(),
        Type::Bytes => "[]uint8".to_owned(),
        Type::Integer32 => "int32".to_owned(),
        Type::Integer64 => "int64".to_owned(),
        Type::Number => "float64".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::IntOrString => "intstr.IntOrString".to_owned(),
        Type::Quantity => "resource.Quantity".to_owned(),
        Type::Time => "v1.Time".to_owned(),
        Type::MicroTime => "v1.MicroTime".to_owned(),
        Type::Any => "interface {}".to_owned(),
        Type::Object(place) => definition(place).map_or_else(String::new, |definition| {
            let mut parts = definition.name.rsplit('.');
            let (name, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            format!("{version}.{name}")
        }),
        Type::List(item) => format!("[]{}", go_type(*item)),
        Type::Map(value) => format!("map[string]{}", go_type(*value)),
    }
}
