use crate::json::{self, AnyValue, DecodeError, Reader, Value, Writer};
use crate::{JsonPointer, ListMeta, Object, ObjectKey, Str};

/// All objects of a list, or a page of them, with the resourceVersion at which they were read.
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
/// The API description defines a list type for each kind; all of them are this one type.
#[derive(Clone, Debug, PartialEq)]
pub struct List<K> {
    /// The list's own metadata.
    pub metadata: ListMeta,
    /// The objects.
    pub items: Vec<K>,
}

impl<K> List<K> {
    /// The version at which the list was read, from which a watch can start; empty if the server gave none.
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
        if K::read_list(&mut self.metadata, &mut self.items, reader)? {
            return Ok(());
        }
        let start = reader.clone();
        let (api_version, kind) = list_type::<K>();
        if K::TYPE.is_some() {
            let (mut api_version, mut kind) = (TypeField::new(&api_version, "v1"), TypeField::new(&kind, "List"));
            let fields: &mut [&mut dyn AnyValue] =
                &mut [&mut api_version, &mut kind, &mut self.metadata, &mut self.items];
            reader.fields(Self::FIELDS, fields).map_err(|error| in_item(error, start))?;
            // A list of mixed kinds is `v1`, whatever the versions of its items.
            let of_version = if kind.is_general() { "v1" } else { api_version.expected };
            return api_version.check(of_version, reader).map_err(|error| error.in_field("apiVersion"));
        }
        let (mut api_version, mut kind) = (Str::EMPTY, Str::EMPTY);
        let fields: &mut [&mut dyn AnyValue] = &mut [&mut api_version, &mut kind, &mut self.metadata, &mut self.items];
        reader.fields(Self::FIELDS, fields).map_err(|error| in_item(error, start))?;
        if let Some(kind) = kind.strip_suffix("List").filter(|kind| !kind.is_empty()) {
            self.items.iter_mut().for_each(|item| item.assume_type(&api_version, kind));
        }
        Ok(())
    }

    fn write_fields(&self, writer: &mut Writer) {
        if K::write_list(&self.metadata, &self.items, writer) {
            return;
        }
        let (api_version, kind) = list_type::<K>();
        writer.type_meta(&api_version, &kind);
        writer.required("metadata", &self.metadata);
        writer.required("items", &self.items);
    }
}

crate::serde_by_json!(List<K>, K: Object);

/// `apiVersion` or `kind` of a list: that of a typed list, or of the mixed list that `kubectl get` prints.
struct TypeField<'a> {
    expected: &'a str,
    general: &'static str,
    found: Option<Str>,
}

impl<'a> TypeField<'a> {
    fn new(expected: &'a str, general: &'static str) -> Self {
        Self { expected, general, found: None }
    }

    fn is_general(&self) -> bool {
        self.found.as_deref() == Some(self.general)
    }

    fn check(&self, expected: &str, reader: &Reader<'_>) -> Result<(), DecodeError> {
        match &self.found {
            Some(found) if found != expected => Err(reader.error(format!("expected {expected:?}, found {found:?}"))),
            _ => Ok(()),
        }
    }
}

impl AnyValue for TypeField<'_> {
    fn read_any(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        if reader.clone().string().is_ok_and(|found| found == self.general) {
            self.found = Some(self.general.into());
            return reader.skip();
        }
        self.found = Some(self.expected.into());
        reader.constant(self.expected)
    }

    fn write_any(&self, _: &mut Writer) {}
}

/// Adds the key of the failing item to an error; `start` is at the list's start.
#[cold]
fn in_item(error: DecodeError, start: Reader<'_>) -> DecodeError {
    let item = error.index_in("items").and_then(|index| {
        let item = JsonPointer::ROOT.key("items").index(index).key("metadata");
        let metadata: PartialMetadata = json::from_str(item.find(start.rest()).ok()??).ok()?;
        Some(ObjectKey::new(metadata.namespace.as_deref(), metadata.name.as_deref()?))
    });
    match item {
        Some(object) => error.in_object(object),
        None => error,
    }
}

/// The part of an item's metadata that identifies it.
#[derive(Default)]
struct PartialMetadata {
    name: Option<Str>,
    namespace: Option<Str>,
}

impl Value for PartialMetadata {
    const FIELDS: &'static [&'static str] = &["name", "namespace"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.name, &mut self.namespace])
    }
}
