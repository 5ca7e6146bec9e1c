//! Other renderings of objects: tables, as kubectl asks for, and objects without anything but their metadata.
//!
//! <https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables>

mod age;
mod cells;
mod columns;
mod custom;
mod pods;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::failure::{Failure, Result};
use crate::object::Object;
use crate::registry::Served;
use crate::store::Stored;
use columns::layout;
pub(crate) use custom::PrinterColumn;

/// How objects are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rendering {
    Whole,
    Table(Include),
    Metadata,
}

/// What the rows of a table carry of their objects (`includeObject`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Include {
    Nothing,
    Metadata,
    Object,
}

impl Include {
    fn of(call: &Call) -> Result<Self> {
        match call.query.text("includeObject") {
            None | Some("Metadata") => Ok(Self::Metadata),
            Some("None") => Ok(Self::Nothing),
            Some("Object") => Ok(Self::Object),
            Some(other) => {
                let why = "must be 'Metadata', 'Object', 'None', or empty";
                let message =
                    format!("Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: {why}");
                Err(Failure::bad_request(message))
            }
        }
    }
}

impl Rendering {
    /// The first media type that is asked for and understood.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn of(call: &Call) -> Result<Self> {
        let mut is_asked = false;
        for media in call.accept() {
            let mut parts = media.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            if name.is_empty() {
                continue;
            }
            is_asked = true;
            let parameters: Vec<&str> = parts.collect();
            let is_meta = parameters.contains(&"g=meta.k8s.io") && parameters.contains(&"v=v1");
            let form = parameters.iter().find_map(|parameter| parameter.strip_prefix("as="));
            match (name, form) {
                ("application/json", Some("Table")) if is_meta => return Include::of(call).map(Self::Table),
                ("application/json", Some("PartialObjectMetadata" | "PartialObjectMetadataList")) if is_meta => {
                    return Ok(Self::Metadata);
                }
                ("application/json" | "application/*" | "*/*", None) => return Ok(Self::Whole),
                _ => {}
            }
        }
        if is_asked { Err(Failure::not_acceptable()) } else { Ok(Self::Whole) }
    }

    /// One object, as a watch has it; `is_first` for the first of a stream.
    pub(crate) fn event_object(self, served: &Served, object: &Arc<Stored>, now: Timestamp, is_first: bool) -> Value {
        match self {
            Self::Whole => Value::Object(Object::of(object).with_type(&served.api_version(), &served.kind).0),
            Self::Metadata => metadata_of(object),
            Self::Table(include) => {
                let mut metadata = Map::new();
                metadata.insert("resourceVersion".to_owned(), object.revision.to_string().into());
                let mut table = table(served, &[Arc::clone(object)], now, metadata, include);
                if !is_first {
                    table["columnDefinitions"] = Value::Null;
                }
                table
            }
        }
    }

    /// A list or, if it is no list, the one object.
    pub(crate) fn render(
        self,
        served: &Served,
        objects: &[Arc<Stored>],
        now: Timestamp,
        metadata: Option<Map<String, Value>>,
    ) -> Option<Value> {
        match (self, metadata) {
            (Self::Whole, _) => None,
            (Self::Table(include), metadata) => {
                // Of one object, the version is its own.
                let version = objects.first().map(|object| object.revision.to_string());
                let own =
                    || version.map(|version| ("resourceVersion".to_owned(), version.into())).into_iter().collect();
                Some(table(served, objects, now, metadata.unwrap_or_else(own), include))
            }
            (Self::Metadata, None) => objects.first().map(|object| metadata_of(object)),
            (Self::Metadata, Some(metadata)) => {
                let items: Vec<Value> = objects.iter().map(|object| metadata_of(object)).collect();
                let kind = "PartialObjectMetadataList";
                Some(json!({"kind": kind, "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "items": items}))
            }
        }
    }
}

fn metadata_of(object: &Stored) -> Value {
    let metadata = Object::of(object).metadata().cloned().unwrap_or_default();
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata})
}

fn table(
    served: &Served,
    objects: &[Arc<Stored>],
    now: Timestamp,
    metadata: Map<String, Value>,
    include: Include,
) -> Value {
    let rows: Vec<Value> = objects.iter().map(|object| row(served, object, now, include)).collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": columns(served), "rows": rows,
    })
}

fn columns(served: &Served) -> Vec<Value> {
    if !served.is_custom() {
        return layout(served).columns.iter().map(|column| column.definition()).collect();
    }
    let name = json!({"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0});
    let columns = served.columns.iter().map(PrinterColumn::definition);
    std::iter::once(name).chain(columns).collect()
}

fn row(served: &Served, stored: &Stored, now: Timestamp, include: Include) -> Value {
    let object = Object::of(stored);
    let mut row = Map::new();
    let cells = if served.is_custom() {
        let value = Value::Object(object.0.clone());
        let cells = served.columns.iter().map(|column| column.cell(&value, now));
        std::iter::once(stored.key.name().into()).chain(cells).collect()
    } else {
        (layout(served).cells)(&object, now)
    };
    row.insert("cells".to_owned(), cells.into());
    let completed = |reason: &str, message: &str| json!([{"type": "Completed", "status": "True", "reason": reason, "message": message}]);
    let is_pod = served.group.is_empty() && served.plural == "pods";
    let conditions = match object.at("status.phase").and_then(Value::as_str).filter(|_| is_pod) {
        Some("Succeeded") => Some(completed("Succeeded", "The pod has completed successfully.")),
        Some("Failed") => Some(completed("Failed", "The pod failed.")),
        _ => None,
    };
    row.extend(conditions.map(|conditions| ("conditions".to_owned(), conditions)));
    let shown = match include {
        Include::Nothing => Value::Null,
        Include::Metadata => metadata_of(stored),
        Include::Object => Value::Object(object.with_type(&served.api_version(), &served.kind).0),
    };
    row.insert("object".to_owned(), shown);
    Value::Object(row)
}
