//! What users of the crate rely on: the JSON engine, its bridge to serde, and the requests that are made.

mod cbor;
mod compile_fail;
mod fuzz;
mod go_tables;
mod json;
mod json_parsing;
mod map;
mod objects;
mod requests;
mod resource;
mod selectors;
mod serde;
mod status;
mod time;
#[cfg(feature = "yaml")]
mod yaml;

use kubernetes_core::json::{DecodeError, Model, Reader, Value as _, Writer};
use kubernetes_core::{Map, ObjectMeta, Str};

/// A model as they are generated, with a field of each kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Widget {
    pub(crate) metadata: ObjectMeta,
    pub(crate) size: i32,
    pub(crate) weight: Option<f64>,
    pub(crate) parts: Vec<Part>,
    pub(crate) tags: Map<Str>,
    pub(crate) lid: Option<Box<Part>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Part {
    pub(crate) name: Str,
    pub(crate) ready: Option<bool>,
}

impl Model for Widget {
    fn read_field(&mut self, key: &str, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        match key {
            "apiVersion" => reader.constant("example.com/v1"),
            "kind" => reader.constant("Widget"),
            "metadata" => self.metadata.read(reader),
            "size" => self.size.read(reader),
            "weight" => self.weight.read(reader),
            "parts" => self.parts.read(reader),
            "tags" => self.tags.read(reader),
            "lid" => self.lid.read(reader),
            _ => reader.skip(),
        }
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.type_meta("example.com/v1", "Widget");
        writer.required("metadata", &self.metadata);
        writer.required("size", &self.size);
        writer.optional("weight", &self.weight);
        writer.required("parts", &self.parts);
        writer.optional("tags", &self.tags);
        writer.optional("lid", &self.lid);
    }
}

impl Model for Part {
    fn read_field(&mut self, key: &str, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        match key {
            "name" => self.name.read(reader),
            "ready" => self.ready.read(reader),
            _ => reader.skip(),
        }
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.required("name", &self.name);
        writer.optional("ready", &self.ready);
    }
}

kubernetes_core::model!(Widget);
kubernetes_core::model!(Part);
kubernetes_core::resource!(Widget: "example.com" / "v1" / "Widget", "widgets", namespaced, watch);
