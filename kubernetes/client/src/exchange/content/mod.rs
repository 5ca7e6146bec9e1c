//! The formats in which a client and its server exchange objects.

#[cfg(feature = "cbor")]
mod cbor;

use http::Request;

use crate::body::Body;
use crate::error::Error;

/// A format in which a client sends objects, and prefers to receive them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentType {
    /// `application/json`, which every server supports.
    #[default]
    Json,
    /// `application/cbor` ([KEP-4222](https://kep.k8s.io/4222)), if the server supports it.
    #[cfg(feature = "cbor")]
    Cbor,
}

/// The format that a client prefers, and whether its server takes it.
#[derive(Debug, Default)]
pub(crate) struct Content {
    preferred: ContentType,
    #[cfg(feature = "cbor")]
    refused: cbor::Refused,
}

impl Content {
    pub(crate) fn new(preferred: ContentType) -> Self {
        Self {
            preferred,
            #[cfg(feature = "cbor")]
            refused: cbor::Refused::default(),
        }
    }

    /// Turns a request in JSON into one in the preferred format.
    pub(crate) fn prefer(&self, request: &mut Request<Body>) {
        match self.preferred {
            ContentType::Json => {
                let _ = request;
            }
            #[cfg(feature = "cbor")]
            ContentType::Cbor => self.refused.prefer_cbor(request),
        }
    }

    /// Turns a request that the server refused for its format into one in JSON, and says whether it did.
    pub(crate) fn fall_back(&self, request: &mut Request<Body>, error: &Error) -> bool {
        match self.preferred {
            ContentType::Json => {
                let _ = (request, error);
                false
            }
            #[cfg(feature = "cbor")]
            ContentType::Cbor => self.refused.fall_back(request, error),
        }
    }
}
