//! Alternative representations of objects: tables, as kubectl requests them, and metadata alone.
//!
//! <https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables>

mod age;
mod cells;
mod columns;
mod json_path;
mod pods;
mod printer_column;

use std::sync::Arc;

use jiff::Timestamp;
use kubernetes_core::GroupVersionKind;
use serde_json::{Map, Value, json};

use crate::object::Object;
use crate::request::ApiRequest;
use crate::status::{Result, Status};
use crate::store::Stored;
pub(crate) use columns::{
    CONFIG_MAP, DEPLOYMENT, EVENT, LEASE, Layout, NAMESPACE, NODE, OTHER, POD, REPLICA_SET, SECRET, SERVICE,
    STATEFUL_SET,
};
pub(crate) use printer_column::PrinterColumn;

/// The columns of a resource's tables.
#[derive(Debug)]
pub(crate) enum Columns {
    BuiltIn(Layout),
    Custom(Vec<PrinterColumn>),
}

/// Prints the objects of one resource.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printer<'a> {
    pub(crate) kind: &'a GroupVersionKind,
    pub(crate) columns: &'a Columns,
}

/// The representation of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rendering {
    Whole,
    Table(Include),
    Metadata,
}

/// The part of their objects that the rows of a table carry (`includeObject`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Include {
    Nothing,
    Metadata,
    Object,
}

impl Include {
    fn of(request: &ApiRequest) -> Result<Self> {
        match request.query.text("includeObject") {
            None | Some("Metadata") => Ok(Self::Metadata),
            Some("None") => Ok(Self::Nothing),
            Some("Object") => Ok(Self::Object),
            Some(other) => {
                let why = "must be 'Metadata', 'Object', 'None', or empty";
                let message =
                    format!("Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: {why}");
                Err(Status::bad_request(message))
            }
        }
    }
}

impl Rendering {
    /// The rendering for the first acceptable media type.
    ///
    /// # Errors
    /// Returns an error if the server can't render any of them.
    pub(crate) fn of(request: &ApiRequest) -> Result<Self> {
        let mut is_empty = true;
        for media in request.accept().filter(|media| !media.name.is_empty()) {
            is_empty = false;
            match (media.name, media.converts_to("meta.k8s.io", "v1")) {
                ("application/json", Some("Table")) => return Include::of(request).map(Self::Table),
                ("application/json", Some("PartialObjectMetadata" | "PartialObjectMetadataList")) => {
                    return Ok(Self::Metadata);
                }
                ("application/json" | "application/*" | "*/*", None) if !media.is_converted() => {
                    return Ok(Self::Whole);
                }
                _ => {}
            }
        }
        if is_empty { Ok(Self::Whole) } else { Err(Status::not_acceptable()) }
    }

    /// The object of a watch event; `is_first` for the first of the stream.
    pub(crate) fn event_object(
        self,
        printer: Printer<'_>,
        object: &Arc<Stored>,
        now: Timestamp,
        is_first: bool,
    ) -> Value {
        match self {
            Self::Whole => printer.whole(Object::of(object)),
            Self::Metadata => metadata_of(object),
            Self::Table(include) => {
                let mut metadata = Map::new();
                metadata.insert("resourceVersion".to_owned(), object.revision.to_string().into());
                let mut table = printer.table(&[Arc::clone(object)], now, metadata, include);
                if !is_first {
                    table["columnDefinitions"] = Value::Null;
                }
                table
            }
        }
    }

    /// The object of a bookmark with this metadata.
    pub(crate) fn bookmark(self, printer: Printer<'_>, metadata: &Value, is_first: bool) -> Value {
        let partial = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata});
        match self {
            Self::Whole => json!({
                "kind": printer.kind.kind.as_str(), "apiVersion": printer.kind.api_version().as_str(), "metadata": metadata,
            }),
            Self::Metadata => partial,
            // A table's metadata has no annotations: the annotation that ends the initial events is in the row.
            Self::Table(_) => json!({
                "kind": "Table", "apiVersion": "meta.k8s.io/v1",
                "metadata": {"resourceVersion": metadata["resourceVersion"]},
                "columnDefinitions": is_first.then(|| printer.columns.definitions()),
                "rows": [{"cells": [], "object": partial}],
            }),
        }
    }

    /// A list or, without list metadata, one object; `None` if objects are written unchanged.
    pub(crate) fn render(
        self,
        printer: Printer<'_>,
        objects: &[Arc<Stored>],
        now: Timestamp,
        metadata: Option<Map<String, Value>>,
    ) -> Option<Value> {
        match (self, metadata) {
            (Self::Whole, _) => None,
            (Self::Table(include), metadata) => {
                // The table of a single object has the object's version.
                let version = objects.first().map(|object| object.revision.to_string());
                let own =
                    || version.map(|version| ("resourceVersion".to_owned(), version.into())).into_iter().collect();
                Some(printer.table(objects, now, metadata.unwrap_or_else(own), include))
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

impl Printer<'_> {
    fn whole(self, object: Object) -> Value {
        Value::Object(object.with_type(&self.kind.api_version(), &self.kind.kind).0)
    }

    fn table(self, objects: &[Arc<Stored>], now: Timestamp, metadata: Map<String, Value>, include: Include) -> Value {
        let rows: Vec<Value> = objects.iter().map(|object| self.row(object, now, include)).collect();
        json!({
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": self.columns.definitions(), "rows": rows,
        })
    }

    fn row(self, stored: &Stored, now: Timestamp, include: Include) -> Value {
        let object = Object::of(stored);
        let mut row = Map::new();
        row.insert("cells".to_owned(), self.columns.cells(&object, now).into());
        if let Some(conditions) = self.columns.row_conditions(&object) {
            row.insert("conditions".to_owned(), conditions);
        }
        let shown = match include {
            Include::Nothing => Value::Null,
            Include::Metadata => metadata_of(stored),
            Include::Object => self.whole(object),
        };
        row.insert("object".to_owned(), shown);
        Value::Object(row)
    }
}

impl Columns {
    fn definitions(&self) -> Vec<Value> {
        match self {
            Self::BuiltIn(layout) => layout.columns.iter().map(|column| column.definition()).collect(),
            Self::Custom(columns) => {
                let name =
                    json!({"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0});
                std::iter::once(name).chain(columns.iter().map(PrinterColumn::definition)).collect()
            }
        }
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Value> {
        match self {
            Self::BuiltIn(layout) => (layout.cells)(object, now),
            Self::Custom(columns) => {
                let value = Value::Object(object.0.clone());
                let cells = columns.iter().map(|column| column.cell(&value, now));
                std::iter::once(object.text("name").into()).chain(cells).collect()
            }
        }
    }

    fn row_conditions(&self, object: &Object) -> Option<Value> {
        match self {
            Self::BuiltIn(layout) => (layout.row_conditions)(object),
            Self::Custom(_) => None,
        }
    }
}
