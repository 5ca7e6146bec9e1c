//! Structural schemas of custom resources, and their defaults.
//!
//! <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema>.

use serde_json::{Map, Value};

/// Fields that the schema does not describe, because they have their own types.
pub(super) const OWN: [&str; 3] = ["metadata", "apiVersion", "kind"];

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

pub(super) fn flag(schema: &Value, name: &str) -> bool {
    schema.get(name) == Some(&Value::Bool(true))
}

/// Fills the defaults of an object of the resource.
///
/// # Errors
/// Returns an error if the defaults are too large in total: a default of a list's items is copied into each item.
pub(super) fn set_defaults(schema: &Value, object: &mut Map<String, Value>) -> Result<(), String> {
    let mut defaults = Defaults { left: MAX_DEFAULT_BYTES };
    for (name, schema) in properties(schema).filter(|(name, _)| !OWN.contains(&name.as_str())) {
        defaults.set(schema, name, object)?;
    }
    Ok(())
}

/// The maximum size of all defaults of an object, the same as that of a request.
const MAX_DEFAULT_BYTES: usize = 3 * 1024 * 1024;

struct Defaults {
    /// The number of bytes left for further defaults.
    left: usize,
}

impl Defaults {
    fn set(&mut self, schema: &Value, name: &str, object: &mut Map<String, Value>) -> Result<(), String> {
        if let Some(default) = schema.get("default") {
            let is_missing = match object.get(name) {
                None => true,
                Some(value) => value.is_null() && !flag(schema, "nullable"),
            };
            if is_missing {
                self.left = self
                    .left
                    .checked_sub(default.to_string().len())
                    .ok_or("the defaults of its schema have more than 3 MiB")?;
                object.insert(name.to_owned(), default.clone());
            }
        }
        object.get_mut(name).map_or(Ok(()), |value| self.fill(schema, value))
    }

    fn fill(&mut self, schema: &Value, value: &mut Value) -> Result<(), String> {
        match value {
            Value::Object(object) => {
                for (name, schema) in properties(schema) {
                    self.set(schema, name, object)?;
                }
                if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
                    object.values_mut().try_for_each(|value| self.fill(values, value))?;
                }
                Ok(())
            }
            Value::Array(items) => {
                let schema = schema.get("items");
                schema.map_or(Ok(()), |schema| items.iter_mut().try_for_each(|item| self.fill(schema, item)))
            }
            _ => Ok(()),
        }
    }
}
