//! Loads kubeconfig files and in-cluster configuration.
//!
//! [`Config`] says how to reach one API server and as whom. It comes from the environment as kubectl reads it
//! ([`Config::from_env`]), from one context of a [`Kubeconfig`], or from a pod's service account
//! ([`Config::from_cluster`]). This crate reads files and environment variables and nothing else: it opens no
//! connection, starts no program, and writes no file.
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
//! No file larger than [`MAX_FILE_BYTES`] is read, and YAML is parsed under serde-saphyr's budget for hostile input
//! (depth, nodes, aliases). Exec plugins and auth providers are not supported yet: a user who needs one is an error,
//! never a request without credentials.

mod any;
mod auth_provider;
mod config;
mod credentials;
mod document;
mod edit;
mod entry;
mod environment;
mod error;
mod exec;
mod exec_plugin;
mod files;
mod identity;
mod in_cluster;
mod kubeconfig;
mod lock;
mod no_proxy;
mod oidc;
mod overrides;
mod pem;
mod proxy;
mod resolve;
mod secret;
mod source;
mod store;
mod url;

pub use config::Config;
pub use credentials::{ClientIdentity, Credentials, Impersonate};
pub use environment::Environment;
pub use error::Error;
pub use exec::{ExecApiVersion, ExecCluster, ExecConfig, InteractiveMode};
pub use files::MAX_FILE_BYTES;
pub use kubeconfig::{Kubeconfig, KubeconfigContext};
pub use oidc::OidcConfig;
pub use overrides::Overrides;
pub use proxy::{Proxy, ProxyRules, ProxyScheme};
pub use secret::Secret;
pub use store::KubeconfigUser;
