use std::fmt;

/// Certificates, a key or settings of TLS that can't be used.
pub struct CertificatesError(Box<str>);

impl CertificatesError {
    /// An error with this message, which must not quote a key.
    pub fn new(message: impl Into<Box<str>>) -> Self {
        Self(message.into())
    }
}

kubernetes_core::error_text!(CertificatesError);

impl CertificatesError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CertificatesError {}
