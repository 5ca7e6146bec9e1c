//! Whose certificates are trusted, as the file that says so changes.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kubernetes_config::Config;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::time::Instant;

use super::identity::{pem_fault, read_file};
use crate::Error;

/// How long the authorities of a file are used before it is read again, as for tokens. It is also read when a
/// certificate is of an unknown authority.
const PERIOD: Duration = Duration::from_secs(60);

/// A verifier for the server of `config`: with the given authorities, or else with those that the platform trusts.
pub(super) fn verifier(config: &Config, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let Some(pem) = &config.certificate_authority else { return Ok(webpki(platform_roots()?, &provider)?) };
    let verifier = webpki(given_roots(pem)?, &provider)?;
    let Some(path) = config.certificate_authority_file.clone() else { return Ok(verifier) };
    let last = RwLock::new(Last { verifier, pem: pem.clone(), read_at: Instant::now() });
    Ok(Arc::new(Reloading { path, provider, last }))
}

fn webpki(roots: RootCertStore, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, Error> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| Error::build_from("the certificate authority can't be used", error))
}

fn platform_roots() -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let loaded = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(loaded.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    let message = "there is no certificate-authority, and the platform has no certificates to trust";
    Err(match loaded.errors.into_iter().next() {
        Some(error) => Error::build_from(message, error),
        None => Error::build(message),
    })
}

fn given_roots(pem: &[u8]) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Error::build(format!("the certificate authority is no valid PEM: {}", pem_fault(&error))))?;
    // As Go's `AppendCertsFromPEM`, what can't be parsed is skipped.
    roots.add_parsable_certificates(certificates);
    if roots.is_empty() {
        return Err(Error::build("the certificate authority has no certificate that can be used"));
    }
    Ok(roots)
}

/// Trusts the authorities of a file, which may be replaced while the client runs.
#[derive(Debug)]
struct Reloading {
    path: PathBuf,
    provider: Arc<CryptoProvider>,
    last: RwLock<Last>,
}

/// What the file had when it was last good.
#[derive(Debug)]
struct Last {
    verifier: Arc<WebPkiServerVerifier>,
    pem: Vec<u8>,
    read_at: Instant,
}

impl Reloading {
    fn current(&self) -> Arc<WebPkiServerVerifier> {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        if last.read_at.elapsed() < PERIOD {
            return Arc::clone(&last.verifier);
        }
        drop(last);
        self.reload();
        Arc::clone(&self.last.read().unwrap_or_else(PoisonError::into_inner).verifier)
    }

    /// Reads the file. Blocking, as it is small and local.
    fn reload(&self) {
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        last.read_at = Instant::now();
        let read = read_file(&self.path).map_err(|error| error.to_string()).and_then(|pem| {
            if pem == last.pem {
                return Ok(None);
            }
            let verifier = given_roots(&pem).and_then(|roots| webpki(roots, &self.provider));
            verifier.map(|verifier| Some((verifier, pem))).map_err(|error| error.to_string())
        });
        match read {
            Ok(None) => {}
            Ok(Some((verifier, pem))) => {
                (last.verifier, last.pem) = (verifier, pem);
                tracing::debug!(path = %self.path.display(), "the certificate authority has changed");
            }
            Err(error) => {
                let path = self.path.display();
                tracing::warn!(%path, %error, "can't read the certificate authority again; trusting the last one");
            }
        }
    }
}

impl ServerCertVerifier for Reloading {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verify = |verifier: &WebPkiServerVerifier| {
            verifier.verify_server_cert(certificate, intermediates, name, ocsp_response, now)
        };
        let verifier = self.current();
        let result = verify(&verifier);
        let unknown = matches!(
            result,
            Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature))
        );
        if !unknown {
            return result;
        }
        // The server may have been faster than the minute.
        self.reload();
        let newer = self.current();
        // Not by what `reload` did: another connection may have read the file first.
        if Arc::ptr_eq(&newer, &verifier) { result } else { verify(&newer) }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
