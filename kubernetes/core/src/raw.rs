use std::fmt;
use std::marker::PhantomData;

use crate::json::{self, DecodeError, Reader, Tree, Value, Writer};
use crate::{JsonPatch, Object, ObjectMeta, Watchable};

/// An object of type `K` as the server's text, of which only the metadata is decoded; requested by
/// [`raw`](crate::ListRequest::raw).
///
/// ```
/// use kubernetes_core::{List, Raw};
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let pods: List<Raw<Pod>> = serde_json::from_str(
///     r#"{"metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": "web"}, "new": [1]}]}"#,
/// )?;
/// assert_eq!(pods.items[0].name(), "web");
/// assert_eq!(pods.items[0].text(), r#"{"metadata":{"name":"web"},"new":[1]}"#);
/// assert_eq!(pods.items[0].decode()?, Pod::named("web"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Use it in programs that pass objects on unchanged, need fields that `K` does not have, or must continue when one of
/// many objects can't be decoded. The text is exactly as the server sent it, because these requests ask for JSON
/// whatever format the client prefers; deserializing with serde, as above, produces a text of its own.
///
/// Neither `apiVersion` nor `kind` is checked before [`decode`](Self::decode). Changes to the metadata do not change
/// the text.
pub struct Raw<K> {
    metadata: ObjectMeta,
    text: Box<str>,
    of: PhantomData<fn() -> K>,
}

impl<K> Raw<K> {
    /// The object as JSON text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `metadata.name`, or the empty string.
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> Option<&str> {
        self.metadata.namespace.as_deref()
    }

    /// `metadata.uid`, or the empty string.
    pub fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }
}

impl<K: Value> Raw<K> {
    /// The object.
    ///
    /// # Errors
    /// Returns an error if the text is not a valid `K`.
    pub fn decode(&self) -> Result<K, DecodeError> {
        json::from_str(&self.text)
    }
}

impl<K: Object> Raw<K> {
    /// Changes the object, and returns it with the patch that makes the same change on the server; `None` if nothing
    /// changed.
    ///
    /// ```
    /// use kubernetes_core::{Raw, json};
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let read: Raw<Pod> = json::from_str(r#"{"metadata": {"name": "web", "resourceVersion": "7"}, "new": [1]}"#)?;
    /// let (pod, patch) = read.changed(|pod| pod.metadata.labels.extend([("tier", "front")]))?;
    /// assert_eq!(pod.metadata.labels["tier"], "front");
    /// assert!(patch.is_some());
    /// assert!(read.changed(|_| {})?.1.is_none());
    /// # Ok::<(), json::DecodeError>(())
    /// ```
    ///
    /// The patch keeps fields that `K` does not have, and fails with a conflict if the object has been changed since.
    ///
    /// # Errors
    /// Returns an error if the text is not a valid `K`, or if the changed object has no `metadata.resourceVersion`.
    pub fn changed(&self, change: impl FnOnce(&mut K)) -> Result<(K, Option<JsonPatch>), DecodeError> {
        let as_tree = |object: &K| Tree::from_value(object).map_err(|error| DecodeError::new(error.to_string(), 0));
        let document: Tree = json::from_str(&self.text)?;
        let mut object = self.decode()?;
        let before = as_tree(&object)?;
        change(&mut object);
        let patch = JsonPatch::between(&document, &before, &as_tree(&object)?);
        if patch.is_empty() {
            return Ok((object, None));
        }
        match document.at("/metadata/resourceVersion") {
            // The last operation, so that it takes effect whatever the function did to the version.
            Some(Tree::String(version)) => Ok((object, Some(patch.add("/metadata/resourceVersion", version.as_str())))),
            _ => Err(DecodeError::new("the object has no resourceVersion, which is needed to detect conflicts", 0)),
        }
    }
}

impl<K> Default for Raw<K> {
    /// An empty object.
    fn default() -> Self {
        Self { metadata: ObjectMeta::default(), text: "{}".into(), of: PhantomData }
    }
}

impl<K> Clone for Raw<K> {
    fn clone(&self) -> Self {
        Self { metadata: self.metadata.clone(), text: self.text.clone(), of: PhantomData }
    }
}

impl<K> PartialEq for Raw<K> {
    /// Compares the texts.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<K> fmt::Debug for Raw<K> {
    /// Omits the text, which may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw").field("metadata", &self.metadata).finish_non_exhaustive()
    }
}

impl<K> Value for Raw<K> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let mut seen = Metadata::default();
        reader.lookahead(|ahead| seen.read_new(ahead))?;
        let text = reader.raw()?;
        *self = Self { metadata: seen.0, text: text.into(), of: PhantomData };
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.text);
    }
}

/// The one field that is decoded.
#[derive(Default)]
struct Metadata(ObjectMeta);

impl Value for Metadata {
    const FIELDS: &'static [&'static str] = &["metadata"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.0])
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.required("metadata", &self.0);
    }
}

impl<K: 'static> Object for Raw<K> {
    const TYPE: Option<crate::StaticType> = None;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl<K: Watchable> Watchable for Raw<K> {}

crate::serde_by_json!(Raw<K>, K);
