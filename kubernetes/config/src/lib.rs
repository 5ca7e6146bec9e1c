//! Loads kubeconfig files and in-cluster configuration.
//!
//! [`Config`] says how to reach an API server, and as which user. It comes from the environment, as with kubectl
//! ([`Config::from_env`]), from one context of a [`Kubeconfig`], or from a pod's service account
//! ([`Config::from_cluster`]); [`Overrides`] are values from a command line. This crate opens no connections and starts no programs: how to run an exec plugin ([`ExecConfig`]), how to refresh a token ([`OidcConfig`]) and which proxy to use ([`ProxyRules`]) are data for the client. It writes to a file only on request
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
//! Files larger than [`MAX_FILE_BYTES`] are not read. YAML values may be nested 64 levels deep and expand, with
//! aliases, to 64 MiB. An unknown way to log in, such as the auth providers `gcp` and `azure` that Kubernetes 1.26
//! removed, is an error; the client never sends requests without credentials instead.
//!
//! # Differences from kubectl
//!
//! Accepted by this crate, but refused by kubectl:
//! - both data and a file for one value (the data takes precedence);
//! - the scheme `socks5h` of a `proxy-url`;
//! - errors in entries that the context does not refer to, and a missing file of a server without TLS;
//! - syntax of YAML 1.2 and JSON: escaped `/` and surrogate pairs, `%YAML 1.2`, lines of tabs.
//!
//! Accepted by kubectl, but refused by this crate:
//! - a user or password in the server's URL, and a URL that must be escaped first;
//! - values nested more than 64 levels deep or tagged `!!binary`, and errors right after the first document;
//! - half a credential with nothing else (a client key, a password), which kubectl ignores;
//! - an OpenID Connect provider with an `http` URL on another machine;
//! - an environment variable for a proxy that is not the URL of a proxy, which kubectl ignores.
//!
//! Unlike kubectl, this crate reads `ALL_PROXY`, and resolves a relative path in `idp-certificate-authority` against
//! the kubeconfig's directory rather than the current one. The project's cluster tests compare the two.

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
// For use by the other crates of this project.
#[doc(hidden)]
pub use files::read_file;
pub use kubeconfig::{Kubeconfig, KubeconfigContext, KubeconfigUser};
pub use overrides::Overrides;
pub use proxy::{Proxy, ProxyRules, ProxyScheme};
pub use secret::Secret;
#[doc(hidden)]
pub use url::is_loopback;
