use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use kubernetes_client::Client;
use kubernetes_core::{GroupVersionKind, Object, ObjectKey, Str};
use kubernetes_dynamic::{ApiResource, DynamicObject};

use super::cordon::read;
use super::error::DrainError;
use super::event::{DrainEvent, Observer};
use super::evict::Evictions;
use super::filter::{DaemonSet, Verdict, daemon_set_of, verdict};
use super::problem::PodProblem;
use super::surge::{Rollouts, only_replica_of};
use super::{Options, cordon};
use crate::verbs::pods::pods;
use crate::{Target, VerbError, clock};

/// The pods to evict from a node, and the problems with others; created by [`Drain::plan`](super::Drain::plan).
#[derive(Clone)]
pub struct DrainPlan {
    node: String,
    options: Options,
    pods: Vec<Target>,
    problems: Vec<PodProblem>,
    /// The Deployments whose only replica is among the pods.
    surges: HashMap<ObjectKey, Target>,
    observer: Option<Observer>,
}

impl DrainPlan {
    pub(super) async fn new(client: &Client, node: String, options: Options) -> Result<Self, VerbError> {
        read(&node).send(client).await?;
        let mut list = pods().all_namespaces().list().field_selector(format!("spec.nodeName={node}")).limit(500);
        if let Some(selector) = &options.pod_selector {
            list = list.label_selector(selector.clone());
        }
        let now = clock::wall();
        let mut plan =
            Self { node, options, pods: Vec::new(), problems: Vec::new(), surges: HashMap::new(), observer: None };
        let mut known = HashMap::new();
        let mut pages = list.pages(client);
        while let Some(page) = pages.next_page().await? {
            for pod in page.items {
                let target = Target::of(&pods(), &pod);
                let daemon_set = daemon_set(client, &pod, &mut known).await?;
                match verdict(&pod, daemon_set, &plan.options, now) {
                    Verdict::Evict => {
                        if plan.options.surge
                            && let Some(deployment) = only_replica_of(client, &pod).await?
                        {
                            plan.surges.insert(target.key.clone(), deployment);
                        }
                        plan.pods.push(target);
                    }
                    Verdict::Skip => {}
                    Verdict::Refuse(reason) => plan.problems.push(PodProblem { pod: target, reason }),
                }
            }
        }
        Ok(plan)
    }

    /// The pods to evict.
    pub fn pods(&self) -> &[Target] {
        &self.pods
    }

    /// The pods that can't be evicted.
    pub fn problems(&self) -> &[PodProblem] {
        &self.problems
    }

    /// The pods that get a successor before they are evicted, with their Deployments; see
    /// [`Drain::surge`](super::Drain::surge).
    pub fn surges(&self) -> impl Iterator<Item = (&Target, &Target)> {
        self.pods.iter().filter_map(|pod| Some((pod, self.surges.get(&pod.key)?)))
    }

    /// Keeps only pods, and their problems, for which the function returns `true`.
    pub fn retain(&mut self, keep: impl Fn(&Target) -> bool) {
        self.pods.retain(&keep);
        self.problems.retain(|problem| keep(&problem.pod));
    }

    /// Calls a function for every progress event. It must not block.
    #[must_use]
    pub fn observe(mut self, observer: impl Fn(&DrainEvent<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Cordons the node, evicts the pods concurrently, and waits until they are gone.
    ///
    /// An eviction that a disruption budget refuses is repeated every 5 seconds, as kubectl does.
    ///
    /// # Errors
    /// Returns an error if there are [problems](Self::problems), in which case nothing is changed, or if pods could not
    /// be evicted or are still there at the time limit. The error names each pod, and the budget that protects it.
    ///
    /// # Cancel safety
    /// If the future is dropped, the node stays cordoned, and any of the pods may have been evicted.
    pub async fn run(&self, client: &Client) -> Result<(), DrainError> {
        if !self.problems.is_empty() {
            return Err(DrainError::problems(&self.node, &self.problems));
        }
        cordon(client, &self.node).await.map_err(|error| DrainError::cordon(&self.node, error))?;
        let evictions = Evictions {
            options: &self.options,
            pods: &self.pods,
            surges: &self.surges,
            rollouts: Rollouts::of(self.surges().map(|(_, deployment)| deployment)),
            observer: self.observer.as_ref(),
        };
        let (left, timed_out) = evictions.run(client).await;
        match left.is_empty() {
            true => Ok(()),
            false => Err(DrainError::left(&self.node, left, self.options.limit.filter(|_| timed_out))),
        }
    }
}

impl fmt::Debug for DrainPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DrainPlan")
            .field("node", &self.node)
            .field("pods", &self.pods)
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

/// Whether a pod belongs to a DaemonSet that exists.
async fn daemon_set(
    client: &Client,
    pod: &DynamicObject,
    known: &mut HashMap<(Str, Str), DaemonSet>,
) -> Result<DaemonSet, VerbError> {
    let Some(owner) = daemon_set_of(pod) else { return Ok(DaemonSet::None) };
    let namespace: Str = pod.metadata().namespace.clone().unwrap_or_default();
    let key = (namespace, owner.name.clone());
    if let Some(known) = known.get(&key) {
        return Ok(*known);
    }
    let sets = ApiResource::new(&GroupVersionKind::new("apps", "v1", "DaemonSet"), "daemonsets", true);
    let found = match sets.in_namespace(key.0.clone()).read(&key.1).metadata_only().send(client).await {
        Ok(_) => DaemonSet::Exists,
        Err(error) if error.is_not_found() => DaemonSet::Missing,
        Err(error) => return Err(error.into()),
    };
    known.insert(key, found);
    Ok(found)
}
