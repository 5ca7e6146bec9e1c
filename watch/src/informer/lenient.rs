use std::sync::Arc;

use kubernetes_core::json::{Decode, DecodeError, Reader, Value, Writer};
use kubernetes_core::{GroupVersionKind, Object, ObjectKey, ObjectMeta, Request, StaticType, Str};

use crate::Error;
use crate::error::Cause;

/// An object, or the identity of one that can't be decoded with the reason, so that it does not affect others.
pub(super) enum Lenient<K> {
    Decoded(K),
    Undecodable(Box<Undecodable>),
}

/// An object that can't be decoded.
pub(super) struct Undecodable {
    /// Its name, namespace, uid and resourceVersion.
    pub(super) metadata: ObjectMeta,
    pub(super) error: Arc<DecodeError>,
}

impl Undecodable {
    pub(super) fn key(&self) -> ObjectKey {
        let ObjectMeta { namespace, name, .. } = &self.metadata;
        ObjectKey::new(namespace.as_deref(), name.as_deref().unwrap_or_default())
    }

    /// The error for an object in the response to `request`.
    pub(super) fn error(&self, request: &Request) -> Error {
        Error::new(request, Cause::UndecodableObject(self.key(), Arc::clone(&self.error)))
    }
}

impl<K: Object> Decode for Lenient<K> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let start = reader.clone();
        let error = match K::decode(reader) {
            Ok(object) => return Ok(Self::Decoded(object)),
            Err(error) => error,
        };
        *reader = start;
        match Identity::decode(reader) {
            Ok(Identity { metadata }) if !metadata.name.is_empty() => {
                Ok(Self::Undecodable(Box::new(Undecodable { metadata: metadata.into(), error: error.into() })))
            }
            _ => Err(error),
        }
    }
}

impl<K: Object> Value for Lenient<K> {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Decoded(object) => object.write(writer),
            Self::Undecodable(object) => object.metadata.write(writer),
        }
    }
}

impl<K: Object> Object for Lenient<K> {
    const TYPE: Option<StaticType> = K::TYPE;

    fn metadata(&self) -> &ObjectMeta {
        match self {
            Self::Decoded(object) => object.metadata(),
            Self::Undecodable(object) => &object.metadata,
        }
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        match self {
            Self::Decoded(object) => object.metadata_mut(),
            Self::Undecodable(object) => &mut object.metadata,
        }
    }

    fn group_version_kind(&self) -> Option<GroupVersionKind> {
        match self {
            Self::Decoded(object) => object.group_version_kind(),
            Self::Undecodable(_) => K::TYPE.map(GroupVersionKind::from),
        }
    }
}

/// The identity of an object, whatever else is wrong with it.
#[derive(Default)]
struct Identity {
    metadata: IdentityMetadata,
}

#[derive(Default)]
struct IdentityMetadata {
    name: Str,
    namespace: Option<Str>,
    uid: Option<Str>,
    resource_version: Option<Str>,
}

impl Value for Identity {
    const FIELDS: &'static [&'static str] = &["metadata"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.metadata])
    }
}

impl Value for IdentityMetadata {
    const FIELDS: &'static [&'static str] = &["name", "namespace", "uid", "resourceVersion"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let Self { name, namespace, uid, resource_version } = self;
        reader.fields(Self::FIELDS, &mut [name, namespace, uid, resource_version])
    }
}

impl From<IdentityMetadata> for ObjectMeta {
    fn from(identity: IdentityMetadata) -> Self {
        let IdentityMetadata { name, namespace, uid, resource_version } = identity;
        Self { name: Some(name), namespace, uid, resource_version, ..Self::default() }
    }
}
