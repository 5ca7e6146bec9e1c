//! Access to an object's text: the typed parts, and others by their pointer.

use kubernetes_core::json::{DecodeError, Reader, Tree, Value};
use kubernetes_core::{JsonPatch, ObjectMeta, Str};

/// The fields that every object has.
#[derive(Default)]
pub(super) struct Head {
    pub(super) api_version: Str,
    pub(super) kind: Str,
    pub(super) metadata: ObjectMeta,
}

impl Value for Head {
    const FIELDS: &'static [&'static str] = &["apiVersion", "kind", "metadata"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.api_version, &mut self.kind, &mut self.metadata])
    }
}

/// The document with its fields replaced by these; metadata keeps fields that the type does not know.
pub(super) fn with_head(document: Tree, api_version: &str, kind: &str, metadata: &ObjectMeta) -> Tree {
    let Tree::Object(mut fields) = document else {
        return with_head(Tree::Object(Vec::new()), api_version, kind, metadata);
    };
    let mut added = 0;
    for (key, value) in [("apiVersion", api_version), ("kind", kind)] {
        let value = Tree::String(value.into());
        match fields.iter_mut().find(|(name, _)| *name == key) {
            Some((_, field)) => *field = value,
            None if value.as_str() == Some("") => {}
            None => {
                fields.insert(added, (key.into(), value));
                added += 1;
            }
        }
    }
    match fields.iter_mut().find(|(name, _)| *name == "metadata") {
        Some((_, field)) => *field = with_metadata(field, metadata),
        None if *metadata == ObjectMeta::default() => {}
        None => {
            let behind_types = fields.iter().take_while(|(key, _)| *key == "apiVersion" || *key == "kind").count();
            fields.insert(behind_types, ("metadata".into(), with_metadata(&Tree::Null, metadata)));
        }
    }
    Tree::Object(fields)
}

fn with_metadata(document: &Tree, metadata: &ObjectMeta) -> Tree {
    let before: ObjectMeta = document.to_value().unwrap_or_default();
    // Metadata can always be written.
    let as_tree = |metadata: &ObjectMeta| Tree::from_value(metadata).unwrap_or_default();
    let mut changed = document.clone();
    let change = JsonPatch::between(document, &as_tree(&before), &as_tree(metadata));
    match change.apply(&mut changed) {
        Ok(()) => changed,
        Err(_) => as_tree(metadata),
    }
}
