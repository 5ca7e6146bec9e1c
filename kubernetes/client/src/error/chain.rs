//! Walking a chain of errors.

use std::error::Error as StdError;
use std::io;

use super::transport::{ConnectFailed, NotSent};

/// The first error of a type in the chain of sources, also inside of [`io::Error`], whose `source` skips what it wraps.
pub fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

/// The last error in the chain of sources.
pub(super) fn root<'a>(mut error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

/// Whether either side refused the other's certificate, which another attempt does not change.
pub(crate) fn is_refused_certificate(error: &(dyn StdError + 'static)) -> bool {
    use rustls::{AlertDescription, Error as Tls};
    matches!(
        find::<Tls>(error),
        Some(
            Tls::InvalidCertificate(_)
                | Tls::NoCertificatesPresented
                | Tls::AlertReceived(
                    AlertDescription::BadCertificate
                        | AlertDescription::CertificateExpired
                        | AlertDescription::CertificateRequired
                        | AlertDescription::CertificateRevoked
                        | AlertDescription::CertificateUnknown
                        | AlertDescription::UnknownCA
                        | AlertDescription::UnsupportedCertificate
                )
        )
    )
}

/// The error without the level that the pool puts around it, which says nothing new.
pub(super) fn plain<'a>(error: &'a (dyn StdError + Send + Sync + 'static)) -> &'a (dyn StdError + 'static) {
    let is_marker = error.is::<ConnectFailed>() || error.is::<NotSent>();
    match error.source().filter(|_| is_marker) {
        Some(source) => source,
        None => error,
    }
}
