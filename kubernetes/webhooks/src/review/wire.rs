//! `TokenReview` and `SubjectAccessReview` on the wire, in the versions v1 and v1beta1.

use kubernetes_core::json::{DecodeError, Reader, Value, Writer, from_slice};
use kubernetes_core::{Json, ObjectMeta, Str};

use super::kind::ReviewKind;

/// A review of either kind as the API server sends it.
#[derive(Default)]
struct Wire {
    api_version: Str,
    kind: Str,
    metadata: ObjectMeta,
    spec: Json,
}

/// The part of a review that its answer repeats.
pub(super) struct Identity {
    api_version: &'static str,
    uid: Option<Str>,
}

/// Reads a review of the kind `R`.
pub(super) fn read<R: ReviewKind>(body: &[u8]) -> Result<(Identity, R::Spec), DecodeError> {
    let Wire { api_version, kind, metadata, spec } = from_slice(body)?;
    let known = match api_version.as_str() {
        "" => Some(R::API_VERSIONS[0]),
        version => R::API_VERSIONS.into_iter().find(|known| *known == version),
    };
    let known = known.filter(|_| kind.is_empty() || kind == R::KIND);
    let api_version = known.ok_or_else(|| {
        let (expected, kind, version) = (R::KIND, kind.as_str(), api_version.as_str());
        DecodeError::new(format!("expected a {expected} of a known version, found {kind:?} of {version:?}"), 0)
    })?;
    if spec.as_str() == "null" {
        return Err(DecodeError::new("the review has no spec", 0));
    }
    let spec = R::read_spec(api_version, &spec).map_err(|error| error.in_field("spec"))?;
    Ok((Identity { api_version, uid: metadata.uid }, spec))
}

impl Identity {
    /// That of a review that could not be read.
    pub(super) fn unknown<R: ReviewKind>() -> Self {
        Self { api_version: R::API_VERSIONS[0], uid: None }
    }

    /// The review that is sent back. It has no `spec`: that of a token has the token.
    pub(super) fn answer<R: ReviewKind>(&self, status: &R::Status) -> String {
        let mut writer = Writer::new();
        writer.begin_object();
        writer.key("kind");
        writer.string(R::KIND);
        writer.key("apiVersion");
        writer.string(self.api_version);
        writer.key("metadata");
        writer.begin_object();
        writer.optional("uid", &self.uid);
        writer.end_object();
        writer.key("spec");
        writer.begin_object();
        writer.end_object();
        writer.required("status", status);
        writer.end_object();
        // Only types with serde derives can fail to be written.
        writer.finish().unwrap_or_default()
    }
}

impl Value for Wire {
    const FIELDS: &'static [&'static str] = &["apiVersion", "kind", "metadata", "spec"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.api_version, &mut self.kind, &mut self.metadata, &mut self.spec])
    }
}
