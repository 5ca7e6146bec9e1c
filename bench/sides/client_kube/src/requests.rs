use std::error::Error;

use bench_live::{Ask, Requests};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ObjectMeta, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

pub(crate) async fn run(requests: Requests) -> Result<()> {
    let kubeconfig = Kubeconfig::read_from(requests.kubeconfig())?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    let maps = Api::<ConfigMap>::namespaced(Client::try_from(config)?, "default");
    // What is read is there, also on a server that keeps what it is given.
    create(&maps, 0).await?;
    match requests.ask() {
        Ask::Read => {
            let request = move |_| read(maps.clone());
            requests.run(request).await
        }
        Ask::Create => {
            let request = move |number| {
                let maps = maps.clone();
                async move { create(&maps, 1 + number).await }
            };
            requests.run(request).await
        }
    }
}

async fn read(maps: Api<ConfigMap>) -> Result<()> {
    let map = maps.get(&bench_live::name(0)).await?;
    if map.data.is_none() { Err("the object has no data".into()) } else { Ok(()) }
}

async fn create(maps: &Api<ConfigMap>, number: usize) -> Result<()> {
    let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let map = ConfigMap {
        metadata: ObjectMeta {
            name: Some(bench_live::name(number)),
            labels: Some(pairs(&[("app", "bench")])),
            ..ObjectMeta::default()
        },
        data: Some(pairs(&[("color", "blue"), ("mode", "fast")])),
        ..ConfigMap::default()
    };
    maps.create(&PostParams::default(), &map).await?;
    Ok(())
}
