//! Code that the example programs share. The programs are the files in the folder above this one.

use std::error::Error;

use kubernetes_sdk::client::Observation;
use kubernetes_sdk::config::Environment;
use kubernetes_sdk::{Client, Config};
use kubernetes_testing::TestServer;

/// Connects to the cluster that kubectl would use. Without a kubeconfig, or if `embedded` is set, connects to an API
/// server in memory, which is returned too and ends when it is dropped.
///
/// # Errors
/// Returns an error if a kubeconfig is invalid, or if the file that `$KUBECONFIG` names does not exist.
pub fn connect(embedded: bool) -> Result<(Client, Option<TestServer>), Box<dyn Error>> {
    connect_observed(embedded, |_| ())
}

/// Like [`connect`]; the client calls `observer` after each attempt of a request.
///
/// # Errors
/// Like [`connect`].
pub fn connect_observed(
    embedded: bool,
    observer: impl Fn(&Observation<'_>) + Send + Sync + 'static,
) -> Result<(Client, Option<TestServer>), Box<dyn Error>> {
    if !embedded {
        if let Some(config) = find(&Environment::from_process())? {
            return Ok((Client::builder(config).observe(observer).build()?, None));
        }
        eprintln!("No kubeconfig found: this runs against an API server in memory, without a cluster.");
    }
    let server = TestServer::in_process();
    Ok((Client::service_builder(server.service(), "default").observe(observer).build()?, Some(server)))
}

/// The configuration, or `None` if there is none.
fn find(environment: &Environment) -> Result<Option<Config>, kubernetes_sdk::config::Error> {
    match Config::from_environment(environment) {
        Ok(config) => Ok(Some(config)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_kubeconfig_there_is_no_configuration_and_a_wrong_one_is_an_error() {
        // There may be a service account where the tests run.
        let nothing = || {
            let mut environment = Environment::default();
            environment.service_account = "/does/not/exist".into();
            environment
        };
        assert!(find(&nothing()).expect("no error").is_none());

        let folder = std::env::temp_dir().join(format!("kubernetes-examples-{}", std::process::id()));
        std::fs::create_dir_all(folder.join(".kube")).expect("a folder of our own");
        std::fs::write(folder.join(".kube/config"), "clusters: 7").expect("it is written");
        let mut wrong = nothing();
        wrong.home = Some(folder.clone());
        assert!(find(&wrong).is_err());
        let server = TestServer::in_process();
        std::fs::write(folder.join(".kube/config"), server.kubeconfig()).expect("it is written");
        assert!(find(&wrong).expect("no error").is_some());
        std::fs::remove_dir_all(&folder).expect("it is removed");

        let mut missing = nothing();
        missing.kubeconfig = Some("/does/not/exist".into());
        assert!(find(&missing).is_err(), "who names a file means it");
    }
}
