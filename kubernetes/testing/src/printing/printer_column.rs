//! The columns of a CustomResourceDefinition (`additionalPrinterColumns`).
//!
//! From
//! <https://github.com/kubernetes/apiextensions-apiserver/blob/v0.37.2/pkg/registry/customresource/tableconvertor/tableconvertor.go>.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age::since;
use super::json_path::JsonPath;

/// A column of a custom resource.
#[derive(Clone, Debug)]
pub(crate) struct PrinterColumn {
    name: String,
    type_: String,
    format: String,
    description: String,
    priority: i64,
    path: JsonPath,
}

impl PrinterColumn {
    /// The columns of a version, by default the age.
    pub(crate) fn of_version(version: &Value) -> Vec<Self> {
        match version.get("additionalPrinterColumns").and_then(Value::as_array) {
            Some(columns) if !columns.is_empty() => columns.iter().map(Self::of).collect(),
            _ => vec![Self::of(&json!({"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}))],
        }
    }

    fn of(column: &Value) -> Self {
        let text = |field: &str| column.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let path = text("jsonPath");
        let description = match text("description") {
            description if description.is_empty() => {
                format!("Custom resource definition column (in JSONPath format): {path}")
            }
            description => description,
        };
        Self {
            name: text("name"),
            type_: text("type"),
            format: text("format"),
            description,
            priority: column.get("priority").and_then(Value::as_i64).unwrap_or_default(),
            path: JsonPath::parse(&path),
        }
    }

    pub(super) fn definition(&self) -> Value {
        let Self { name, type_, format, description, priority, .. } = self;
        json!({"name": name, "type": type_, "format": format, "description": description, "priority": priority})
    }

    pub(super) fn cell(&self, object: &Value, now: Timestamp) -> Value {
        let Some(value) = self.path.find(object) else { return Value::Null };
        match (self.type_.as_str(), value) {
            ("string", Value::String(_)) => value.clone(),
            ("string", Value::Null) => Value::Null,
            ("string", other) => other.to_string().into(),
            ("integer", Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => integer.into(),
                // Truncates, like a conversion in Go.
                (None, Some(number)) => Value::from(number.trunc() as i64),
                (None, None) => Value::Null,
            },
            ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => value.clone(),
            ("date", Value::String(time)) if time.parse::<Timestamp>().is_ok() => since(Some(time), now).into(),
            ("date", Value::String(_)) => "<invalid>".into(),
            _ => Value::Null,
        }
    }
}
