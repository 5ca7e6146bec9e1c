//! The client's certificate, as it is renewed.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kubernetes_config::{ClientIdentity, MAX_FILE_BYTES, Secret};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use tokio::time::Instant;

use super::validity::Validity;
use crate::Error;
use crate::authentication::{Failure, Renewed};

/// How long a certificate is used before its files are read again. client-go takes five minutes
/// (`CertCallbackRefreshDuration`); tokens are read again after one.
const PERIOD: Duration = Duration::from_secs(60);

/// Where the client's certificate comes from. Without `Debug`: it holds a private key.
pub(crate) enum Identity {
    Fixed(Arc<CertifiedKey>),
    Files(IdentityFiles),
    /// Comes with the credentials; there may be none.
    Issued(Arc<Renewed>),
}

/// A certificate and key of which at least one is in a file.
pub(crate) struct IdentityFiles {
    given: ClientIdentity,
    /// What the files had when they were last good.
    last: Mutex<Last>,
}

struct Last {
    key: Arc<CertifiedKey>,
    certificate: Vec<u8>,
    secret: Secret,
    read_at: Instant,
}

impl Identity {
    pub(crate) fn new(given: &ClientIdentity) -> Result<Self, Error> {
        let key = certified_key(given).map_err(|failure| Error::build(failure.to_string()))?;
        if given.certificate_file.is_none() && given.key_file.is_none() {
            return Ok(Self::Fixed(key));
        }
        let (certificate, secret) = (given.certificate.clone(), given.key.clone());
        let last = Mutex::new(Last { key, certificate, secret, read_at: Instant::now() });
        Ok(Self::Files(IdentityFiles { given: given.clone(), last }))
    }

    /// The certificate for connections that are made now; the same allocation as long as it is the same certificate.
    pub(crate) fn current(&self) -> Option<Arc<CertifiedKey>> {
        match self {
            Self::Fixed(key) => Some(Arc::clone(key)),
            Self::Files(files) => {
                let mut last = files.lock();
                if last.read_at.elapsed() >= PERIOD {
                    files.reload(&mut last);
                }
                Some(Arc::clone(&last.key))
            }
            Self::Issued(renewed) => renewed.identity(),
        }
    }

    pub(crate) fn can_change(&self) -> bool {
        !matches!(self, Self::Fixed(_))
    }

    /// Reads the files at once, and says whether there is another certificate now.
    pub(crate) fn reload(&self) -> bool {
        match self {
            Self::Files(files) => files.reload(&mut files.lock()),
            // Those that are issued change with the credentials.
            Self::Fixed(_) | Self::Issued(_) => false,
        }
    }

    /// Why the certificate is not good, for errors.
    pub(crate) fn fault(&self) -> Option<String> {
        let key = match self {
            Self::Fixed(key) => Arc::clone(key),
            Self::Files(files) => Arc::clone(&files.lock().key),
            Self::Issued(renewed) => renewed.identity()?,
        };
        Validity::of(key.cert.first()?)?.fault("the client certificate", Timestamp::now())
    }
}

impl IdentityFiles {
    fn lock(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Blocking, as the files are small and local. A pair that does not fit is one that is being written.
    fn reload(&self, last: &mut Last) -> bool {
        last.read_at = Instant::now();
        match self.read() {
            Ok((certificate, secret)) if certificate == last.certificate && secret == last.secret => false,
            Ok((certificate, secret)) => match certified_key(&ClientIdentity::new(certificate.clone(), secret.clone()))
            {
                Ok(key) => {
                    *last = Last { key, certificate, secret, read_at: last.read_at };
                    tracing::debug!("the client certificate has changed");
                    true
                }
                Err(error) => keep_last(&error),
            },
            Err(error) => keep_last(&error),
        }
    }

    fn read(&self) -> io::Result<(Vec<u8>, Secret)> {
        let ClientIdentity { certificate, certificate_file, key, key_file, .. } = &self.given;
        let certificate = match certificate_file {
            Some(path) => read_file(path)?,
            None => certificate.clone(),
        };
        let key = match key_file {
            Some(path) => String::from_utf8(read_file(path)?)
                .map(Secret::from)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("{}: no text", path.display())))?,
            None => key.clone(),
        };
        Ok((certificate, key))
    }
}

fn keep_last(error: &dyn std::error::Error) -> bool {
    tracing::warn!(%error, "can't read the client certificate again; using the last one");
    false
}

/// A certificate with the key that belongs to it.
pub(crate) fn certified_key(identity: &ClientIdentity) -> Result<Arc<CertifiedKey>, Failure> {
    let certificates = CertificateDer::pem_slice_iter(&identity.certificate)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Failure::new(format!("the client certificate is no valid PEM: {}", pem_fault(&error))))?;
    if certificates.is_empty() {
        return Err(Failure::new("the client certificate has no certificate in PEM"));
    }
    let key = PrivateKeyDer::from_pem_slice(identity.key.expose().as_bytes())
        .map_err(|error| Failure::new(format!("the client key is no private key in PEM: {}", pem_fault(&error))))?;
    CertifiedKey::from_der(certificates, key, &super::provider())
        .map(Arc::new)
        .map_err(|error| Failure::new(format!("the client certificate and key can't be used together: {error}")))
}

/// What is wrong with PEM. The error itself may quote a key.
pub(super) fn pem_fault(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "its END line is missing",
        pem::Error::IllegalSectionStart { .. } => "its BEGIN line is wrong",
        pem::Error::Base64Decode(_) => "it is no base64 between the BEGIN and END lines",
        pem::Error::NoItemsFound => "there is no BEGIN line of the kind",
        _ => "it can't be read",
    }
}

/// When a certificate expires, if that can be told.
pub(crate) fn expiry(key: &CertifiedKey) -> Option<Timestamp> {
    Validity::of(key.cert.first()?).map(|validity| validity.not_after)
}

/// A whole file, with its name in the error.
pub(super) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    fn read(path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
    read(path).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}
