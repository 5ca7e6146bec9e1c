use kubernetes_core::json::{DecodeError, Reader, Value};
use kubernetes_core::{Encoded, ObjectKey, ObjectMeta, Status, Str};

/// An object in the response to a write.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct WrittenObject {
    /// The `apiVersion` of the object; empty if the response does not contain the object.
    pub api_version: Str,
    /// The kind of the object; empty if the response does not contain the object.
    pub kind: Str,
    /// The metadata of the object.
    pub metadata: ObjectMeta,
}

impl WrittenObject {
    /// The namespace and name of the object.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::new(self.metadata.namespace.as_deref(), self.metadata.name.as_deref().unwrap_or_default())
    }

    /// The objects of a response, or at least the one that was deleted.
    pub(super) fn of(response: Option<&Encoded>, deleted: Option<ObjectKey>) -> Vec<Self> {
        let object = response.and_then(|response| response.decode::<Self>().ok()).unwrap_or_default();
        let mut uid = None;
        if let (Some(response), Some(kind)) = (response, object.kind.strip_suffix("List")) {
            let items = response.decode::<Items>().unwrap_or_default().0;
            return items.into_iter().map(|item| item.of_type(&object.api_version, kind)).collect();
        } else if let (Some(response), "Status") = (response, &*object.kind) {
            uid = response.decode::<Status>().ok().and_then(|status| status.details?.uid);
        } else if object.metadata.name.is_some() {
            return vec![object];
        }
        let Some(key) = deleted else { return Vec::new() };
        let namespace = key.namespace().map(Into::into);
        let metadata = ObjectMeta { name: Some(key.name().into()), namespace, uid, ..ObjectMeta::default() };
        vec![Self { metadata, ..Self::default() }]
    }

    /// An item of a list, which may say nothing of its type.
    fn of_type(mut self, api_version: &str, kind: &str) -> Self {
        if self.kind.is_empty() {
            (self.api_version, self.kind) = (api_version.into(), kind.into());
        }
        self
    }
}

impl Value for WrittenObject {
    const FIELDS: &'static [&'static str] = &["apiVersion", "kind", "metadata"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.api_version, &mut self.kind, &mut self.metadata])
    }
}

/// The objects of a list.
#[derive(Default)]
struct Items(Vec<WrittenObject>);

impl Value for Items {
    const FIELDS: &'static [&'static str] = &["items"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.0])
    }
}
