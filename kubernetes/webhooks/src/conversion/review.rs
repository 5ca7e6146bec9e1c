//! `ConversionReview` of `apiextensions.k8s.io/v1` on the wire.

use kubernetes_core::json::{DecodeError, Reader, Value, Writer, from_slice};
use kubernetes_core::{Json, Str};

const VERSION: &str = "apiextensions.k8s.io/v1";

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
    pub(crate) desired_api_version: Str,
    pub(crate) objects: Vec<Json>,
}

impl Review {
    /// The request of a review.
    pub(crate) fn read(body: &[u8]) -> Result<Wire, DecodeError> {
        let review: Self = from_slice(body)?;
        let (kind, version) = (review.kind.as_str(), review.api_version.as_str());
        if kind != "ConversionReview" || !matches!(version, "" | VERSION) {
            let message = format!("expected a ConversionReview of {VERSION}, found {kind:?} of {version:?}");
            return Err(DecodeError::new(message, 0));
        }
        review.request.map(|request| *request).ok_or_else(|| DecodeError::new("the review has no request", 0))
    }
}

impl Value for Review {
    const FIELDS: &'static [&'static str] = &["kind", "apiVersion", "request"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.kind, &mut self.api_version, &mut self.request])
    }
}

impl Value for Wire {
    const FIELDS: &'static [&'static str] = &["uid", "desiredAPIVersion", "objects"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.uid, &mut self.desired_api_version, &mut self.objects])
    }
}

/// The answer to a review: all objects, or the reason why there are none.
pub(crate) struct Answer(pub(crate) Result<Vec<String>, String>);

impl Answer {
    /// The review that is sent back.
    pub(crate) fn write(&self, uid: &str) -> String {
        let mut writer = Writer::new();
        writer.begin_object();
        writer.key("kind");
        writer.string("ConversionReview");
        writer.key("apiVersion");
        writer.string(VERSION);
        writer.key("response");
        writer.begin_object();
        writer.key("uid");
        writer.string(uid);
        writer.key("convertedObjects");
        writer.begin_list();
        for object in self.0.iter().flatten() {
            writer.element();
            writer.raw(object);
        }
        writer.end_list();
        writer.key("result");
        writer.begin_object();
        writer.key("status");
        match &self.0 {
            Ok(_) => writer.string("Success"),
            Err(message) => {
                writer.string("Failure");
                writer.key("message");
                writer.string(message);
            }
        }
        writer.end_object();
        writer.end_object();
        writer.end_object();
        // Only types with serde derives can fail to be written.
        writer.finish().unwrap_or_default()
    }
}
