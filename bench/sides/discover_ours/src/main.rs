//! This SDK finds the resource of a name, by way of a disk cache: `discover-ours KUBECONFIG FOLDER`.

use std::error::Error;
use std::path::PathBuf;

use kubernetes_client::Client;
use kubernetes_config::{Config, Kubeconfig};
use kubernetes_dynamic::{DiskCache, Mapper};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let kubeconfig = arguments.next().ok_or("the kubeconfig is missing")?;
    let folder = arguments.next().ok_or("the folder of the cache is missing")?;
    let config = Config::from_kubeconfig(&Kubeconfig::read(&kubeconfig)?, None)?;
    let client = Client::new(config.clone())?;
    let mapper = Mapper::builder(&client).disk_cache(DiskCache::at(folder, &config)).build();
    println!("{}", mapper.resource("deploy").await?);
    Ok(())
}
