use std::error::Error;

use bench_live::{Ask, Requests};
use kubernetes_sdk::Client;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::config::{Config, Kubeconfig};
use kubernetes_sdk::models::core::v1::ConfigMap;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

pub(crate) async fn run(requests: Requests) -> Result<()> {
    let kubeconfig = Kubeconfig::read(requests.kubeconfig())?;
    let client = Client::new(Config::from_kubeconfig(&kubeconfig, None)?)?;
    // What is read is there, also on a server that keeps what it is given.
    create(&client, 0).await?;
    match requests.ask() {
        Ask::Read => {
            let request = move |_| read(client.clone());
            requests.run(request).await
        }
        Ask::Create => {
            let request = move |number| {
                let client = client.clone();
                async move { create(&client, 1 + number).await }
            };
            requests.run(request).await
        }
    }
}

async fn read(client: Client) -> Result<()> {
    let map = core_v1::read_namespaced_config_map("default", &bench_live::name(0)).send(&client).await?;
    if map.data.is_empty() { Err("the object has no data".into()) } else { Ok(()) }
}

pub(crate) async fn create(client: &Client, number: usize) -> Result<()> {
    let mut map = ConfigMap::named(bench_live::name(number)).with_data([("color", "blue"), ("mode", "fast")]);
    map.metadata.labels.insert("app", "bench");
    core_v1::create_namespaced_config_map("default", &map).send(client).await?;
    Ok(())
}
