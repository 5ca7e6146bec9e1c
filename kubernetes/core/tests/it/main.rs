//! Behaviour that users of the crate rely on: the JSON engine, its bridge to serde, and the requests that are made.

mod budget;
#[cfg(feature = "cbor")]
mod cbor;
mod compile_fail;
mod custom_types;
mod decode;
mod field_orders;
mod fuzz;
mod go_tables;
mod json;
mod json_parsing;
mod json_patches;
mod lists;
mod log_lines;
mod long_documents;
mod map;
mod objects;
mod owners;
mod pages;
mod requests;
mod resource;
#[cfg(feature = "schema")]
mod schemas;
mod selectors;
mod serde;
mod status;
mod strings;
mod time;
mod views;
#[cfg(feature = "yaml")]
mod yaml;

use kubernetes_core::json::{Constant, DecodeError, Reader, Value, Writer};
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

impl Value for Widget {
    const FIELDS: &'static [&'static str] =
        &["apiVersion", "kind", "metadata", "size", "weight", "parts", "tags", "lid"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(
            Self::FIELDS,
            &mut [
                &mut Constant("example.com/v1"),
                &mut Constant("Widget"),
                &mut self.metadata,
                &mut self.size,
                &mut self.weight,
                &mut self.parts,
                &mut self.tags,
                &mut self.lid,
            ],
        )
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

impl Value for Part {
    const FIELDS: &'static [&'static str] = &["name", "ready"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.name, &mut self.ready])
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.required("name", &self.name);
        writer.optional("ready", &self.ready);
    }
}

kubernetes_core::serde_by_json!(Widget);
kubernetes_core::serde_by_json!(Part);
kubernetes_core::resource!(Widget: "example.com" / "v1" / "Widget", "widgets", namespaced, watch);
