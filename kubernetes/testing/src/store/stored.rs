use bytes::Bytes;
use kubernetes_core::{Map, ObjectKey, Str};

/// An object at a revision: its text, and the parts that requests search for.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) key: ObjectKey,
    pub(crate) revision: u64,
    /// The API version of the text, for a custom resource.
    pub(crate) version: Box<str>,
    pub(crate) uid: Box<str>,
    pub(crate) labels: Map<Str>,
    /// The fields for field selectors, in addition to `metadata.name` and `metadata.namespace`.
    pub(crate) fields: Box<[(Box<str>, Box<str>)]>,
    /// The uids of the owners.
    pub(crate) owners: Box<[Box<str>]>,
    /// The object without `apiVersion` and `kind`, which depend on the version of the request. It is a JSON object, and
    /// not empty.
    pub(crate) json: Bytes,
}

impl Stored {
    /// Writes the object, beginning with `head`, which is `{"kind":…,"apiVersion":…,` or `{`.
    pub(crate) fn write_with_head(&self, head: &str, to: &mut Vec<u8>) {
        to.extend_from_slice(head.as_bytes());
        to.extend_from_slice(self.json.strip_prefix(b"{").unwrap_or_default());
    }

    /// The object, beginning with `head`.
    pub(crate) fn text(&self, head: &str) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.json.len() + head.len() + 1);
        self.write_with_head(head, &mut text);
        text
    }

    /// The value of a field for selectors.
    pub(crate) fn field<'a>(&'a self, name: &str) -> Option<&'a str> {
        match name {
            "metadata.name" => Some(self.key.name()),
            "metadata.namespace" => Some(self.key.namespace().unwrap_or_default()),
            _ => self.fields.iter().find(|(field, _)| **field == *name).map(|(_, value)| &**value),
        }
    }
}
