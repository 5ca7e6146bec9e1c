//! The parts of an object's text that are typed, and the others by their place.

use kubernetes_core::json::{DecodeError, Reader, Tree, Value};
use kubernetes_core::{JsonPatch, JsonPointer, ObjectMeta, Str};

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

/// The document with these fields in place of its own; metadata keeps whatever the type does not know.
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
    // Metadata has no type that could fail to be written.
    let as_tree = |metadata: &ObjectMeta| Tree::from_value(metadata).unwrap_or_default();
    let mut changed = document.clone();
    let change = JsonPatch::between(document, &as_tree(&before), &as_tree(metadata));
    match change.apply(&mut changed) {
        Ok(()) => changed,
        Err(_) => as_tree(metadata),
    }
}

/// The text of the value that a pointer leads to.
///
/// # Errors
/// If the pointer is not valid, or the text is not JSON.
pub(super) fn find<'a>(text: &'a str, pointer: &JsonPointer) -> Result<Option<&'a str>, DecodeError> {
    let mut reader = Reader::new(text);
    let path = pointer.as_str();
    if !path.is_empty() && !path.starts_with('/') {
        return Err(DecodeError::new(format!("{path:?} is not a JSON pointer: expected `/` before each key"), 0));
    }
    for key in path.split('/').skip(1) {
        let key = key.replace("~1", "/").replace("~0", "~");
        let found = match reader.token() {
            Some(b'{') => enter_field(&mut reader, &key)?,
            Some(b'[') => enter_item(&mut reader, &key)?,
            _ => false,
        };
        if !found {
            return Ok(None);
        }
    }
    reader.raw().map(Some)
}

/// Leaves the reader before the value of a key; of several, before the last, which is the one that counts.
fn enter_field(reader: &mut Reader<'_>, wanted: &str) -> Result<bool, DecodeError> {
    let mut found = None;
    let mut first = true;
    reader.begin_object()?;
    while let Some(key) = reader.next_key(&mut first)? {
        if key == wanted {
            found = Some(reader.clone());
        }
        reader.skip()?;
    }
    let is_found = found.is_some();
    if let Some(at_value) = found {
        *reader = at_value;
    }
    Ok(is_found)
}

fn enter_item(reader: &mut Reader<'_>, wanted: &str) -> Result<bool, DecodeError> {
    let Ok(wanted) = wanted.parse::<usize>() else { return Ok(false) };
    let mut first = true;
    reader.begin_list()?;
    let mut index = 0;
    while reader.next_element(&mut first)? {
        if index == wanted {
            return Ok(true);
        }
        reader.skip()?;
        index += 1;
    }
    Ok(false)
}
