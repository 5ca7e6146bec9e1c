//! Whose certificates are trusted, as the file that says so changes.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kubernetes_config::Config;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::time::Instant;

use super::pem;
use super::validity::Validity;
use crate::clock;
use crate::error::Error;

/// How long the authorities of a file are used before it is read again, as for tokens. It is also read when a
/// certificate is of an unknown authority.
const PERIOD: Duration = Duration::from_secs(60);

/// A verifier for the server of `config`: with the given authorities, or else with those that the platform trusts.
pub(super) fn verifier(config: &Config, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let Some(pem) = &config.certificate_authority else { return Ok(webpki(platform_roots()?, &provider)?) };
    let trusted = Arc::new(Trusted::new(pem, &provider)?);
    let last = RwLock::new(Loaded { trusted, pem: pem.clone(), read_at: clock::now() });
    Ok(Arc::new(ReloadingVerifier { path: config.certificate_authority_file.clone(), provider, last }))
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

/// The authorities of a PEM text, and all its certificates.
pub(super) fn given_roots(pem: &[u8]) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), Error> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Error::build(format!("the certificate authority is not valid PEM: {}", pem::fault(&error))))?;
    let mut roots = RootCertStore::empty();
    // As Go's `AppendCertsFromPEM`, what can't be parsed is skipped.
    roots.add_parsable_certificates(certificates.iter().cloned());
    if roots.is_empty() {
        return Err(Error::build("the certificate authority has no certificate that can be used"));
    }
    Ok((roots, certificates))
}

/// Authorities that were given, in their state of a moment.
#[derive(Debug)]
struct Trusted {
    verifier: Arc<WebPkiServerVerifier>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Trusted {
    fn new(pem: &[u8], provider: &Arc<CryptoProvider>) -> Result<Self, Error> {
        let (roots, certificates) = given_roots(pem)?;
        Ok(Self { verifier: webpki(roots, provider)?, certificates })
    }

    fn verify(&self, server: &Server<'_>) -> Result<ServerCertVerified, rustls::Error> {
        let Server { certificate, intermediates, name, ocsp_response, now } = server;
        match self.verifier.verify_server_cert(certificate, intermediates, name, ocsp_response, *now) {
            // The server's certificate is itself what is trusted, as in Go. That of `openssl req -x509` is an authority
            // by its extensions, which webpki does not take for a server's; another's authority may not be given.
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(_) | CertificateError::UnknownIssuer))
                if self.certificates.iter().any(|trusted| trusted == *certificate) =>
            {
                verify_server_name(&ParsedCertificate::try_from(*certificate)?, name)?;
                Validity::of(certificate).ok_or(CertificateError::BadEncoding)?.check(*now)?;
                Ok(ServerCertVerified::assertion())
            }
            result => result,
        }
    }
}

/// What a server presents in the handshake.
struct Server<'a> {
    certificate: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    name: &'a ServerName<'a>,
    ocsp_response: &'a [u8],
    now: UnixTime,
}

/// Trusts given authorities; those of a file may be replaced while the client runs.
#[derive(Debug)]
struct ReloadingVerifier {
    path: Option<PathBuf>,
    provider: Arc<CryptoProvider>,
    last: RwLock<Loaded>,
}

/// The content of the file when it was last good.
#[derive(Debug)]
struct Loaded {
    trusted: Arc<Trusted>,
    pem: Vec<u8>,
    read_at: Instant,
}

impl ReloadingVerifier {
    fn current(&self) -> Arc<Trusted> {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        if self.path.is_none() || last.read_at.elapsed() < PERIOD {
            return Arc::clone(&last.trusted);
        }
        drop(last);
        self.reload();
        Arc::clone(&self.last.read().unwrap_or_else(PoisonError::into_inner).trusted)
    }

    /// Reads the file, if it is one. Blocking, as it is small and local.
    fn reload(&self) {
        let Some(path) = &self.path else { return };
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        last.read_at = clock::now();
        let read = kubernetes_config::read_file(path).map_err(|error| error.to_string()).and_then(|pem| {
            if pem == last.pem {
                return Ok(None);
            }
            let trusted = Trusted::new(&pem, &self.provider);
            trusted.map(|trusted| Some((Arc::new(trusted), pem))).map_err(|error| error.to_string())
        });
        match read {
            Ok(None) => {}
            Ok(Some((trusted, pem))) => {
                (last.trusted, last.pem) = (trusted, pem);
                tracing::debug!(path = %path.display(), "the certificate authority has changed");
            }
            Err(error) => {
                let path = path.display();
                tracing::warn!(%path, %error, "can't read the certificate authority again; trusting the last one");
            }
        }
    }
}

impl ServerCertVerifier for ReloadingVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let server = Server { certificate, intermediates, name, ocsp_response, now };
        let trusted = self.current();
        let result = trusted.verify(&server);
        let unknown = matches!(
            result,
            Err(rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature | CertificateError::Other(_)
            ))
        );
        if !unknown {
            return result;
        }
        // The server may have been faster than the minute.
        self.reload();
        let newer = self.current();
        // Not by what `reload` did: another connection may have read the file first.
        if Arc::ptr_eq(&newer, &trusted) { result } else { newer.verify(&server) }
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
