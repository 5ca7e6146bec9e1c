use kubernetes_client::Client;
use kubernetes_streams::PodLogs;

use super::VerbError;
use super::pods::{namespace_of, selector_of};
use crate::Target;

/// The logs of all pods of a workload or a service, or of a single pod.
///
/// ```no_run
/// # async fn example(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use futures_util::StreamExt;
/// use kubernetes_core::ObjectKey;
/// use kubernetes_dynamic::Mapper;
/// use kubernetes_utils::{Target, logs_of};
///
/// let (resource, name) = Mapper::new(client).object("deploy/web").await?;
/// let logs = logs_of(client, &Target::new(resource, ObjectKey::new("shop", &name))).await?;
/// let mut lines = logs.tail_lines(10).stream(client);
/// while let Some(line) = lines.next().await {
///     match line {
///         Ok(line) => println!("{}/{}: {}", line.pod, line.container, line.text),
///         Err(error) => eprintln!("{error}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// Like `kubectl logs deploy/web --all-pods`, but pods that are created later are followed too. The selector is that of
/// [`pods_of`](super::pods_of), as it is now. A CronJob has no selector: read the logs of its Jobs.
///
/// # Errors
/// Returns an error if the object does not exist or has no selector, or a request fails.
///
/// # Cancel safety
/// If the future is dropped, the requests are abandoned; they change nothing on the server.
pub async fn logs_of(client: &Client, target: &Target) -> Result<PodLogs, VerbError> {
    let namespace = namespace_of(target)?;
    let object = target.scope().read(target.key.name()).send(client).await?;
    if target.resource.group.is_empty() && target.resource.kind == "Pod" {
        return Ok(PodLogs::of_pod(namespace, target.key.name()));
    }
    Ok(PodLogs::labelled(namespace, selector_of(client, target, &object).await?))
}
