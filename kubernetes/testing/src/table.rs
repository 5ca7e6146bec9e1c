//! Other renderings of objects: tables, as kubectl asks for, and objects without anything but their metadata.
//!
//! <https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables>

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::failure::{Failure, Result};
use crate::object::Object;
use crate::registry::Served;
use crate::store::Stored;

/// How objects are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rendering {
    Whole,
    Table,
    Metadata,
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
                ("application/json", Some("Table")) if is_meta => return Ok(Self::Table),
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
            Self::Table => {
                let mut metadata = Map::new();
                metadata.insert("resourceVersion".to_owned(), object.revision.to_string().into());
                let mut table = table(&[Arc::clone(object)], now, metadata);
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
        objects: &[Arc<Stored>],
        now: Timestamp,
        metadata: Option<Map<String, Value>>,
    ) -> Option<Value> {
        match (self, metadata) {
            (Self::Whole, _) => None,
            (Self::Table, metadata) => Some(table(objects, now, metadata.unwrap_or_default())),
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

/// The table of a resource without columns of its own: name and age.
fn table(objects: &[Arc<Stored>], now: Timestamp, metadata: Map<String, Value>) -> Value {
    let rows: Vec<Value> = objects.iter().map(|object| row(object, now)).collect();
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [
            {"name": "Name", "type": "string", "format": "name", "description": "The name of the object.", "priority": 0},
            {"name": "Age", "type": "date", "format": "", "description": "How long the object exists.", "priority": 0},
        ],
        "rows": rows,
    })
}

fn row(object: &Stored, now: Timestamp) -> Value {
    let created = Object::of(object).text("creationTimestamp").parse::<Timestamp>();
    let age = created.map_or_else(|_| "<unknown>".to_owned(), |created| age(now.duration_since(created).as_secs()));
    json!({"cells": [object.key.name(), age], "object": metadata_of(object)})
}

/// As `HumanDuration` in <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/util/duration/duration.go>, in
/// its coarsest form.
fn age(seconds: i64) -> String {
    match seconds {
        ..0 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}
