//! Serves admission webhooks for pods: one that adds a label, and one that looks at the name. Its arguments are the folder
//! of the certificate and the port.

use std::error::Error;
use std::future::pending;
use std::net::Ipv4Addr;
use std::path::Path;

use kubernetes_models::core::v1::Pod;
use kubernetes_webhooks::{AdmissionRequest, Certificates, Denied, WebhookServer, Webhooks};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(port)) = (arguments.next(), arguments.next()) else {
        return Err("arguments: FOLDER PORT".into());
    };
    let webhooks = Webhooks::new()
        .mutate(|mut pod: Pod, _: AdmissionRequest<Pod>| async move {
            pod.metadata.labels.insert("team", "shop");
            Ok::<_, Denied>(pod)
        })
        .validate(|request: AdmissionRequest<Pod>| async move {
            match request.object {
                Some(pod) if pod.name().is_empty() => Err("a pod needs a name"),
                _ => Ok(()),
            }
        });
    let folder = Path::new(&folder);
    let certificates = Certificates::files(folder.join("tls.crt"), folder.join("tls.key"))?;
    let address = (Ipv4Addr::LOCALHOST, port.parse()?);
    WebhookServer::new(webhooks, certificates).address(address).run_until(pending()).await?;
    Ok(())
}
