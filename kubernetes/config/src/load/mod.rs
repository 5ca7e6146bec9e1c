//! Loads a [`Config`] from an environment, a kubeconfig or a pod.

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
    /// Loads the current context of `$KUBECONFIG` or `~/.kube/config`, or else the service account of a pod.
    ///
    /// # Errors
    ///
    /// See [`from_environment`](Self::from_environment).
    pub fn from_env() -> Result<Self, Error> {
        Self::from_environment(&Environment::from_process())
    }

    /// Like [`from_env`](Self::from_env), but with the given environment.
    ///
    /// If a kubeconfig names a current context, only that is used; otherwise the in-cluster configuration is tried, as
    /// in client-go's `DeferredLoadingClientConfig`.
    ///
    /// # Errors
    ///
    /// Returns an error if a kubeconfig or a file that it refers to is wrong, or if there is no configuration; the
    /// message then lists the places that were tried.
    pub fn from_environment(environment: &Environment) -> Result<Self, Error> {
        Self::from_environment_with(environment, &Overrides::default())
    }

    /// Like [`from_environment`](Self::from_environment), but with overridden values.
    ///
    /// A requested context, cluster or server is looked up only in the kubeconfig. In a pod without a kubeconfig,
    /// `namespace`, `token` and `certificate_authority` replace the pod's values.
    ///
    /// # Errors
    ///
    /// See [`from_environment`](Self::from_environment); also fails if an override is wrong.
    pub fn from_environment_with(environment: &Environment, overrides: &Overrides) -> Result<Self, Error> {
        load(environment, overrides)
    }

    /// Loads the given context of a kubeconfig, or its current one, and the files that the context refers to.
    ///
    /// The rules are client-go's (`tools/clientcmd`), except for mistakes that would lead to anonymous requests, which
    /// are errors here: a user or cluster that is named but does not exist, and a client key without a certificate as
    /// the only credential.
    /// - Inline data takes precedence over a file, which is then not read. (kubectl reports this and stops.)
    /// - Relative paths are resolved against the directory of the kubeconfig that has the entry.
    /// - An empty string counts as unset.
    /// - One of several credentials is used, in this order: `tokenFile`, unless it can't be read; `token`; `username`
    ///   and `password`, which conflict with both; `exec`, unless there is a client certificate; `auth-provider`, which
    ///   conflicts with `exec`.
    /// - A server without a scheme means `http`. For an `http` server the user's credentials and TLS settings are
    ///   ignored, so that none are sent in the clear.
    /// - `proxy-url` takes precedence over the proxies of this process's environment, and ignores `NO_PROXY`.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such context, if it is incomplete or contradictory, if a file can't be read, if
    /// data is not base64 or not PEM, if an exec plugin or auth provider is unknown or incomplete, or if a proxy
    /// variable of the environment is not a valid URL.
    pub fn from_kubeconfig(kubeconfig: &Kubeconfig, context: Option<&str>) -> Result<Self, Error> {
        let overrides = Overrides { context: context.map(str::to_owned), ..Overrides::default() };
        Self::from_kubeconfig_with(kubeconfig, &overrides)
    }

    /// Like [`from_kubeconfig`](Self::from_kubeconfig), but with overridden values.
    ///
    /// # Errors
    ///
    /// See [`from_kubeconfig`](Self::from_kubeconfig); also fails if an override is wrong.
    pub fn from_kubeconfig_with(kubeconfig: &Kubeconfig, overrides: &Overrides) -> Result<Self, Error> {
        with_proxy(context::config(kubeconfig, overrides)?, &Environment::from_process())
    }

    /// Loads the configuration that every pod with a service account has.
    ///
    /// The server is `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`; `token`, `ca.crt` and `namespace` are
    /// files in `/var/run/secrets/kubernetes.io/serviceaccount`. Without `ca.crt` the platform's certificates are
    /// trusted. The namespace is `$POD_NAMESPACE`, or else that of the file, or else `default`. Equivalent to
    /// client-go's `rest.InClusterConfig`.
    ///
    /// # Errors
    ///
    /// Returns an error if a variable is not set, if the token can't be read or is empty, or if `ca.crt` has no
    /// certificate.
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
        // A pod has no contexts, clusters or users.
        Lookup::NotFound(error) if overrides.choose() => return Err(error),
        Lookup::Found(kubeconfig) => kubeconfig.no_current_context(),
        Lookup::NotFound(error) => error,
    };
    in_cluster::config(environment, overrides).map_err(|not_in_cluster| {
        let nothing = not_found.is_not_found() && not_in_cluster.is_not_found();
        // Two reasons do not fit into one `source()`, so the message has both in full.
        let message = format!(
            "no cluster configuration found; tried the kubeconfig ({not_found:#}), \
             and the in-cluster configuration ({not_in_cluster:#})"
        );
        if nothing { Error::not_found(message) } else { Error::new(Place::default(), message) }
    })
}

fn with_proxy(mut config: Config, environment: &Environment) -> Result<Config, Error> {
    config.proxy = ProxyRules::from_environment(environment)?;
    Ok(config)
}
