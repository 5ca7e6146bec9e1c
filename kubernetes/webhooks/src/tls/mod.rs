//! Certificates of the server, and the settings of TLS.

mod error;
mod managed;
mod settings;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::support::{Reloaded, pem_fault, provider};
use kubernetes_client::sync::lock;
use kubernetes_serving::MetricsText;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

pub use error::CertificatesError;
pub use managed::ManagedCertificates;
pub(crate) use settings::{ClientCa, ServerSettings};

/// Like controller-runtime's certwatcher, which reads the files every 10 s beside watching them.
const PERIOD: Duration = Duration::from_secs(10);

/// The certificate and key of a server, which may change while it runs.
///
/// ```no_run
/// use kubernetes_webhooks::Certificates;
///
/// let certificates = Certificates::files("/certs/tls.crt", "/certs/tls.key")?;
/// # Ok::<(), kubernetes_webhooks::CertificatesError>(())
/// ```
///
/// New connections get the latest; those that are open stay.
#[derive(Clone)]
pub struct Certificates(Arc<Source>);

enum Source {
    Files(Reloaded<CertifiedKey>),
    Fixed(Arc<CertifiedKey>),
    /// Set by the task that manages it.
    Managed(Mutex<Option<Arc<CertifiedKey>>>),
}

impl Certificates {
    /// The certificates and key of two PEM files, which are read again every 10 s when connections come.
    ///
    /// A mounted Secret has them as `tls.crt` and `tls.key`. While a file can't be read, or the two do not match (such
    /// as while they are being replaced), the last valid ones are used.
    ///
    /// # Errors
    ///
    /// Returns an error if the files can't be read, or are not a certificate and its key.
    pub fn files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, CertificatesError> {
        let files = vec![certificate.into(), key.into()];
        let parse = |contents: &[Vec<u8>]| match contents {
            [certificate, key] => Ok(certified(certificate, key)?),
            _ => Err("two files are expected".into()),
        };
        let names = format!("{} and {}", files[0].display(), files[1].display());
        let files = Reloaded::new("the webhooks' certificate", files, parse).with_period(PERIOD);
        files.current().map_err(|error| CertificatesError::new(format!("can't use {names}: {error}")))?;
        Ok(Self(Arc::new(Source::Files(files))))
    }

    /// A fixed certificate and its key, as PEM.
    ///
    /// # Errors
    ///
    /// Returns an error if they are not a certificate and its key.
    pub fn pem(certificate: &[u8], key: &[u8]) -> Result<Self, CertificatesError> {
        Ok(Self(Arc::new(Source::Fixed(Arc::new(certified(certificate, key)?)))))
    }

    /// Writes how often the files were read and how often that failed, by controller-runtime's names; nothing for
    /// certificates that are not in files.
    ///
    /// ```no_run
    /// # use kubernetes_webhooks::Certificates;
    /// # fn add(_: impl Fn(&mut kubernetes_serving::MetricsText) + Send + Sync + 'static) {}
    /// let certificates = Certificates::files("/certs/tls.crt", "/certs/tls.key")?;
    /// // With a manager: manager.metrics().add(certificates.metrics());
    /// # add(certificates.metrics());
    /// # Ok::<(), kubernetes_webhooks::CertificatesError>(())
    /// ```
    pub fn metrics(&self) -> impl Fn(&mut MetricsText) + Send + Sync + 'static + use<> {
        let certificates = self.clone();
        move |text| {
            let Source::Files(files) = &*certificates.0 else { return };
            let (reads, failures) = files.counts();
            let help = "Total number of certificate reads";
            text.counter("certwatcher_read_certificate_total", help, &[], reads as f64);
            let help = "Total number of certificate read errors";
            text.counter("certwatcher_read_certificate_errors_total", help, &[], failures as f64);
        }
    }

    fn managed() -> Self {
        Self(Arc::new(Source::Managed(Mutex::default())))
    }

    fn set(&self, key: CertifiedKey) {
        if let Source::Managed(current) = &*self.0 {
            *lock(current) = Some(Arc::new(key));
        }
    }

    fn current(&self) -> Result<Arc<CertifiedKey>, String> {
        match &*self.0 {
            Source::Files(files) => files.current().map_err(|error| error.to_string()),
            Source::Fixed(key) => Ok(Arc::clone(key)),
            Source::Managed(key) => lock(key).clone().ok_or_else(|| "the server has no certificate yet".to_owned()),
        }
    }

    /// Whether there is a certificate.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.current().map(drop)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current().inspect_err(|error| tracing::warn!(error, "the webhook server has no certificate")).ok()
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match &*self.0 {
            Source::Files(_) => "files",
            Source::Fixed(_) => "fixed",
            Source::Managed(_) => "managed",
        };
        f.debug_tuple("Certificates").field(&source).finish()
    }
}

/// A chain of certificates and the key of its first, checked to fit together.
fn certified(certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, CertificatesError> {
    let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| invalid("the certificate is not valid PEM", pem_fault(&error)))?;
    if chain.is_empty() {
        return Err(CertificatesError::new("the PEM text has no certificate"));
    }
    // The error itself may quote the key.
    let key = PrivateKeyDer::from_pem_slice(key);
    let key = key.map_err(|error| invalid("the key is not valid PEM", pem_fault(&error)))?;
    CertifiedKey::from_der(chain, key, &provider())
        .map_err(|error| invalid("can't use the certificate and the key", error))
}

fn invalid(message: &str, reason: impl fmt::Display) -> CertificatesError {
    CertificatesError::new(format!("{message}: {reason}"))
}
