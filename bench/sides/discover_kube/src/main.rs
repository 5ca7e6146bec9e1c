//! kube finds the resource of a kind: `discover-kube KUBECONFIG classic|aggregated`.

use std::error::Error;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use kube::discovery::Discovery;
use kube::{Client, Config};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let kubeconfig = arguments.next().ok_or("the kubeconfig is missing")?;
    let form = arguments.next().ok_or("the form is missing")?;
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    let discovery = Discovery::new(Client::try_from(config)?);
    let discovery = match form.as_str() {
        "aggregated" => discovery.run_aggregated().await?,
        _ => discovery.run().await?,
    };
    let found = discovery.resolve_gvk(&GroupVersionKind::gvk("apps", "v1", "Deployment"));
    let (resource, _) = found.ok_or("there are no deployments")?;
    println!("{}.{}", resource.plural, resource.group);
    Ok(())
}
