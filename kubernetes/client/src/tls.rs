//! TLS by rustls, with the ring provider whatever the process has chosen.

use std::sync::Arc;

use http::uri::Scheme;
use kubernetes_config::{ClientIdentity, Config};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::Error;

/// What `config` says about TLS.
pub(crate) fn client_config(config: &Config) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::build_from("TLS can't be set up", error))?;
    let builder = if config.insecure_skip_tls_verify {
        tracing::warn!(server = %config.server, "the server's certificate is not verified: insecure-skip-tls-verify");
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AcceptAny(provider)))
    } else {
        builder.with_root_certificates(roots(config)?)
    };
    match &config.client_identity {
        None => Ok(builder.with_no_client_auth()),
        Some(identity) => {
            let (certificates, key) = identity_pair(identity)?;
            builder
                .with_client_auth_cert(certificates, key)
                .map_err(|error| Error::build_from("the client certificate and key can't be used together", error))
        }
    }
}

/// How a proxy is spoken to that has TLS itself.
///
/// As kubectl has it, the authorities of the cluster are trusted for it too, and `insecure-skip-tls-verify` counts. So
/// do those of the platform, which as a rule signed a proxy's certificate; and it is sent no client certificate.
pub(crate) fn proxy_config(config: &Config) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::build_from("TLS can't be set up", error))?;
    if config.insecure_skip_tls_verify {
        let verifier = Arc::new(AcceptAny(provider));
        return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
    }
    let mut roots = match &config.certificate_authority {
        Some(pem) => given_roots(pem)?,
        None => RootCertStore::empty(),
    };
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The given authorities, or else those that the platform trusts.
fn roots(config: &Config) -> Result<RootCertStore, Error> {
    match &config.certificate_authority {
        Some(pem) => given_roots(pem),
        None if config.server.scheme() == Some(&Scheme::HTTPS) => platform_roots(),
        // Without TLS nothing needs to be trusted, and a machine without certificates will do.
        None => Ok(RootCertStore::empty()),
    }
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
        .map_err(|error| Error::build_from("the certificate authority is no valid PEM", error))?;
    // As Go's `AppendCertsFromPEM`, what can't be parsed is skipped.
    roots.add_parsable_certificates(certificates);
    if roots.is_empty() {
        return Err(Error::build("the certificate authority has no certificate that can be used"));
    }
    Ok(roots)
}

fn identity_pair(identity: &ClientIdentity) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Error> {
    let certificates = CertificateDer::pem_slice_iter(&identity.certificate)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Error::build_from("the client certificate is no valid PEM", error))?;
    if certificates.is_empty() {
        return Err(Error::build("the client certificate has no certificate in PEM"));
    }
    let key = PrivateKeyDer::from_pem_slice(identity.key.expose().as_bytes())
        .map_err(|error| Error::build_from("the client key is no private key in PEM", error))?;
    Ok((certificates, key))
}

/// Accepts any certificate, for `insecure-skip-tls-verify`. The server must still have the certificate's key.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
