//! Workloads, as `kubectl rollout status` sees them:
//! <https://github.com/kubernetes/kubectl/blob/v0.37.2/pkg/polymorphichelpers/rollout_status.go>

use kubernetes_core::{Object, ObjectMeta};
use kubernetes_models::apps::v1::{DaemonSet, Deployment, DeploymentStatus, StatefulSet, StatefulSetStatus};
use kubernetes_watch::{ObjectCondition, Verdict};

use super::{condition_is_true, explained};

/// Holds if the deployment has its minimum number of replicas: its condition `Available` is true for the current
/// generation. Old replicas count as well.
pub fn deployment_available() -> ObjectCondition<Deployment> {
    condition_is_true("Available")
}

/// Holds if all replicas of the deployment match its current specification and are available, and no old ones are left.
///
/// Fails when the deployment's progress deadline is exceeded.
pub fn deployment_rolled_out() -> ObjectCondition<Deployment> {
    ObjectCondition::new("is rolled out", |deployment: &Deployment| {
        let Some(status) =
            observed(deployment.metadata(), deployment.status.as_deref(), |status| status.observed_generation)
        else {
            return unobserved();
        };
        if let Some(exceeded) = exceeded(status) {
            return exceeded;
        }
        let count = Option::unwrap_or_default;
        let (updated, available) = (count(status.updated_replicas), count(status.available_replicas));
        match deployment.spec.replicas {
            Some(wanted) if updated < wanted => {
                return Verdict::waiting(format!("{updated} of {wanted} new replicas have been updated"));
            }
            _ => {}
        }
        let old = count(status.replicas).saturating_sub(updated);
        if old > 0 {
            return Verdict::waiting(format!("{old} old replicas are pending termination"));
        }
        reached(available, updated, "updated replicas are available")
    })
}

fn exceeded(status: &DeploymentStatus) -> Option<Verdict> {
    let mut conditions = status.conditions.iter();
    let progressing = conditions.find(|condition| condition.type_.as_deref() == Some("Progressing"))?;
    (progressing.reason.as_deref() == Some("ProgressDeadlineExceeded")).then(|| {
        let why = explained(None, progressing.message.as_deref());
        Verdict::failed(format!("it has exceeded its progress deadline{why}"))
    })
}

/// Holds if all pods of the stateful set match its current specification and are ready. With a partition, only the pods
/// above it count.
///
/// Fails for the update strategy `OnDelete`, because such an update does not end by itself.
pub fn stateful_set_rolled_out() -> ObjectCondition<StatefulSet> {
    ObjectCondition::new("is rolled out", |set: &StatefulSet| {
        let strategy = set.spec.update_strategy.as_deref();
        if let Some(failed) = on_delete(strategy.and_then(|strategy| strategy.type_.as_ref()).map(|it| it.as_str())) {
            return failed;
        }
        let status = observed(set.metadata(), set.status.as_deref(), |status| status.observed_generation);
        let Some(status) = status.filter(|status| status.observed_generation.unwrap_or_default() > 0) else {
            return unobserved();
        };
        let ready = status.ready_replicas.unwrap_or_default();
        if let Some(wanted) = set.spec.replicas
            && ready < wanted
        {
            return Verdict::waiting(format!("{ready} of {wanted} pods are ready"));
        }
        let rolling_update = strategy.and_then(|strategy| strategy.rolling_update.as_deref());
        match rolling_update {
            Some(rolling_update) => match (set.spec.replicas, rolling_update.partition) {
                (Some(wanted), Some(partition)) => {
                    let updated = status.updated_replicas.unwrap_or_default();
                    reached(updated, wanted.saturating_sub(partition), "new pods above the partition have been updated")
                }
                _ => Verdict::Met,
            },
            None => one_revision(status),
        }
    })
}

fn one_revision(status: &StatefulSetStatus) -> Verdict {
    if status.update_revision == status.current_revision {
        return Verdict::Met;
    }
    let updated = status.updated_replicas.unwrap_or_default();
    let revision = status.update_revision.as_deref().unwrap_or_default();
    Verdict::waiting(format!("{updated} pods are at revision {revision}"))
}

/// Holds if a pod that matches the daemon set's current specification is available on every node that should have one.
///
/// Fails for the update strategy `OnDelete`, because such an update does not end by itself.
pub fn daemon_set_rolled_out() -> ObjectCondition<DaemonSet> {
    ObjectCondition::new("is rolled out", |set: &DaemonSet| {
        let strategy = set.spec.update_strategy.as_deref().and_then(|strategy| strategy.type_.as_ref());
        if let Some(failed) = on_delete(strategy.map(|it| it.as_str())) {
            return failed;
        }
        let Some(status) = observed(set.metadata(), set.status.as_deref(), |status| status.observed_generation) else {
            return unobserved();
        };
        let (updated, wanted) = (status.updated_number_scheduled.unwrap_or_default(), status.desired_number_scheduled);
        match reached(updated, wanted, "new pods have been updated") {
            Verdict::Met => reached(status.number_available.unwrap_or_default(), wanted, "updated pods are available"),
            waiting => waiting,
        }
    })
}

/// The status, if it is about the current generation. As in Go, a missing number is 0.
fn observed<'a, S>(
    metadata: &ObjectMeta,
    status: Option<&'a S>,
    generation: impl Fn(&S) -> Option<i64>,
) -> Option<&'a S> {
    status.filter(|status| metadata.generation.unwrap_or_default() <= generation(status).unwrap_or_default())
}

fn unobserved() -> Verdict {
    Verdict::waiting("its specification has not been observed yet")
}

/// Without a strategy, the server uses `RollingUpdate`.
fn on_delete(strategy: Option<&str>) -> Option<Verdict> {
    let other = strategy.filter(|strategy| *strategy != "RollingUpdate")?;
    Some(Verdict::failed(format!("its update strategy is {other}, which never ends by itself")))
}

fn reached(count: i32, wanted: i32, what: &str) -> Verdict {
    if count < wanted { Verdict::waiting(format!("{count} of {wanted} {what}")) } else { Verdict::Met }
}
