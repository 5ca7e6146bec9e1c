use std::path::PathBuf;
use std::sync::Arc;

use kubernetes_client::support::{Reloaded, pem_fault, provider, time_provider};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::{Certificates, CertificatesError, PERIOD, invalid};

/// The CAs of the certificates that clients must show.
#[derive(Clone, Debug)]
pub(crate) enum ClientCa {
    /// Clients need no certificate.
    None,
    Pem(Vec<u8>),
    File(PathBuf),
}

/// The TLS settings of a server, which change with the file of the client CA.
pub(crate) enum ServerSettings {
    Fixed(Arc<ServerConfig>),
    File(Reloaded<ServerConfig>),
}

impl ServerSettings {
    pub(crate) fn new(certificates: &Certificates, clients: &ClientCa) -> Result<Self, CertificatesError> {
        let fixed = |client_ca| Ok(Self::Fixed(Arc::new(server_config(certificates, client_ca)?)));
        match clients {
            ClientCa::None => fixed(None),
            ClientCa::Pem(pem) => fixed(Some(pem)),
            ClientCa::File(path) => {
                let certificates = certificates.clone();
                let parse = move |contents: &[Vec<u8>]| Ok(server_config(&certificates, Some(&contents.concat()))?);
                let file =
                    Reloaded::new("the client CA of the webhooks", vec![path.clone()], parse).with_period(PERIOD);
                let unusable = |error| invalid(&format!("can't use the client CA {}", path.display()), error);
                file.current().map_err(unusable)?;
                Ok(Self::File(file))
            }
        }
    }

    /// The settings for the next connection.
    pub(crate) fn current(&self) -> Result<Arc<ServerConfig>, CertificatesError> {
        match self {
            Self::Fixed(config) => Ok(Arc::clone(config)),
            Self::File(file) => file.current().map_err(|error| CertificatesError::new(error.to_string())),
        }
    }
}

fn server_config(certificates: &Certificates, client_ca: Option<&[u8]>) -> Result<ServerConfig, CertificatesError> {
    let provider = Arc::new(provider());
    let builder = ServerConfig::builder_with_details(Arc::clone(&provider), time_provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid("can't set up TLS", error))?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            let cas = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
            roots.add_parsable_certificates(
                cas.map_err(|error| invalid("the client CA is not valid PEM", pem_fault(&error)))?,
            );
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| invalid("can't use the client CA", error))?)
        }
    };
    let mut config = builder.with_cert_resolver(Arc::new(certificates.clone()));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
