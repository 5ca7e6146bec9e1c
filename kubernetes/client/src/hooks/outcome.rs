use http::{Method, StatusCode};
use kubernetes_core::json::{DecodeError, Reader, Value};
use kubernetes_core::{Encoded, ObjectKey, ObjectMeta, Status, Str};

use super::write::Write;
use crate::error::Error;

/// The outcome of a write.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteOutcome<'a> {
    /// The server carried it out, and answered with these objects: the one that was written, or those of a collection
    /// that was deleted.
    ///
    /// An object that was deleted is shown as it last was, or, while finalizers or a grace period hold it, as it is now,
    /// with a `deletionTimestamp`. A server that answers a delete with a `Status` tells only the key and the uid. There
    /// are no objects if the response names none, as for an eviction, or if the client does not read the response, as
    /// for requests that are sent through the client as a [`Service`](tower_service::Service).
    Done(&'a [WrittenObject]),
    /// The server refused it: nothing was changed.
    Rejected(&'a Error),
    /// It never left this client, or the server did not look at it: nothing was changed.
    NotSent,
    /// The server may have carried it out or not: the connection broke, time ran out, the response could not be read,
    /// or (without an error) the future of the request was dropped.
    Unknown(Option<&'a Error>),
}

impl<'a> WriteOutcome<'a> {
    pub(super) fn of_error(error: &'a Error) -> Self {
        if error.is_connect() || error.is_authentication() || error.is_unseen() {
            return Self::NotSent;
        }
        match error.http_status() {
            Some(StatusCode::REQUEST_TIMEOUT) | None => Self::Unknown(Some(error)),
            Some(status) if status.is_client_error() || status.is_redirection() => Self::Rejected(error),
            Some(_) => Self::Unknown(Some(error)),
        }
    }
}

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

    pub(super) fn of(write: &Write, response: Option<&Encoded>) -> Vec<Self> {
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
        let Some(key) = write.key().filter(|_| write.method() == Method::DELETE) else { return Vec::new() };
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
