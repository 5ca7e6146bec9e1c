use std::time::Duration;

use kubernetes_core::json::{DecodeError, Value, from_str};
use kubernetes_core::{GroupVersionKind, GroupVersionResource, Json, Str};
use kubernetes_models::authentication::v1::UserInfo;

use super::operation::Operation;
use super::review::Wire;
use crate::clock::{self, Instant};

/// A request for which the API server calls a webhook before it carries it out.
///
/// `K` is the type of the object. For any type, use [`Tree`](kubernetes_core::json::Tree) or a dynamic object.
///
/// The fields are those of `AdmissionRequest` in `admission.k8s.io/v1`:
/// <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request>.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AdmissionRequest<K> {
    /// The uid of this review.
    pub uid: Str,
    /// The type of the object as it was sent here.
    pub kind: GroupVersionKind,
    /// The resource of the object as it was sent here.
    pub resource: GroupVersionResource,
    /// The subresource, such as `status`; empty if there is none.
    pub subresource: Str,
    /// The type in the original request, which may be another version than [`kind`](Self::kind).
    pub request_kind: GroupVersionKind,
    /// The resource in the original request.
    pub request_resource: GroupVersionResource,
    /// The subresource in the original request.
    pub request_subresource: Str,
    /// The name; empty if it has yet to be generated.
    pub name: Str,
    /// The namespace; empty for a cluster-scoped resource.
    pub namespace: Str,
    /// The operation.
    pub operation: Operation,
    /// The user who made the request.
    pub user_info: UserInfo,
    /// The new object; `None` for a delete, and for a [mutating](crate::Webhook::mutating) handler, which gets it
    /// separately.
    pub object: Option<K>,
    /// The object as it was; `None` for a create, and if there is an [error](Self::old_object_error).
    pub old_object: Option<K>,
    /// The reason why a [mutating](crate::Webhook::mutating) handler gets no old object though there is one: it can't be
    /// read as `K`. The request is not refused, as no update could repair the object then; a handler that compares the
    /// two should decide. For a validating handler, such a request is refused.
    pub old_object_error: Option<Str>,
    /// Whether nothing will be stored, so that there must be no side effects.
    pub dry_run: bool,
    /// The options of the operation, such as `CreateOptions`; `null` if there are none.
    pub options: Json,
    deadline: Instant,
}

impl<K: Value> AdmissionRequest<K> {
    /// The request with the object and the old one decoded.
    pub(super) fn decode(wire: &Wire, object: &Json, deadline: Instant) -> Result<Self, DecodeError> {
        let old_object = decode(&wire.old_object, "oldObject")?;
        Self::with_old_object(wire, object, old_object, deadline)
    }

    /// Like [`decode`](Self::decode), but an old object that can't be read is left out.
    pub(super) fn decode_object(wire: &Wire, object: &Json, deadline: Instant) -> Result<Self, DecodeError> {
        let (old_object, old_object_error) = match decode(&wire.old_object, "oldObject") {
            Ok(old_object) => (old_object, None),
            Err(error) => (None, Some(error.to_string().into())),
        };
        Ok(Self { old_object_error, ..Self::with_old_object(wire, object, old_object, deadline)? })
    }

    fn with_old_object(
        wire: &Wire,
        object: &Json,
        old_object: Option<K>,
        deadline: Instant,
    ) -> Result<Self, DecodeError> {
        let object = decode(object, "object")?;
        Ok(Self {
            uid: wire.uid.clone(),
            kind: wire.kind.0.clone(),
            resource: wire.resource.0.clone(),
            subresource: wire.subresource.clone(),
            request_kind: wire.request_kind.as_ref().unwrap_or(&wire.kind).0.clone(),
            request_resource: wire.request_resource.as_ref().unwrap_or(&wire.resource).0.clone(),
            request_subresource: match wire.request_resource {
                Some(_) => wire.request_subresource.clone(),
                None => wire.subresource.clone(),
            },
            name: wire.name.clone(),
            namespace: wire.namespace.clone(),
            operation: wire.operation.clone(),
            user_info: wire.user_info.clone(),
            object,
            old_object,
            old_object_error: None,
            dry_run: wire.dry_run,
            options: wire.options.clone(),
            deadline,
        })
    }
}

impl<K> AdmissionRequest<K> {
    /// The time that the API server still waits for the response. The handler is canceled afterwards.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(clock::now())
    }
}

/// An object of a review; `None` if there is none.
fn decode<K: Value>(json: &Json, field: &str) -> Result<Option<K>, DecodeError> {
    match json.as_str() {
        "null" => Ok(None),
        text => from_str::<K>(text).map(Some).map_err(|error| error.in_field(field)),
    }
}
