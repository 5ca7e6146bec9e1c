use std::fmt;

use crate::json::EncodeError;

/// The error for a request with invalid arguments.
#[derive(Clone)]
pub struct InvalidRequest(Box<str>);

impl InvalidRequest {
    /// An error with the reason, for functions that refuse a request before it is sent.
    pub fn new(message: impl Into<Box<str>>) -> Self {
        Self(message.into())
    }
}

impl From<EncodeError> for InvalidRequest {
    fn from(error: EncodeError) -> Self {
        Self::new(error.to_string())
    }
}

crate::error_text!(InvalidRequest);

impl InvalidRequest {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidRequest {}
