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
    /// The metadata of the object, without managed fields.
    pub metadata: ObjectMeta,
}

impl WrittenObject {
    /// The namespace and name of the object.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::new(self.metadata.namespace.as_deref(), self.metadata.name.as_deref().unwrap_or_default())
    }

    /// The objects of a response, or at least the one that was deleted.
    ///
    /// # Errors
    /// Returns an error if the response can't be decoded, and it is not known which object was deleted.
    pub(super) fn of(response: Option<&Encoded>, deleted: Option<&ObjectKey>) -> Result<Vec<Self>, DecodeError> {
        let (objects, uid) = match response.map_or_else(|| Ok((Vec::new(), None)), Self::read_all) {
            Ok((objects, uid)) => (objects, uid),
            Err(_) if deleted.is_some() => (Vec::new(), None),
            Err(error) => return Err(error),
        };
        let Some(key) = deleted.filter(|_| objects.is_empty()) else { return Ok(objects) };
        let namespace = key.namespace().map(Into::into);
        let metadata = ObjectMeta { name: Some(key.name().into()), namespace, uid, ..ObjectMeta::default() };
        Ok(vec![Self { metadata, ..Self::default() }])
    }

    /// The objects in a response, or the uid that a `Status` tells.
    fn read_all(response: &Encoded) -> Result<(Vec<Self>, Option<Str>), DecodeError> {
        let object = response.decode::<Self>()?;
        // A list has no name, while a kind may end in `List`.
        if object.metadata.name.is_some() {
            return Ok((vec![object], None));
        }
        if object.kind == "Status" {
            let details = response.decode::<Status>()?.details;
            return Ok((Vec::new(), details.and_then(|details| details.uid)));
        }
        let Some(kind) = object.kind.strip_suffix("List") else { return Ok((Vec::new(), None)) };
        let items = response.decode::<Items>()?.0;
        Ok((items.into_iter().map(|item| item.of_type(&object.api_version, kind)).collect(), None))
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
        reader.fields(Self::FIELDS, &mut [&mut self.api_version, &mut self.kind, &mut self.metadata])?;
        // No hook needs them, and of many objects they are the largest part of the metadata.
        self.metadata.managed_fields = Default::default();
        Ok(())
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

#[cfg(test)]
mod tests {
    use kubernetes_core::json;

    use super::*;

    #[test]
    fn metadata_are_those_of_the_model_without_managed_fields() {
        let text = r#"{
            "annotations": {"a": "1"},
            "creationTimestamp": "2026-01-02T03:04:05Z",
            "deletionGracePeriodSeconds": 30,
            "deletionTimestamp": "2026-02-03T04:05:06Z",
            "finalizers": ["example.com/x"],
            "generateName": "web-",
            "generation": 7,
            "labels": {"l": "2"},
            "managedFields": [{"manager": "m"}],
            "name": "web-1",
            "namespace": "shop",
            "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "o"}],
            "resourceVersion": "11",
            "selfLink": "/link",
            "uid": "u"
        }"#;
        let mut model: ObjectMeta = json::from_str(text).unwrap();
        assert_eq!(std::mem::take(&mut model.managed_fields).len(), 1);
        let object: WrittenObject = json::from_str(&format!(r#"{{"metadata": {text}}}"#)).unwrap();
        assert_eq!(object.metadata, model);
        let written = json::to_string(&model).unwrap();
        for field in ObjectMeta::FIELDS.iter().filter(|field| **field != "managedFields") {
            assert!(written.contains(&format!("\"{field}\":")), "{field} in {written}");
        }
    }
}
