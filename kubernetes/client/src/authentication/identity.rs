//! The client's certificate, as it is renewed.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use kubernetes_config::{ClientIdentity, Secret};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::renewed::Renewed;
use crate::clock;
use crate::error::{AuthenticationError, BoxError, Error};
use crate::reloaded::Reloaded;
use crate::transport::ClientCertificate;
use crate::transport::tls::{self, Validity, pem_fault};

/// Where the client's certificate comes from. Without `Debug`: it holds a private key.
pub(super) enum Identity {
    Fixed(Arc<CertifiedKey>),
    /// A certificate and key of which at least one is in a file.
    Files(Reloaded<CertifiedKey>),
    /// Comes with the credentials; there may be none.
    Issued(Arc<Renewed>),
}

impl Identity {
    pub(super) fn new(given: &ClientIdentity) -> Result<Self, Error> {
        let build = |error: BoxError| Error::build(error.to_string());
        let (files, contents): (Vec<PathBuf>, Vec<Vec<u8>>) = [
            (&given.certificate_file, given.certificate.clone()),
            (&given.key_file, given.key.expose().as_bytes().to_vec()),
        ]
        .into_iter()
        .filter_map(|(file, content)| Some((file.clone()?, content)))
        .unzip();
        if files.is_empty() {
            let key = certified_key(given).map_err(|error| build(error.into()))?;
            return Ok(Self::Fixed(Arc::new(key)));
        }
        let given = given.clone();
        let parse = move |contents: &[Vec<u8>]| Ok(certified_key(&with_files(&given, contents)?)?);
        Reloaded::new("the client certificate", files, parse).with_contents(contents).map(Self::Files).map_err(build)
    }

    /// The certificate that is in files, as it was read last.
    pub(super) fn of_files(&self) -> Option<Arc<CertifiedKey>> {
        match self {
            Self::Files(files) => files.current().ok(),
            Self::Fixed(_) | Self::Issued(_) => None,
        }
    }

    /// Another certificate than one that was refused, if the files have one by now. Those that are issued change with
    /// the credentials.
    pub(super) fn other_than(&self, refused: &Arc<CertifiedKey>) -> Option<Arc<CertifiedKey>> {
        match self {
            Self::Files(files) => files.other_than(|used| std::ptr::eq(used, Arc::as_ptr(refused))),
            Self::Fixed(_) | Self::Issued(_) => None,
        }
    }

    /// Why the certificate is not good, for errors.
    pub(super) fn fault(&self) -> Option<String> {
        let key = match self {
            Self::Fixed(key) => Some(Arc::clone(key)),
            Self::Files(files) => files.last(),
            Self::Issued(renewed) => renewed.identity(),
        };
        Validity::of(key?.cert.first()?)?.fault("the client certificate", clock::timestamp())
    }
}

impl ClientCertificate for Identity {
    fn current(&self) -> Option<Arc<CertifiedKey>> {
        match self {
            Self::Fixed(key) => Some(Arc::clone(key)),
            Self::Files(files) => files.current().ok(),
            Self::Issued(renewed) => renewed.identity(),
        }
    }

    fn can_change(&self) -> bool {
        !matches!(self, Self::Fixed(_))
    }
}

/// The identity with the contents of its files. A pair that does not fit is one that is being written.
fn with_files(given: &ClientIdentity, contents: &[Vec<u8>]) -> Result<ClientIdentity, BoxError> {
    let mut contents = contents.iter();
    let mut next = || contents.next().cloned().unwrap_or_default();
    let certificate = if given.certificate_file.is_some() { next() } else { given.certificate.clone() };
    let key = match given.key_file {
        Some(_) => Secret::from(String::from_utf8(next()).map_err(|_| "the client key is not UTF-8 text")?),
        None => given.key.clone(),
    };
    Ok(ClientIdentity::new(certificate, key))
}

/// A certificate with the key that belongs to it.
pub(super) fn certified_key(identity: &ClientIdentity) -> Result<CertifiedKey, AuthenticationError> {
    let fail = |message: String| AuthenticationError::new(message);
    let certificates = CertificateDer::pem_slice_iter(&identity.certificate)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| fail(format!("the client certificate is not valid PEM: {}", pem_fault(&error))))?;
    if certificates.is_empty() {
        return Err(fail("the client certificate has no certificate in PEM".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(identity.key.expose().as_bytes())
        .map_err(|error| fail(format!("the client key is not a private key in PEM: {}", pem_fault(&error))))?;
    let provider = tls::provider().map_err(|error| fail(error.to_owned()))?;
    CertifiedKey::from_der(certificates, key, &provider)
        .map_err(|error| fail(format!("the client certificate and key can't be used together: {error}")))
}

/// When a certificate expires, if that can be told.
pub(super) fn expiry(key: &CertifiedKey) -> Option<Timestamp> {
    Validity::of(key.cert.first()?).map(|validity| validity.not_after)
}
