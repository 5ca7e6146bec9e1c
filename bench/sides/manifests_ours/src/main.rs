//! Applies the manifests of a folder in a namespace, as `kubectl apply --server-side` does, and prints how many requests
//! that took: `manifests-ours FOLDER NAMESPACE`, with `$KUBECONFIG`.

use std::error::Error;

use kubernetes_sdk::utils::manifests::Manifests;
use kubernetes_sdk::{Client, Config};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(namespace)) = (arguments.next(), arguments.next()) else {
        return Err("usage: manifests-ours FOLDER NAMESPACE".into());
    };
    let client = Client::new(Config::from_env()?)?;
    let manifests = Manifests::from_path(folder)?;
    manifests.apply("bench").namespace(namespace).send(&client).await?.check()?;
    println!("{}", client.counts().attempts());
    Ok(())
}
