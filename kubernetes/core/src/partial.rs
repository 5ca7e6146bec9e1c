use std::fmt;
use std::marker::PhantomData;

use crate::json::{DecodeError, Reader, Value, Writer};
use crate::{Object, ObjectMeta, Watchable};

/// Only the metadata of an object of type `K`: the items of a [`metadata_only`](crate::ListRequest::metadata_only)
/// list.
///
/// ```
/// use kubernetes_core::{List, PartialObjectMetadata};
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let pods: List<PartialObjectMetadata<Pod>> = serde_json::from_str(
///     r#"{"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": "7"},
///         "items": [{"metadata": {"name": "web"}}]}"#,
/// )?;
/// assert_eq!(pods.items[0].name(), "web");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Neither `apiVersion` nor `kind` is checked: a server that does not support this sends whole objects, of which only
/// the metadata is read.
pub struct PartialObjectMetadata<K> {
    /// The object's metadata.
    pub metadata: ObjectMeta,
    of: PhantomData<fn() -> K>,
}

impl<K> PartialObjectMetadata<K> {
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

impl<K> From<ObjectMeta> for PartialObjectMetadata<K> {
    fn from(metadata: ObjectMeta) -> Self {
        Self { metadata, of: PhantomData }
    }
}

impl<K> Default for PartialObjectMetadata<K> {
    fn default() -> Self {
        ObjectMeta::default().into()
    }
}

impl<K> Clone for PartialObjectMetadata<K> {
    fn clone(&self) -> Self {
        self.metadata.clone().into()
    }
}

impl<K> PartialEq for PartialObjectMetadata<K> {
    fn eq(&self, other: &Self) -> bool {
        self.metadata == other.metadata
    }
}

impl<K> fmt::Debug for PartialObjectMetadata<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartialObjectMetadata").field("metadata", &self.metadata).finish()
    }
}

impl<K> Value for PartialObjectMetadata<K> {
    const FIELDS: &'static [&'static str] = &["metadata"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.metadata])
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.type_meta("meta.k8s.io/v1", "PartialObjectMetadata");
        writer.required("metadata", &self.metadata);
    }
}

impl<K: 'static> Object for PartialObjectMetadata<K> {
    const TYPE: Option<crate::StaticType> = None;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl<K: Watchable> Watchable for PartialObjectMetadata<K> {}

crate::serde_by_json!(PartialObjectMetadata<K>, K);
