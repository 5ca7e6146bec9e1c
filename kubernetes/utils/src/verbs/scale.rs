use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::json::Tree;
use kubernetes_core::{Patch, PatchRequest, ReadRequest, ReplaceRequest, Str};
use kubernetes_dynamic::DynamicObject;

use super::VerbError;
use crate::{Retry, Target, retry};

/// Sets the number of replicas of any object with a subresource `scale`, like `kubectl scale`.
///
/// ```no_run
/// # async fn example(client: &kubernetes_client::Client, target: kubernetes_utils::Target) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use kubernetes_utils::Scale;
///
/// Scale::new(target, 5).if_replicas(3).wait(Duration::from_secs(60)).send(client).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is scaled until it is sent"]
pub struct Scale {
    target: Target,
    replicas: i32,
    if_replicas: Option<i32>,
    if_version: Option<Str>,
    wait: Option<Duration>,
}

/// The interval between checks while waiting.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

impl Scale {
    /// Creates a change of an object's number of replicas.
    pub fn new(target: Target, replicas: u32) -> Self {
        let replicas = i32::try_from(replicas).unwrap_or(i32::MAX);
        Self { target, replicas, if_replicas: None, if_version: None, wait: None }
    }

    /// Scales only if the object currently has this many replicas.
    pub fn if_replicas(mut self, replicas: u32) -> Self {
        self.if_replicas = Some(i32::try_from(replicas).unwrap_or(i32::MAX));
        self
    }

    /// Scales only if the object has this `resourceVersion`.
    pub fn if_resource_version(mut self, version: impl Into<Str>) -> Self {
        self.if_version = Some(version.into());
        self
    }

    /// Waits until the object has the new number of replicas, at most this long.
    pub fn wait(mut self, limit: Duration) -> Self {
        self.wait = Some(limit);
        self
    }

    /// Scales the object; returns its `Scale` (autoscaling/v1).
    ///
    /// # Errors
    /// Returns an error if a precondition does not hold, if a request fails, or if the time limit is reached.
    ///
    /// # Cancel safety
    /// If the future is dropped, it is unknown whether the object was scaled.
    pub async fn send(self, client: &Client) -> Result<DynamicObject, VerbError> {
        let path = self.target.scope().path(self.target.key.name()).subresource("scale");
        let scaled = if self.if_replicas.is_none() && self.if_version.is_none() {
            let spec = Tree::Object(vec![("replicas".into(), Tree::Number(self.replicas.to_string().into()))]);
            let change = Tree::Object(vec![("spec".into(), spec)]);
            let patch = Patch::merge(&change);
            PatchRequest::<DynamicObject>::at(path.clone(), &patch).send(client).await?
        } else {
            let is_conflict = |error: &VerbError| error.request_error().is_some_and(|error| error.is_conflict());
            retry(Retry::default(), is_conflict, || async {
                let mut scale = ReadRequest::<DynamicObject>::at(path.clone()).send(client).await?;
                self.check(&scale)?;
                scale.set("/spec/replicas", &self.replicas)?;
                Ok(ReplaceRequest::at(path.clone(), &scale).send(client).await?)
            })
            .await?
        };
        let Some(limit) = self.wait else { return Ok(scaled) };
        let waiting = async {
            loop {
                let scale = ReadRequest::<DynamicObject>::at(path.clone()).send(client).await?;
                let (wanted, current) = (scale.get::<i32>("/spec/replicas")?, scale.get::<i32>("/status/replicas")?);
                // Another client has scaled it since, so there is nothing left to wait for.
                if wanted != Some(self.replicas) || current.unwrap_or_default() == self.replicas {
                    return Ok(scale);
                }
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        match tokio::time::timeout(limit, waiting).await {
            Ok(result) => result,
            Err(_) => {
                let (target, replicas) = (&self.target, self.replicas);
                Err(VerbError::refused(format!(
                    "timed out after {limit:?} waiting for {target} to have {replicas} replicas"
                )))
            }
        }
    }

    fn check(&self, scale: &DynamicObject) -> Result<(), VerbError> {
        let target = &self.target;
        let replicas = scale.get::<i32>("/spec/replicas")?.unwrap_or_default();
        if let Some(expected) = self.if_replicas
            && expected != replicas
        {
            return Err(VerbError::refused(format!("{target} has {replicas} replicas, not {expected}")));
        }
        match (&self.if_version, &scale.metadata.resource_version) {
            (Some(expected), Some(version)) if expected != version => {
                Err(VerbError::refused(format!("{target} has the version {version}, not {expected}")))
            }
            _ => Ok(()),
        }
    }
}
