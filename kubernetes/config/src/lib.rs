//! Loads kubeconfig files and in-cluster configuration.
//!
//! [`Config`] says how to reach one API server, and as which user. It comes from the environment as kubectl reads it
//! ([`Config::from_env`]), from one context of a [`Kubeconfig`], or from a pod's service account
//! ([`Config::from_cluster`]); [`Overrides`] are the values that a command line replaces. This crate opens no connection
//! and starts no program: how to run an exec plugin ([`ExecConfig`]), how to refresh a token ([`OidcConfig`]) and which
//! proxy to take ([`ProxyRules`]) are data for the client. It writes a file only when asked to
//! ([`Kubeconfig::save_current_context`], [`KubeconfigUser`]).
//!
//! ```
//! use std::path::Path;
//!
//! use kubernetes_config::{Config, Credentials, Kubeconfig};
//!
//! let text = "
//! current-context: dev
//! contexts: [{ name: dev, context: { cluster: here, user: me, namespace: shop } }]
//! clusters: [{ name: here, cluster: { server: 'https://10.0.0.1:6443/' } }]
//! users: [{ name: me, user: { token: s3cret } }]
//! ";
//! let kubeconfig = Kubeconfig::parse(text, Path::new("config"))?;
//! let config = Config::from_kubeconfig(&kubeconfig, None)?;
//! assert_eq!(config.server, "https://10.0.0.1:6443");
//! assert_eq!(config.default_namespace, "shop");
//! assert!(matches!(&config.credentials, Credentials::Token(token) if token.expose() == "s3cret"));
//! assert!(!format!("{config:?}").contains("s3cret"));
//! # Ok::<(), kubernetes_config::Error>(())
//! ```
//!
//! # Limits
//!
//! No file larger than [`MAX_FILE_BYTES`] is read, and values of YAML may be nested 64 deep and, with aliases, stand for
//! 64 MiB. A way to log in that this crate does not know, such as the auth providers `gcp` and
//! `azure` that Kubernetes 1.26 removed, is an error, never a request without credentials.
//!
//! # Differences from kubectl
//!
//! kubectl refuses, and this crate accepts
//! - both data and a file for one value; the data wins;
//! - the scheme `socks5h` of a `proxy-url`;
//! - a fault in an entry that the context does not join, and a missing file of a server without TLS;
//! - what YAML 1.2 and JSON allow: `/` and surrogate pairs escaped, `%YAML 1.2`, lines of tabs.
//!
//! kubectl accepts, and this crate refuses
//! - a user or password in the server's URL, and a URL that has to be escaped first;
//! - values nested more than 64 deep or tagged `!!binary`, and a fault right behind the first document;
//! - half a credential with nothing else (a client key, a password), which kubectl leaves out;
//! - an OpenID Connect provider reached by `http` on another machine;
//! - a proxy variable of the environment that is not the URL of a proxy, which kubectl ignores.
//!
//! `ALL_PROXY` is read here but not by kubectl, and the relative path of an `idp-certificate-authority` starts from the
//! kubeconfig's directory and not from the current one. The project's tests on a cluster compare the two.

mod config;
mod credentials;
mod environment;
mod error;
mod files;
mod kubeconfig;
mod load;
mod overrides;
mod proxy;
mod secret;
mod token;
mod url;
mod yaml;

pub use config::Config;
pub use credentials::{
    ClientIdentity, Credentials, ExecApiVersion, ExecCluster, ExecConfig, Impersonate, InteractiveMode, OidcConfig,
};
pub use environment::Environment;
pub use error::Error;
pub use files::MAX_FILE_BYTES;
// For the other crates of this project.
#[doc(hidden)]
pub use files::read_file;
pub use kubeconfig::{Kubeconfig, KubeconfigContext, KubeconfigUser};
pub use overrides::Overrides;
pub use proxy::{Proxy, ProxyRules, ProxyScheme};
pub use secret::Secret;
#[doc(hidden)]
pub use url::is_loopback;
