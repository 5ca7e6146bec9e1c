use crate::json::{AnyValue, Constant, DecodeError, Reader, Value, Writer};
use crate::{ListMeta, Object, Str};

/// A page of objects, or all of them, with the resourceVersion at which they were read.
///
/// ```
/// use kubernetes_core::List;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let pods: List<Pod> = serde_json::from_str(
///     r#"{"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": "web"}}]}"#,
/// )?;
/// assert_eq!(pods.resource_version(), "7");
/// assert_eq!(pods.items[0].name(), "web");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// The description has a definition for the list of each kind; all are this one type.
#[derive(Clone, Debug, PartialEq)]
pub struct List<K> {
    /// The list's own metadata.
    pub metadata: ListMeta,
    /// The objects.
    pub items: Vec<K>,
}

impl<K> List<K> {
    /// The version at which the list was read, to watch from; empty if the server gave none.
    pub fn resource_version(&self) -> &str {
        self.metadata.resource_version.as_deref().unwrap_or_default()
    }

    /// The token for the next page, if there is one.
    pub fn continue_token(&self) -> Option<&str> {
        self.metadata.continue_.as_deref().filter(|token| !token.is_empty())
    }
}

impl<K> Default for List<K> {
    fn default() -> Self {
        Self { metadata: ListMeta::default(), items: Vec::new() }
    }
}

impl<K> IntoIterator for List<K> {
    type Item = K;
    type IntoIter = std::vec::IntoIter<K>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, K> IntoIterator for &'a List<K> {
    type Item = &'a K;
    type IntoIter = std::slice::Iter<'a, K>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

/// The `apiVersion` and `kind` of lists of `K`.
fn list_type<K: Object>() -> (Str, Str) {
    match K::TYPE {
        Some(of_item) => {
            let kind = K::LIST_KIND.map_or_else(|| format!("{}List", of_item.kind).into(), Str::from_static);
            (of_item.api_version(), kind)
        }
        None => (Str::from_static("v1"), Str::from_static("List")),
    }
}

impl<K: Object> Value for List<K> {
    const FIELDS: &'static [&'static str] = &["apiVersion", "kind", "metadata", "items"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let (api_version, kind) = list_type::<K>();
        if K::TYPE.is_some() {
            let (mut api_version, mut kind) = (Constant(&api_version), Constant(&kind));
            let fields: &mut [&mut dyn AnyValue] =
                &mut [&mut api_version, &mut kind, &mut self.metadata, &mut self.items];
            return reader.fields(Self::FIELDS, fields);
        }
        let (mut api_version, mut kind) = (Str::EMPTY, Str::EMPTY);
        reader.fields(Self::FIELDS, &mut [&mut api_version, &mut kind, &mut self.metadata, &mut self.items])?;
        if let Some(kind) = kind.strip_suffix("List").filter(|kind| !kind.is_empty()) {
            self.items.iter_mut().for_each(|item| item.assume_type(&api_version, kind));
        }
        Ok(())
    }

    fn write_fields(&self, writer: &mut Writer) {
        let (api_version, kind) = list_type::<K>();
        writer.type_meta(&api_version, &kind);
        writer.required("metadata", &self.metadata);
        writer.required("items", &self.items);
    }
}

crate::serde_by_json!(List<K>, K: Object);
