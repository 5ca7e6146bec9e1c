//! `ConversionReview` on the wire, in the versions v1 and v1beta1, which are alike.

use kubernetes_core::json::{DecodeError, Reader, Value, Writer, from_slice};
use kubernetes_core::{Json, Str};

const VERSIONS: [&str; 2] = ["apiextensions.k8s.io/v1", "apiextensions.k8s.io/v1beta1"];

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
    /// The version of the review, and its request.
    pub(crate) fn read(body: &[u8]) -> Result<(&'static str, Wire), DecodeError> {
        let review: Self = from_slice(body)?;
        let (kind, version) = (review.kind.as_str(), review.api_version.as_str());
        let wrong = || {
            DecodeError::new(
                format!("expected a ConversionReview of a known version, found {kind:?} of {version:?}"),
                0,
            )
        };
        let known = match version {
            "" => Some(VERSIONS[0]),
            version => VERSIONS.into_iter().find(|known| *known == version),
        };
        let version = known.filter(|_| kind == "ConversionReview").ok_or_else(wrong)?;
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
    pub(crate) fn write(&self, version: &str, uid: &str) -> String {
        let mut writer = Writer::new();
        writer.begin_object();
        writer.key("kind");
        writer.string("ConversionReview");
        writer.key("apiVersion");
        writer.string(version);
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
