//! The trusted certificate authorities, which may change with their file.

use std::fmt;
use std::sync::Arc;

use kubernetes_config::Config;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::certificate::Validity;
use super::pem;
use crate::error::Error;
use crate::reloaded::Reloaded;

/// A verifier for the server of `config`: with the given authorities, or else with those that the platform trusts.
pub(super) fn verifier(config: &Config, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let Some(pem) = &config.certificate_authority else { return Ok(webpki(platform_roots()?, &provider)?) };
    let authorities = match &config.certificate_authority_file {
        None => Authorities::Fixed(Arc::new(Trusted::new(pem, &provider)?)),
        Some(path) => {
            let provider = Arc::clone(&provider);
            let parse = move |contents: &[Vec<u8>]| Ok(Trusted::new(&contents.concat(), &provider)?);
            let file = Reloaded::new("the certificate authority", vec![path.clone()], parse);
            let file = file.with_contents(vec![pem.clone()]);
            Authorities::File(file.map_err(|error| match error.downcast() {
                Ok(error) => *error,
                Err(error) => Error::build_from("the certificate authority can't be used", error),
            })?)
        }
    };
    Ok(Arc::new(Verifier { authorities, provider }))
}

/// A verifier that accepts any certificate, for `insecure-skip-tls-verify`. The server must still have the
/// certificate's key.
pub(super) fn accept_any(provider: Arc<CryptoProvider>) -> Arc<dyn ServerCertVerifier> {
    Arc::new(Verifier { authorities: Authorities::Any, provider })
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

/// The certificates that a server presents in the handshake.
struct Server<'a> {
    certificate: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    name: &'a ServerName<'a>,
    ocsp_response: &'a [u8],
    now: UnixTime,
}

/// Trusts given authorities; those of a file may be replaced while the client runs.
struct Verifier {
    authorities: Authorities,
    provider: Arc<CryptoProvider>,
}

enum Authorities {
    /// Every authority, and none.
    Any,
    Fixed(Arc<Trusted>),
    File(Reloaded<Trusted>),
}

impl Authorities {
    fn verify(&self, server: &Server<'_>) -> Result<ServerCertVerified, rustls::Error> {
        let file = match self {
            Self::Any => return Ok(ServerCertVerified::assertion()),
            Self::Fixed(trusted) => return trusted.verify(server),
            Self::File(file) => file,
        };
        let trusted = file.current().map_err(|_| CertificateError::UnknownIssuer)?;
        let result = trusted.verify(server);
        let is_unknown = matches!(
            result,
            Err(rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature | CertificateError::Other(_)
            ))
        );
        // The server may have changed before the file was read again.
        let newer = || file.other_than(|used| std::ptr::eq(used, Arc::as_ptr(&trusted)));
        match is_unknown.then(newer).flatten() {
            Some(newer) => newer.verify(server),
            None => result,
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.authorities.verify(&Server { certificate, intermediates, name, ocsp_response, now })
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
