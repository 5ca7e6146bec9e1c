use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use kubernetes_core::{Map, Str};

/// The place of an object among those of its resource: `namespace/name`, or the name alone.
///
/// They sort as the keys in etcd do, which is the order of lists.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(Arc<str>);

impl Key {
    pub(crate) fn new(namespace: Option<&str>, name: &str) -> Self {
        match namespace {
            Some(namespace) => Self(format!("{namespace}/{name}").into()),
            None => Self(name.into()),
        }
    }

    pub(crate) fn namespace(&self) -> Option<&str> {
        self.0.split_once('/').map(|(namespace, _)| namespace)
    }

    pub(crate) fn name(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(_, name)| name)
    }
}

impl Deref for Key {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// An object at one revision: its text, and what requests look for in it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) key: Key,
    pub(crate) revision: u64,
    pub(crate) uid: Box<str>,
    pub(crate) labels: Map<Str>,
    /// The fields that field selectors can name, beside `metadata.name` and `metadata.namespace`.
    pub(crate) fields: Box<[(Box<str>, Box<str>)]>,
    /// The uids of the owners.
    pub(crate) owners: Box<[Box<str>]>,
    /// The object without `apiVersion` and `kind`, which depend on who asks. It is an object and not empty.
    pub(crate) json: Bytes,
}

impl Stored {
    /// Writes the object, beginning with `head`, which is `{"kind":…,"apiVersion":…,` or `{`.
    pub(crate) fn write_with_head(&self, head: &str, to: &mut Vec<u8>) {
        to.extend_from_slice(head.as_bytes());
        to.extend_from_slice(self.json.strip_prefix(b"{").unwrap_or_default());
    }

    /// The object, beginning with `head`.
    pub(crate) fn text(&self, head: &str) -> Bytes {
        let mut text = Vec::with_capacity(self.json.len() + head.len());
        self.write_with_head(head, &mut text);
        text.into()
    }

    /// The value of a field that selectors can name.
    pub(crate) fn field<'a>(&'a self, name: &str) -> Option<&'a str> {
        match name {
            "metadata.name" => Some(self.key.name()),
            "metadata.namespace" => Some(self.key.namespace().unwrap_or_default()),
            _ => self.fields.iter().find(|(field, _)| **field == *name).map(|(_, value)| &**value),
        }
    }
}
