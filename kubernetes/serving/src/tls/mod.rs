//! TLS for servers: their certificates, and those of clients.

mod certificates;
mod error;

use std::path::PathBuf;
use std::sync::Arc;

use http::Extensions;
use kubernetes_client::support::{Reloaded, pem_fault, provider, time_provider};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};

pub use certificates::Certificates;
pub use error::CertificatesError;

use certificates::{PERIOD, invalid};

/// The TLS settings of a server: its certificate, and the CAs of clients.
///
/// ```no_run
/// use kubernetes_serving::{Certificates, Tls};
///
/// let certificates = Certificates::files("/certs/tls.crt", "/certs/tls.key")?;
/// let tls = Tls::new(&certificates).client_ca_file("/certs/clients.crt");
/// # Ok::<(), kubernetes_serving::CertificatesError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Tls {
    certificates: Certificates,
    clients: ClientCa,
}

/// The CAs of the certificates that clients must show.
#[derive(Clone, Debug)]
enum ClientCa {
    /// Clients need no certificate.
    None,
    Pem(Vec<u8>),
    File(PathBuf),
}

/// The client's certificate chain, verified by the server; its own certificate is the first. Requests have it as an
/// extension if [`Tls`] demands a client certificate.
#[derive(Clone, Debug, Default)]
pub struct ClientCertificates(Arc<[CertificateDer<'static>]>);

impl Tls {
    /// TLS with these certificates. Clients need none.
    pub fn new(certificates: &Certificates) -> Self {
        Self { certificates: certificates.clone(), clients: ClientCa::None }
    }

    /// Demands a client certificate that one of these CAs (PEM) has signed.
    pub fn client_ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.clients = ClientCa::Pem(pem.into());
        self
    }

    /// Like [`client_ca`](Self::client_ca), with the CAs of a PEM file, which is read again every 10 s when connections
    /// come.
    pub fn client_ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.clients = ClientCa::File(path.into());
        self
    }

    /// The certificates of the server.
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// Checks that the settings can be used, except for [certificates](Certificates::check) that are yet to come.
    ///
    /// # Errors
    ///
    /// Returns an error if the client CA can't be used, or no cryptography provider is available.
    pub fn check(&self) -> Result<(), CertificatesError> {
        self.server_settings().map(drop)
    }

    /// The settings of connections.
    pub(crate) fn server_settings(&self) -> Result<ServerSettings, CertificatesError> {
        let fixed = |client_ca| Ok(ServerSettings::Fixed(Arc::new(server_config(&self.certificates, client_ca)?)));
        match &self.clients {
            ClientCa::None => fixed(None),
            ClientCa::Pem(pem) => fixed(Some(pem)),
            ClientCa::File(path) => {
                let certificates = self.certificates.clone();
                let parse = move |contents: &[Vec<u8>]| Ok(server_config(&certificates, Some(&contents.concat()))?);
                let file = Reloaded::new("the client CA of a server", vec![path.clone()], parse).with_period(PERIOD);
                let unusable = |error| invalid(&format!("can't use the client CA {}", path.display()), error);
                file.current().map_err(unusable)?;
                Ok(ServerSettings::File(file))
            }
        }
    }
}

impl ClientCertificates {
    /// Those of a connection, as an extension of its requests.
    pub(crate) fn of(connection: &ServerConnection) -> Extensions {
        let mut extensions = Extensions::new();
        if let Some(chain) = connection.peer_certificates() {
            extensions.insert(Self(chain.iter().map(|one| one.clone().into_owned()).collect()));
        }
        extensions
    }

    /// The certificates.
    pub fn all(&self) -> &[CertificateDer<'static>] {
        &self.0
    }
}

/// The settings of connections, which change with the file of the client CA.
pub(crate) enum ServerSettings {
    Fixed(Arc<ServerConfig>),
    File(Reloaded<ServerConfig>),
}

impl ServerSettings {
    /// The settings for the next connection.
    pub(crate) fn current(&self) -> Result<Arc<ServerConfig>, CertificatesError> {
        match self {
            Self::Fixed(config) => Ok(Arc::clone(config)),
            Self::File(file) => file.current().map_err(|error| CertificatesError::new(error.to_string())),
        }
    }
}

fn server_config(certificates: &Certificates, client_ca: Option<&[u8]>) -> Result<ServerConfig, CertificatesError> {
    let provider = Arc::new(provider().map_err(CertificatesError::new)?);
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
