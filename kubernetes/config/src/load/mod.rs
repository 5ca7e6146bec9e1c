//! From an environment, a kubeconfig or a pod to a [`Config`].

mod auth_provider;
mod context;
mod data_or_file;
mod exec;
mod in_cluster;
mod overrides;
mod pem;
mod user;

use crate::error::Place;
use crate::kubeconfig::Lookup;
use crate::{Config, Environment, Error, Kubeconfig, Overrides, ProxyRules};

impl Config {
    /// The current context of `$KUBECONFIG` or `~/.kube/config`, or else the service account of a pod.
    ///
    /// # Errors
    ///
    /// As [`from_environment`](Self::from_environment).
    pub fn from_env() -> Result<Self, Error> {
        Self::from_environment(&Environment::from_process())
    }

    /// As [`from_env`](Self::from_env), with the environment given as a value.
    ///
    /// A kubeconfig that names a current context decides alone; only when there is none is the in-cluster
    /// configuration tried (as client-go's `DeferredLoadingClientConfig`).
    ///
    /// # Errors
    ///
    /// When a kubeconfig or a file that it refers to is wrong, or none is found; the message then lists the places that were
    /// tried.
    pub fn from_environment(environment: &Environment) -> Result<Self, Error> {
        Self::from_environment_with(environment, &Overrides::default())
    }

    /// As [`from_environment`](Self::from_environment), with values that replace those found there.
    ///
    /// A context, a cluster or a server that is asked for is looked for in the kubeconfig alone. In a pod without a
    /// kubeconfig `namespace`, `token` and `certificate_authority` replace what the pod has.
    ///
    /// # Errors
    ///
    /// As [`from_environment`](Self::from_environment), and when an override is wrong.
    pub fn from_environment_with(environment: &Environment, overrides: &Overrides) -> Result<Self, Error> {
        load(environment, overrides)
    }

    /// The given context of a kubeconfig, or its current one; reads the files that the context refers to.
    ///
    /// The rules are client-go's (`tools/clientcmd`), except that what would lead to a request as nobody by mistake is
    /// an error here: a user or cluster that is named but does not exist, and a client key without a certificate as
    /// the only credential.
    /// - Inline data beats a file, which is then not read. (kubectl says the same, and stops.)
    /// - Relative paths are resolved against the directory of the kubeconfig that has the entry.
    /// - An empty string counts as unset.
    /// - Of several credentials one is used: `tokenFile`, unless it cannot be read; `token`; `username` and `password`,
    ///   which contradict both; `exec`, unless there is a client certificate; `auth-provider`, which contradicts `exec`.
    /// - A server without a scheme is `http`. For an `http` server the user's credentials and TLS settings are left
    ///   out, so that none is sent in the clear.
    /// - `proxy-url` beats the proxies of the environment of this process, and heeds no `NO_PROXY`.
    ///
    /// # Errors
    ///
    /// When there is no such context, when it is incomplete or contradicts itself, when a file cannot be read, when
    /// data is not base64 or not PEM, when an exec plugin or auth provider is not set up completely or not a known one,
    /// and when a proxy variable of the environment is not a valid URL.
    pub fn from_kubeconfig(kubeconfig: &Kubeconfig, context: Option<&str>) -> Result<Self, Error> {
        let overrides = Overrides { context: context.map(str::to_owned), ..Overrides::default() };
        Self::from_kubeconfig_with(kubeconfig, &overrides)
    }

    /// As [`from_kubeconfig`](Self::from_kubeconfig), with values that count instead of the kubeconfig's.
    ///
    /// # Errors
    ///
    /// As [`from_kubeconfig`](Self::from_kubeconfig), and when an override is wrong.
    pub fn from_kubeconfig_with(kubeconfig: &Kubeconfig, overrides: &Overrides) -> Result<Self, Error> {
        with_proxy(context::config(kubeconfig, overrides)?, &Environment::from_process())
    }

    /// The configuration that every pod with a service account finds.
    ///
    /// The server is `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`; `token`, `ca.crt` and `namespace` are
    /// files in `/var/run/secrets/kubernetes.io/serviceaccount`. Without `ca.crt` the platform's certificates are
    /// trusted. The namespace is `$POD_NAMESPACE`, else that of the file, else `default`. As client-go's
    /// `rest.InClusterConfig`.
    ///
    /// # Errors
    ///
    /// When a variable is not set, the token cannot be read or is empty, or `ca.crt` has no certificate.
    pub fn from_cluster() -> Result<Self, Error> {
        let environment = Environment::from_process();
        in_cluster::config(&environment, &Overrides::default())
    }
}

fn load(environment: &Environment, overrides: &Overrides) -> Result<Config, Error> {
    let not_found = match Kubeconfig::find(environment)? {
        Lookup::Found(kubeconfig) if overrides.choose() || kubeconfig.current_context().is_some() => {
            return with_proxy(context::config(&kubeconfig, overrides)?, environment);
        }
        Lookup::NotFound(_) if overrides.is_server_alone() => {
            return with_proxy(context::config(&Kubeconfig::empty(), overrides)?, environment);
        }
        // No pod has contexts, clusters or users.
        Lookup::NotFound(error) if overrides.choose() => return Err(error),
        Lookup::Found(kubeconfig) => kubeconfig.no_current_context(),
        Lookup::NotFound(error) => error,
    };
    in_cluster::config(environment, overrides).map_err(|not_in_cluster| {
        let nothing = not_found.is_not_found() && not_in_cluster.is_not_found();
        // Two reasons do not fit into one `source()`, so that both are told in full here.
        let (no_kubeconfig, not_in_cluster) = (not_found.with_sources(), not_in_cluster.with_sources());
        let message = format!(
            "no cluster configuration found; tried the kubeconfig ({no_kubeconfig}), \
             and the in-cluster configuration ({not_in_cluster})"
        );
        if nothing { Error::not_found(message) } else { Error::new(Place::default(), message) }
    })
}

fn with_proxy(mut config: Config, environment: &Environment) -> Result<Config, Error> {
    config.proxy = ProxyRules::from_environment(environment)?;
    Ok(config)
}
