use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::support::{Reloaded, pem_fault, provider};
use kubernetes_client::sync::lock;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::CertificatesError;
use crate::MetricsText;

/// Like controller-runtime's certwatcher, which reads the files every 10 s beside watching them.
pub(super) const PERIOD: Duration = Duration::from_secs(10);

/// The certificate and key of a server, which may change while it runs.
///
/// ```no_run
/// use kubernetes_serving::Certificates;
///
/// let certificates = Certificates::files("/certs/tls.crt", "/certs/tls.key")?;
/// # Ok::<(), kubernetes_serving::CertificatesError>(())
/// ```
///
/// New connections get the latest; those that are open stay. Clones are the same.
#[derive(Clone)]
pub struct Certificates(Arc<Source>);

enum Source {
    Files {
        /// The path of the certificate.
        name: String,
        files: Reloaded<CertifiedKey>,
    },
    /// The latest that was set, if any.
    Given(Mutex<Option<Arc<CertifiedKey>>>),
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
        let files = [certificate.into(), key.into()];
        let [name, both] =
            [files[0].display().to_string(), format!("{} and {}", files[0].display(), files[1].display())];
        let parse = |contents: &[Vec<u8>]| {
            let [certificate, key] = [0, 1].map(|index| contents.get(index).map(Vec::as_slice).unwrap_or_default());
            Ok(certified(certificate, key)?)
        };
        let files = Reloaded::new("the certificate of a server", files.into(), parse).with_period(PERIOD);
        files.current().map_err(|error| CertificatesError::new(format!("can't use {both}: {error}")))?;
        Ok(Self(Arc::new(Source::Files { name, files })))
    }

    /// A certificate, or a chain that begins with it, and its key, as PEM.
    ///
    /// # Errors
    ///
    /// Returns an error if they are not a certificate and its key.
    pub fn pem(certificate: &[u8], key: &[u8]) -> Result<Self, CertificatesError> {
        let certificates = Self::unset();
        certificates.set(certificate, key)?;
        Ok(certificates)
    }

    /// No certificate until one is [set](Self::set): handshakes fail, and [`check`](Self::check) says so.
    pub fn unset() -> Self {
        Self(Arc::new(Source::Given(Mutex::default())))
    }

    /// Replaces the certificate and key, as PEM, for new connections. Those from files follow their files instead.
    ///
    /// # Errors
    ///
    /// Returns an error if they are not a certificate and its key, or come from files.
    pub fn set(&self, certificate: &[u8], key: &[u8]) -> Result<(), CertificatesError> {
        match &*self.0 {
            Source::Given(current) => {
                *lock(current) = Some(Arc::new(certified(certificate, key)?));
                Ok(())
            }
            Source::Files { name, .. } => {
                Err(CertificatesError::new(format!("the certificate comes from {name}: write the file instead")))
            }
        }
    }

    /// Writes how often the files were read and how often that failed, by controller-runtime's names, with the
    /// certificate's path as a label; nothing for certificates that are not in files.
    ///
    /// ```no_run
    /// # use kubernetes_serving::Certificates;
    /// # fn add(_: impl Fn(&mut kubernetes_serving::MetricsText) + Send + Sync + 'static) {}
    /// let certificates = Certificates::files("/certs/tls.crt", "/certs/tls.key")?;
    /// // With a manager: manager.metrics().add(certificates.metrics());
    /// # add(certificates.metrics());
    /// # Ok::<(), kubernetes_serving::CertificatesError>(())
    /// ```
    pub fn metrics(&self) -> impl Fn(&mut MetricsText) + Send + Sync + 'static + use<> {
        let certificates = self.clone();
        move |text| {
            let Source::Files { name, files } = &*certificates.0 else { return };
            let (labels, (reads, failures)) = ([("certificate", name.as_str())], files.counts());
            let help = "Total number of certificate reads";
            text.counter("certwatcher_read_certificate_total", help, &labels, reads as f64);
            let help = "Total number of certificate read errors";
            text.counter("certwatcher_read_certificate_errors_total", help, &labels, failures as f64);
        }
    }

    fn current(&self) -> Result<Arc<CertifiedKey>, String> {
        match &*self.0 {
            Source::Files { files, .. } => files.current().map_err(|error| error.to_string()),
            Source::Given(key) => lock(key).clone().ok_or_else(|| "the server has no certificate yet".to_owned()),
        }
    }

    /// Checks that there is a certificate, for an endpoint such as `/readyz`.
    ///
    /// # Errors
    ///
    /// Returns the reason why there is none.
    pub fn check(&self) -> Result<(), String> {
        self.current().map(drop)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // Not a warning: anyone can cause it, as often as they like.
        self.current().inspect_err(|error| tracing::debug!(error, "a server has no certificate")).ok()
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Source::Files { name, .. } => f.debug_tuple("Certificates").field(name).finish(),
            Source::Given(_) => f.write_str("Certificates"),
        }
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
    let provider = provider().map_err(CertificatesError::new)?;
    CertifiedKey::from_der(chain, key, &provider)
        .map_err(|error| invalid("can't use the certificate and the key", error))
}

pub(super) fn invalid(message: &str, reason: impl fmt::Display) -> CertificatesError {
    CertificatesError::new(format!("{message}: {reason}"))
}
