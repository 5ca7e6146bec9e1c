//! `AdmissionReview` on the wire, in the versions v1 and v1beta1, which are alike.

use kubernetes_core::json::{self, DecodeError, EncodeError, Reader, Value, Writer};
use kubernetes_core::{ByteString, GroupVersionKind, GroupVersionResource, Json, Map, Status, Str};
use kubernetes_models::authentication::v1::UserInfo;

use tracing::Span;

use super::operation::Operation;

const VERSIONS: [&str; 2] = ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"];

/// The review that the API server sends.
#[derive(Default)]
pub(crate) struct Review {
    api_version: Str,
    kind: Str,
    request: Option<Box<Wire>>,
}

/// Its request.
#[derive(Default)]
pub(crate) struct Wire {
    pub(crate) uid: Str,
    pub(super) kind: Kind,
    pub(super) resource: Resource,
    pub(super) subresource: Str,
    pub(super) request_kind: Option<Kind>,
    pub(super) request_resource: Option<Resource>,
    pub(super) request_subresource: Str,
    pub(super) name: Str,
    pub(super) namespace: Str,
    pub(super) operation: Operation,
    pub(super) user_info: UserInfo,
    pub(super) object: Json,
    pub(super) old_object: Json,
    pub(super) dry_run: bool,
    pub(super) options: Json,
}

#[derive(Default)]
pub(super) struct Kind(pub(super) GroupVersionKind);

#[derive(Default)]
pub(super) struct Resource(pub(super) GroupVersionResource);

impl Review {
    /// The version of the review, and its request.
    pub(crate) fn read(body: &[u8]) -> Result<(&'static str, Wire), DecodeError> {
        let review: Self = json::from_slice(body)?;
        if !matches!(review.kind.as_str(), "" | "AdmissionReview") {
            return Err(DecodeError::new(format!("expected an AdmissionReview, found {:?}", review.kind.as_str()), 0));
        }
        let version = match review.api_version.as_str() {
            "" => Some(VERSIONS[0]),
            version => VERSIONS.into_iter().find(|known| *known == version),
        };
        let wrong =
            || DecodeError::new(format!("unknown version {:?} of AdmissionReview", review.api_version.as_str()), 0);
        let version = version.ok_or_else(wrong)?;
        let request = review.request.ok_or_else(|| DecodeError::new("the review has no request", 0))?;
        Ok((version, *request))
    }
}

impl Value for Review {
    const FIELDS: &'static [&'static str] = &["kind", "apiVersion", "request"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.kind, &mut self.api_version, &mut self.request])
    }
}

impl Wire {
    /// A span for what the handlers log.
    pub(crate) fn span(&self, path: &str) -> Span {
        let (namespace, name, user) = (&*self.namespace, &*self.name, self.user_info.username.as_deref());
        let (operation, resource) = (self.operation.as_str(), &*self.resource.0.resource);
        tracing::debug_span!("admission", path, uid = &*self.uid, operation, resource, namespace, name, user)
    }
}

impl Value for Wire {
    const FIELDS: &'static [&'static str] = &[
        "uid",
        "kind",
        "resource",
        "subResource",
        "requestKind",
        "requestResource",
        "requestSubResource",
        "name",
        "namespace",
        "operation",
        "userInfo",
        "object",
        "oldObject",
        "dryRun",
        "options",
    ];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(
            Self::FIELDS,
            &mut [
                &mut self.uid,
                &mut self.kind,
                &mut self.resource,
                &mut self.subresource,
                &mut self.request_kind,
                &mut self.request_resource,
                &mut self.request_subresource,
                &mut self.name,
                &mut self.namespace,
                &mut self.operation,
                &mut self.user_info,
                &mut self.object,
                &mut self.old_object,
                &mut self.dry_run,
                &mut self.options,
            ],
        )
    }
}

impl Value for Kind {
    const FIELDS: &'static [&'static str] = &["group", "version", "kind"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.0.group, &mut self.0.version, &mut self.0.kind])
    }
}

impl Value for Resource {
    const FIELDS: &'static [&'static str] = &["group", "version", "resource"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.0.group, &mut self.0.version, &mut self.0.resource])
    }
}

/// The answer to a review.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) allowed: bool,
    /// A JSON Patch, as text; empty if nothing is to be changed.
    pub(crate) patch: String,
    pub(crate) status: Status,
    pub(crate) warnings: Vec<Str>,
    pub(crate) audit_annotations: Map<Str>,
}

impl Answer {
    /// An answer to a request that could not be handled.
    pub(crate) fn error(code: i32, message: impl Into<Str>) -> Self {
        let status = Status { code: Some(code), message: Some(message.into()), ..Status::default() };
        Self { status, ..Self::default() }
    }

    /// The review that is sent back.
    pub(crate) fn write(&self, version: &str, uid: &str) -> Result<String, EncodeError> {
        let mut writer = Writer::new();
        writer.begin_object();
        writer.key("kind");
        writer.string("AdmissionReview");
        writer.key("apiVersion");
        writer.string(version);
        writer.key("response");
        writer.begin_object();
        writer.key("uid");
        writer.string(uid);
        writer.required("allowed", &self.allowed);
        writer.required("status", &self.status);
        if !self.patch.is_empty() {
            writer.required("patch", &ByteString::from(self.patch.as_str()));
            writer.key("patchType");
            writer.string("JSONPatch");
        }
        writer.optional("auditAnnotations", &self.audit_annotations);
        writer.optional("warnings", &self.warnings);
        writer.end_object();
        writer.end_object();
        writer.finish()
    }
}
