//! TLS by rustls, with the provider of this crate's features whatever the process has chosen. Without these features, it is
//! the process's choice.

mod authority;
mod certificate;
mod pem;

use std::sync::Arc;

use http::uri::Scheme;
use kubernetes_config::Config;
use rustls::client::WantsClientCert;
use rustls::crypto::CryptoProvider;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

use crate::clock;
use crate::error::Error;

pub use certificate::{Validity, common_name};
pub use pem::fault as pem_fault;

/// The cryptography to use; of both features, the one that was asked for beside the default, and without any, that of the
/// process.
///
/// # Errors
///
/// Returns an error if there is none.
pub fn provider() -> Result<CryptoProvider, &'static str> {
    #[cfg(feature = "aws-lc-rs")]
    return Ok(rustls::crypto::aws_lc_rs::default_provider());
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return Ok(rustls::crypto::ring::default_provider());
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    return CryptoProvider::get_default().map(|provider| CryptoProvider::clone(provider)).ok_or(
        "no cryptography: enable the feature `ring` or `aws-lc-rs` of `kubernetes-sdk` (or of \
         `kubernetes-client`) in Cargo.toml, or install a provider by rustls::crypto::CryptoProvider::install_default",
    );
}

fn shared_provider() -> Result<Arc<CryptoProvider>, Error> {
    provider().map(Arc::new).map_err(|error| Error::build_from("TLS can't be set up", error))
}

/// The settings of TLS in a configuration, except for the client's certificate, which may change.
#[derive(Clone)]
pub(crate) struct Settings(ConfigBuilder<ClientConfig, WantsClientCert>);

impl Settings {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let provider = shared_provider()?;
        let builder = builder(&provider)?;
        let is_plain = config.server.scheme() != Some(&Scheme::HTTPS);
        if config.insecure_skip_tls_verify {
            tracing::warn!(server = %config.server, "the server's certificate is not verified: insecure-skip-tls-verify");
            Ok(Self(builder.dangerous().with_custom_certificate_verifier(authority::accept_any(provider))))
        } else if is_plain && config.certificate_authority.is_none() {
            // Without TLS nothing needs to be trusted, and a machine without certificates will do.
            Ok(Self(builder.with_root_certificates(RootCertStore::empty())))
        } else {
            let verifier = authority::verifier(config, provider)?;
            Ok(Self(builder.dangerous().with_custom_certificate_verifier(verifier)))
        }
    }

    /// With the certificate to prove who the client is. Each has sessions of its own to resume, since a session that is
    /// resumed keeps the certificate it began with.
    pub(crate) fn client_config(&self, identity: Option<Arc<CertifiedKey>>) -> ClientConfig {
        let builder = self.0.clone();
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity))),
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }
}

fn builder(provider: &Arc<CryptoProvider>) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
    ClientConfig::builder_with_details(Arc::clone(provider), clock::time_provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::build_from("TLS can't be set up", error))
}

/// For a proxy without TLS.
pub(crate) fn without_roots() -> Result<ClientConfig, Error> {
    Ok(builder(&shared_provider()?)?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// The settings for a proxy that is reached over TLS itself.
///
/// As kubectl has it, the authorities of the cluster are trusted for it too, and `insecure-skip-tls-verify` counts. So
/// do those of the platform, which as a rule signed a proxy's certificate; and it is sent no client certificate.
pub(crate) fn proxy_config(config: &Config) -> Result<ClientConfig, Error> {
    let provider = shared_provider()?;
    let builder = builder(&provider)?;
    if config.insecure_skip_tls_verify {
        let verifier = authority::accept_any(provider);
        return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
    }
    let mut roots = match &config.certificate_authority {
        Some(pem) => authority::given_roots(pem)?.0,
        None => RootCertStore::empty(),
    };
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
