//! Programs that show the Kubernetes SDK at work, one in each file beside this crate's folder `src`; and what they share.

use std::error::Error;

use kubernetes_sdk::{Client, Config};
use kubernetes_testing::TestServer;

/// A client of the cluster that kubectl would use. Where no kubeconfig is at hand, or `embedded` asks for it, one of an
/// API server in memory, which lives as long as what is returned beside it.
///
/// # Errors
/// If a kubeconfig is wrong.
pub fn connect(embedded: bool) -> Result<(Client, Option<TestServer>), Box<dyn Error>> {
    let nothing_found = match Config::from_env() {
        Ok(config) if !embedded => return Ok((Client::new(config)?, None)),
        // What is wrong with a configuration has a place.
        Err(error) if !embedded && (error.file().is_some() || error.field().is_some()) => return Err(error.into()),
        Err(_) => true,
        Ok(_) => false,
    };
    if nothing_found && !embedded {
        eprintln!("No kubeconfig found: this runs against an API server in memory, without a cluster.");
    }
    let server = TestServer::in_process();
    Ok((server.client(), Some(server)))
}
