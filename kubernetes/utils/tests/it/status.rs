//! The states of objects: the cases of kstatus' tests
//! (<https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/status/status_compute_test.go>), and more.

use kubernetes_core::{Object, Time, yaml};
use kubernetes_dynamic::DynamicObject;
use kubernetes_utils::conditions::object_current;
use kubernetes_utils::{ObjectState, ObjectStatus};
use kubernetes_watch::Verdict;

const NOW: &str = "2026-01-01T00:01:00Z";

/// A type, the rest of the object, its state, and the reason.
type Case = (&'static str, &'static str, ObjectState, &'static str);

use ObjectState::{Current, Failed, InProgress, Terminating, Unknown};

const PODS: &[Case] = &[
    ("v1 Pod", "", InProgress, "PodNotObserved"),
    ("v1 Pod", "status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}", Current, ""),
    (
        "v1 Pod",
        "status: {phase: Succeeded, conditions: [{type: Ready, status: 'False', reason: PodCompleted}]}",
        Current,
        "",
    ),
    (
        "v1 Pod",
        "status: {phase: Failed, conditions: [{type: Ready, status: 'False', reason: PodCompleted}]}",
        Current,
        "",
    ),
    ("v1 Pod", "status: {phase: Running}", InProgress, "PodRunningNotReady"),
    ("v1 Pod", "status: {phase: Pending}", InProgress, "PodPending"),
    ("v1 Pod", "status: {phase: Lost}", Unknown, ""),
    (
        "v1 Pod",
        "{metadata: {creationTimestamp: '2026-01-01T00:00:50Z'}, \
         status: {phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable}]}}",
        InProgress,
        "PodNotScheduled",
    ),
    (
        "v1 Pod",
        "{metadata: {creationTimestamp: '2026-01-01T00:00:45Z'}, \
         status: {phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable}]}}",
        Failed,
        "PodUnschedulable",
    ),
    (
        "v1 Pod",
        "status: {phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable}]}",
        Failed,
        "PodUnschedulable",
    ),
    (
        "v1 Pod",
        "status: {phase: Running, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable}], \
         containerStatuses: [{name: nginx, state: {waiting: {reason: CrashLoopBackOff}}}]}",
        Failed,
        "ContainerCrashLooping",
    ),
    (
        "v1 Pod",
        "status: {phase: Running, containerStatuses: [{name: a, state: {running: {}}}]}",
        InProgress,
        "PodRunningNotReady",
    ),
    ("v1 Pod", "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}, status: {phase: Running}}", Terminating, ""),
];

const STATEFUL_SETS: &[Case] = &[
    ("apps/v1 StatefulSet", "", InProgress, "LessReplicas"),
    ("apps/v1 StatefulSet", "status: {observedGeneration: 1, currentReplicas: 1}", InProgress, "LessReplicas"),
    (
        "apps/v1 StatefulSet",
        "{spec: {replicas: 4}, status: {observedGeneration: 1, currentReplicas: 4, readyReplicas: 4, replicas: 4}}",
        Current,
        "",
    ),
    (
        "apps/v1 StatefulSet",
        "{spec: {replicas: 4}, status: {observedGeneration: 1, currentReplicas: 4, readyReplicas: 2, replicas: 4}}",
        InProgress,
        "LessReady",
    ),
    (
        "apps/v1 StatefulSet",
        "{spec: {replicas: 4}, status: {observedGeneration: 1, currentReplicas: 2, readyReplicas: 4, replicas: 4}}",
        InProgress,
        "LessCurrent",
    ),
    (
        "apps/v1 StatefulSet",
        "{spec: {replicas: 4}, status: {observedGeneration: 1, currentReplicas: 4, readyReplicas: 4, replicas: 8}}",
        InProgress,
        "ExtraPods",
    ),
    ("apps/v1 StatefulSet", "spec: {updateStrategy: {type: OnDelete}}", Current, ""),
    (
        "apps/v1 StatefulSet",
        "{spec: {replicas: 4, updateStrategy: {rollingUpdate: {partition: 2}}}, \
         status: {readyReplicas: 4, replicas: 4, updatedReplicas: 1}}",
        InProgress,
        "PartitionRollout",
    ),
    (
        "apps/v1 StatefulSet",
        "{spec: {replicas: 4, updateStrategy: {rollingUpdate: {partition: 2}}}, \
         status: {readyReplicas: 4, replicas: 4, updatedReplicas: 2}}",
        Current,
        "",
    ),
    (
        "apps/v1 StatefulSet",
        "status: {currentReplicas: 1, readyReplicas: 1, replicas: 1, currentRevision: a, updateRevision: b}",
        InProgress,
        "RevisionMismatch",
    ),
];

const DAEMON_SETS: &[Case] = &[
    ("apps/v1 DaemonSet", "", InProgress, "NoObservedGeneration"),
    ("apps/v1 DaemonSet", "status: {observedGeneration: 1, currentReplicas: 1}", InProgress, "NoDesiredNumber"),
    (
        "apps/v1 DaemonSet",
        "status: {desiredNumberScheduled: 4, currentNumberScheduled: 4, updatedNumberScheduled: 4, numberAvailable: 4, \
         numberReady: 4, observedGeneration: 1}",
        Current,
        "",
    ),
    (
        "apps/v1 DaemonSet",
        "{metadata: {generation: 2}, status: {desiredNumberScheduled: 4, currentNumberScheduled: 4, \
         updatedNumberScheduled: 4, numberAvailable: 4, numberReady: 4, observedGeneration: 1}}",
        InProgress,
        "LatestGenerationNotObserved",
    ),
    (
        "apps/v1 DaemonSet",
        "status: {desiredNumberScheduled: 4, currentNumberScheduled: 4, updatedNumberScheduled: 4, numberAvailable: 4, \
         numberReady: 2, observedGeneration: 1}",
        InProgress,
        "LessReady",
    ),
    (
        "apps/v1 DaemonSet",
        "status: {desiredNumberScheduled: 4, currentNumberScheduled: 4, updatedNumberScheduled: 4, numberAvailable: 2, \
         numberReady: 4, observedGeneration: 1}",
        InProgress,
        "LessAvailable",
    ),
    (
        "apps/v1 DaemonSet",
        "status: {desiredNumberScheduled: 4, currentNumberScheduled: 3, updatedNumberScheduled: 1, observedGeneration: 1}",
        InProgress,
        "LessCurrent",
    ),
];

const COUNTS: &str = "observedGeneration: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, replicas: 1";

const DEPLOYMENTS: &[Case] = &[
    ("apps/v1 Deployment", "", InProgress, "LessReplicas"),
    (
        "apps/v1 Deployment",
        "status: {COUNTS, conditions: [{type: Progressing, status: 'True', reason: NewReplicaSetAvailable}, \
         {type: Available, status: 'True'}]}",
        Current,
        "",
    ),
    (
        "apps/v1 Deployment",
        "{spec: {progressDeadlineSeconds: 45}, status: {COUNTS, \
         conditions: [{type: Progressing, status: 'False', reason: Some reason}, {type: Available, status: 'True'}]}}",
        InProgress,
        "ReplicaSetNotAvailable",
    ),
    (
        "apps/v1 Deployment",
        "{spec: {progressDeadlineSeconds: 2147483647}, status: {COUNTS, conditions: [{type: Available, status: 'True'}]}}",
        Current,
        "",
    ),
    ("apps/v1 Deployment", "status: {COUNTS, conditions: [{type: Available, status: 'True'}]}", Current, ""),
    (
        "apps/v1 Deployment",
        "status: {COUNTS, conditions: [{type: Progressing, status: 'True', reason: NewReplicaSetAvailable}, \
         {type: Available, status: 'False'}]}",
        InProgress,
        "DeploymentNotAvailable",
    ),
    (
        "apps/v1 Deployment",
        "status: {COUNTS, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded}]}",
        Failed,
        "ProgressDeadlineExceeded",
    ),
    ("apps/v1 Deployment", "status: {replicas: 1}", InProgress, "LessUpdated"),
    ("apps/v1 Deployment", "status: {replicas: 2, updatedReplicas: 1}", InProgress, "ExtraPods"),
    ("apps/v1 Deployment", "status: {replicas: 1, updatedReplicas: 1}", InProgress, "LessAvailable"),
    ("apps/v1 Deployment", "status: {replicas: 1, updatedReplicas: 1, availableReplicas: 1}", InProgress, "LessReady"),
    ("extensions/v1beta1 Deployment", "", InProgress, "LessReplicas"),
];

const REPLICA_SETS: &[Case] = &[
    ("apps/v1 ReplicaSet", "", InProgress, "LessLabelled"),
    (
        "apps/v1 ReplicaSet",
        "{spec: {replicas: 2}, status: {observedGeneration: 1, replicas: 2, readyReplicas: 2, availableReplicas: 2, \
         fullyLabeledReplicas: 2, conditions: [{type: ReplicaFailure, status: 'False'}]}}",
        Current,
        "",
    ),
    (
        "apps/v1 ReplicaSet",
        "{spec: {replicas: 4}, status: {replicas: 4, readyReplicas: 2, availableReplicas: 4, fullyLabeledReplicas: 4}}",
        InProgress,
        "LessReady",
    ),
    (
        "apps/v1 ReplicaSet",
        "{spec: {replicas: 4}, status: {replicas: 4, readyReplicas: 4, availableReplicas: 2, fullyLabeledReplicas: 4}}",
        InProgress,
        "LessAvailable",
    ),
    (
        "apps/v1 ReplicaSet",
        "{spec: {replicas: 4}, status: {replicas: 4, readyReplicas: 4, availableReplicas: 4, fullyLabeledReplicas: 4, \
         conditions: [{type: ReplicaFailure, status: 'True'}]}}",
        InProgress,
        "ReplicaFailure",
    ),
    (
        "apps/v1 ReplicaSet",
        "{spec: {replicas: 1}, status: {replicas: 2, readyReplicas: 1, availableReplicas: 1, fullyLabeledReplicas: 1}}",
        InProgress,
        "ExtraPods",
    ),
];

const JOBS: &[Case] = &[
    ("batch/v1 Job", "", InProgress, "JobNotStarted"),
    ("batch/v1 Job", "status: {succeeded: 1, active: 0, conditions: [{type: Complete, status: 'True'}]}", Current, ""),
    (
        "batch/v1 Job",
        "{spec: {completions: 4}, status: {succeeded: 3, failed: 1, \
         conditions: [{type: Failed, status: 'True', reason: JobFailed}]}}",
        Failed,
        "JobFailed",
    ),
    (
        "batch/v1 Job",
        "{spec: {completions: 10, parallelism: 2}, status: {startTime: '2019-06-04T01:17:13Z', succeeded: 3, failed: 1, \
         active: 2, conditions: [{type: Failed, status: 'False'}, {type: Complete, status: 'False'}]}}",
        Current,
        "",
    ),
    ("batch/v1 Job", "status: {conditions: [{type: Suspended, status: 'True'}]}", Current, ""),
    ("batch/v1 CronJob", "", Current, ""),
    ("batch/v1 CronJob", "status:", Current, ""),
];

const OTHERS: &[Case] = &[
    ("v1 PersistentVolumeClaim", "", InProgress, "NotBound"),
    ("v1 PersistentVolumeClaim", "status: {phase: Pending}", InProgress, "NotBound"),
    ("v1 PersistentVolumeClaim", "status: {phase: Bound}", Current, ""),
    (
        "policy/v1 PodDisruptionBudget",
        "{metadata: {generation: 2}, status: {observedGeneration: 1}}",
        InProgress,
        "LatestGenerationNotObserved",
    ),
    ("policy/v1 PodDisruptionBudget", "status: {observedGeneration: 1}", Current, ""),
    ("v1 Service", "", Current, ""),
    ("v1 Service", "spec: {type: NodePort}", Current, ""),
    ("v1 Service", "spec: {type: LoadBalancer, clusterIP: 1.2.3.4}", Current, ""),
    ("v1 Service", "spec: {type: LoadBalancer}", InProgress, "NoIPAssigned"),
    ("v1 ConfigMap", "", Current, ""),
    ("v1 Secret", "", Current, ""),
    ("something/v1 MyCR", "", Current, ""),
    (
        "something/v1 MyCR",
        "{metadata: {generation: 2}, status: {observedGeneration: 1}}",
        InProgress,
        "LatestGenerationNotObserved",
    ),
    ("something/v1 MyCR", "status: {conditions: [{type: Ready, status: 'True', reason: AllOk}]}", Current, ""),
    (
        "something/v1 MyCR",
        "status: {observedGeneration: 1, conditions: [{type: Ready, status: 'False', reason: NotReadyYet}]}",
        InProgress,
        "NotReadyYet",
    ),
    ("something/v1 MyCR", "status: {conditions: [{type: Ready, status: Unknown, reason: Lost}]}", InProgress, "Lost"),
    ("something/v1 MyCR", "status: {conditions: [{type: SomeCondition, status: 'False'}]}", Current, ""),
    (
        "something/v1 MyCR",
        "status: {conditions: [{type: Reconciling, status: 'True', reason: AtWork}]}",
        InProgress,
        "AtWork",
    ),
    (
        "something/v1 MyCR",
        "status: {conditions: [{type: Stalled, status: 'True', reason: NoRights}]}",
        Failed,
        "NoRights",
    ),
    ("something/v1 MyCR", "status: {conditions: [{type: Stalled, status: 'False'}]}", Current, ""),
    ("something/v1 MyCR", "status: {conditions: none, observedGeneration: text}", Current, ""),
    (
        "something/v1 MyCR",
        "{metadata: {generation: 3}, status: {conditions: [{type: Ready, status: 'True', observedGeneration: 2}]}}",
        InProgress,
        "LatestGenerationNotObserved",
    ),
    (
        "something/v1 MyCR",
        "{metadata: {generation: 3}, status: {conditions: [{type: Stalled, status: 'True', observedGeneration: 2}]}}",
        Current,
        "",
    ),
    ("apps/v1 Deployment", "status: {conditions: [{type: Stalled, status: 'True', reason: R}]}", Failed, "R"),
    ("apiextensions.k8s.io/v1 CustomResourceDefinition", "", InProgress, "Installing"),
    (
        "apiextensions.k8s.io/v1 CustomResourceDefinition",
        "status: {conditions: [{type: NamesAccepted, status: 'True', reason: NoConflicts}, \
         {type: Established, status: 'False', reason: Installing}]}",
        InProgress,
        "Installing",
    ),
    (
        "apiextensions.k8s.io/v1 CustomResourceDefinition",
        "status: {conditions: [{type: NamesAccepted, status: 'False', reason: SomeReason}]}",
        Failed,
        "SomeReason",
    ),
    (
        "apiextensions.k8s.io/v1 CustomResourceDefinition",
        "status: {conditions: [{type: NamesAccepted, status: 'True'}, {type: Established, status: 'True'}]}",
        Current,
        "",
    ),
];

/// The object of a case: named `test`, of generation 1 unless the case says otherwise.
fn object(of_type: &str, rest: &str) -> DynamicObject {
    let (api_version, kind) = of_type.split_once(' ').unwrap();
    let rest = if rest.is_empty() { "{}" } else { rest };
    let mut object: DynamicObject = yaml::from_str(&rest.replace("COUNTS", COUNTS)).unwrap();
    object.assume_type(api_version, kind);
    object.metadata.name = Some("test".into());
    object.metadata.generation = Some(object.metadata.generation.unwrap_or(1));
    object
}

#[test]
fn states_are_those_of_kstatus() {
    let now: Time = NOW.parse().unwrap();
    for (of_type, rest, state, reason) in
        [PODS, STATEFUL_SETS, DAEMON_SETS, DEPLOYMENTS, REPLICA_SETS, JOBS, OTHERS].concat()
    {
        let status = ObjectStatus::at(&object(of_type, rest), now);
        assert_eq!((status.state, status.reason.as_str()), (state, reason), "{of_type} {rest}: {status}");
        assert!(state != Failed || !status.reason.is_empty(), "{status}");
    }
}

#[test]
fn a_daemon_set_without_a_generation_is_in_progress() {
    let mut set = object("apps/v1 DaemonSet", "");
    set.metadata.generation = None;
    assert_eq!(ObjectStatus::of(&set).reason, "NoGeneration");
}

#[test]
fn an_object_that_is_missing_is_not_found() {
    assert_eq!(ObjectStatus::of_option(None::<&DynamicObject>).to_string(), "NotFound: it does not exist");
}

#[cfg(all(feature = "apps-v1", feature = "core-v1"))]
#[test]
fn typed_objects_have_the_status_of_dynamic_ones() {
    use kubernetes_models::apps::v1::Deployment;
    use kubernetes_models::core::v1::Pod;
    let now: Time = NOW.parse().unwrap();
    for (of_type, rest, ..) in PODS.iter().filter(|(_, _, state, _)| *state != Unknown) {
        let dynamic = object(of_type, rest);
        assert_eq!(ObjectStatus::at(&dynamic.to::<Pod>().unwrap(), now), ObjectStatus::at(&dynamic, now), "{rest}");
    }
    for (of_type, rest, ..) in DEPLOYMENTS.iter().filter(|(of_type, ..)| of_type.starts_with("apps/")) {
        let dynamic = object(of_type, rest);
        let typed: Deployment = dynamic.to().unwrap();
        assert_eq!(ObjectStatus::at(&typed, now), ObjectStatus::at(&dynamic, now), "{rest}");
    }
}

#[test]
fn a_wait_ends_when_the_object_is_current_or_has_failed() {
    let current = object_current::<DynamicObject>();
    let verdicts = ["", "spec: {type: LoadBalancer}"].map(|rest| current.check(Some(&object("v1 Service", rest))));
    let waiting = "InProgress (NoIPAssigned): it is a load balancer and has no cluster IP yet";
    assert_eq!(verdicts, [Verdict::Met, Verdict::waiting(waiting)]);
    let stalled = "status: {conditions: [{type: Stalled, status: 'True', reason: R, message: \"never\\e[31m\"}]}";
    let verdict = current.check(Some(&object("a/v1 B", stalled)));
    assert_eq!(verdict, Verdict::failed("Failed (R): never[31m"));
    assert_eq!(current.check(None), Verdict::waiting("it does not exist"));
}
