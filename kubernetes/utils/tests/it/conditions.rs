//! The conditions on objects as controllers report them.

use kubernetes_core::{Object, json};
use kubernetes_models::core::v1::Pod;
use kubernetes_utils::conditions;
use kubernetes_watch::{ObjectCondition, Verdict};

/// `met`, `waiting: …` or `failed: …`.
fn said<K: Object>(condition: &ObjectCondition<K>, text: &str) -> String {
    let object: K = json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    match condition.check(Some(&object)) {
        Verdict::Met => "met".to_owned(),
        Verdict::Waiting(reason) => format!("waiting: {reason}"),
        Verdict::Failed(reason) => format!("failed: {reason}"),
    }
}

#[track_caller]
fn table<K: Object>(condition: &ObjectCondition<K>, rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        assert_eq!(said(condition, text), *expected, "{condition}: {text}");
    }
    let absent = condition.check(None);
    assert_eq!(absent, Verdict::waiting("it does not exist"), "{condition}");
}

const PULLING: &str = r#"{"status": {"phase": "Pending", "containerStatuses": [
    {"name": "main", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}]}}"#;
const UNSCHEDULABLE: &str = r#"{"status": {"phase": "Pending", "conditions": [
    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available"}]}}"#;
const UNREADY: &str = r#"{"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}}"#;
const READY: &str = r#"{"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}"#;
const SUCCEEDED: &str = r#"{"status": {"phase": "Succeeded"}}"#;
const CRASHED: &str = r#"{"status": {"phase": "Failed", "reason": "Evicted", "containerStatuses": [
    {"name": "side", "state": {"terminated": {"exitCode": 0}}},
    {"name": "main", "state": {"terminated": {"exitCode": 3, "reason": "Error"}}}]}}"#;

const PULLING_SAYS: &str = "waiting: it is Pending; main waits, ErrImagePull: no such image";
const CRASHED_SAYS: &str = "failed: it has ended as Failed, Evicted; main ended with 3, Error";

#[test]
fn pods() {
    let unscheduled = "waiting: it is Pending, Unschedulable: 0/1 nodes are available";
    let new = ("{}", "waiting: it has no status yet");
    table(
        &conditions::pod_running(),
        &[
            new,
            (PULLING, PULLING_SAYS),
            (UNSCHEDULABLE, unscheduled),
            (UNREADY, "met"),
            (READY, "met"),
            (SUCCEEDED, "failed: it has ended as Succeeded"),
            (CRASHED, CRASHED_SAYS),
        ],
    );
    table(
        &conditions::pod_ready(),
        &[
            new,
            (PULLING, PULLING_SAYS),
            (UNREADY, "waiting: it is Running and not ready"),
            (READY, "met"),
            // A pod that was ready when it ended.
            (&READY.replace("Running", "Succeeded"), "failed: it has ended as Succeeded"),
        ],
    );
    table(
        &conditions::pod_completed(),
        &[new, (READY, "waiting: it is Running"), (SUCCEEDED, "met"), (CRASHED, "met")],
    );
    table(&conditions::pod_succeeded(), &[new, (PULLING, PULLING_SAYS), (SUCCEEDED, "met"), (CRASHED, CRASHED_SAYS)]);
}

#[test]
fn a_condition_by_its_name() {
    let ready = conditions::condition_is_true::<Pod>("Ready");
    let with = |generation: &str, observed: &str, of_condition: &str| {
        format!(
            r#"{{"metadata": {{"name": "web"{generation}}}, "status": {{{observed}"conditions": [
                {{"type": "Other", "status": "False"}}, {{"type": "Ready", "status": "True"{of_condition}}}]}}}}"#
        )
    };
    table(
        &ready,
        &[
            ("{}", "waiting: it has no condition Ready"),
            (READY, "met"),
            (UNREADY, "waiting: Ready is False"),
            (
                &UNREADY.replace("\"False\"", "\"Unknown\", \"reason\": \"Lost\", \"message\": \"the node is\""),
                "waiting: Ready is Unknown, Lost: the node is",
            ),
            (&with(r#", "generation": 3"#, "", r#", "observedGeneration": 3"#), "met"),
            (
                &with(r#", "generation": 3"#, "", r#", "observedGeneration": 2"#),
                "waiting: its condition Ready is of generation 2, but the object is of generation 3",
            ),
            (
                &with(r#", "generation": 3"#, r#""observedGeneration": 2, "#, ""),
                "waiting: its condition Ready is of generation 2, but the object is of generation 3",
            ),
            (&with(r#", "generation": 3"#, r#""observedGeneration": 2, "#, r#", "observedGeneration": 3"#), "met"),
            (&with("", r#""observedGeneration": 2, "#, ""), "met"),
        ],
    );
    assert_eq!(said(&conditions::condition_is::<Pod>("ready", "false"), UNREADY), "met", "case does not matter");
    assert_eq!(said(&conditions::condition_is::<Pod>("Ready", "False"), READY), "waiting: Ready is True");
}

#[test]
fn a_condition_of_a_type_of_ones_own() {
    #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
    #[serde(default)]
    struct Backup {
        metadata: kubernetes_core::ObjectMeta,
        status: serde_json::Value,
    }
    kubernetes_core::resource!(Backup: "example.com" / "v1" / "Backup", "backups", namespaced, watch, serde);

    let done = conditions::condition_is_true::<Backup>("Done");
    table(
        &done,
        &[
            (r#"{"status": {"size": 3, "conditions": [{"type": "Done", "status": "True"}]}}"#, "met"),
            (r#"{"status": {"phase": "Done"}}"#, "waiting: it has no condition Done"),
            (r#"{"status": null}"#, "waiting: it has no condition Done"),
        ],
    );
    let strange = said(&done, r#"{"status": {"conditions": "Done"}}"#);
    assert!(strange.starts_with("waiting: its conditions can't be read: status.conditions"), "{strange}");
}

/// A deployment whose controller has observed its second generation.
fn deployment(generation: u32, replicas: &str, status: &str) -> String {
    format!(
        r#"{{"metadata": {{"generation": {generation}}}, "spec": {{{replicas}}},
            "status": {{"observedGeneration": 2, {status}}}}}"#
    )
}

#[test]
fn a_deployment_that_is_rolled_out() {
    let three = r#""replicas": 3"#;
    let unobserved = "waiting: its specification has not been observed yet";
    let all = r#""replicas": 3, "updatedReplicas": 3, "availableReplicas": 3"#;
    table(
        &conditions::deployment_rolled_out(),
        &[
            ("{}", unobserved),
            (r#"{"metadata": {"generation": 1}, "status": {}}"#, unobserved),
            (&deployment(3, three, all), unobserved),
            (&deployment(2, three, r#""replicas": 3"#), "waiting: 0 of 3 new replicas have been updated"),
            (
                &deployment(2, three, r#""replicas": 4, "updatedReplicas": 2"#),
                "waiting: 2 of 3 new replicas have been updated",
            ),
            (
                &deployment(2, three, r#""replicas": 4, "updatedReplicas": 3, "availableReplicas": 4"#),
                "waiting: 1 old replicas are pending termination",
            ),
            (
                &deployment(2, three, r#""replicas": 3, "updatedReplicas": 3, "availableReplicas": 2"#),
                "waiting: 2 of 3 updated replicas are available",
            ),
            (&deployment(2, three, all), "met"),
            (&deployment(1, three, all), "met"),
            (&deployment(2, r#""replicas": 0"#, r#""replicas": 0"#), "met"),
            (&deployment(2, "", r#""replicas": 0"#), "met"),
            (
                &deployment(
                    2,
                    three,
                    r#""replicas": 3, "conditions": [{"type": "Progressing", "status": "False",
                "reason": "ProgressDeadlineExceeded", "message": "ReplicaSet web-1 has timed out"}]"#,
                ),
                "failed: it has exceeded its progress deadline, ReplicaSet web-1 has timed out",
            ),
            (
                &deployment(
                    3,
                    three,
                    r#""conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]"#,
                ),
                unobserved,
            ),
        ],
    );
}

#[test]
fn a_deployment_that_is_available() {
    let three = r#""replicas": 3"#;
    let available = r#""conditions": [{"type": "Available", "status": "True"}]"#;
    table(
        &conditions::deployment_available(),
        &[
            (&deployment(2, three, available), "met"),
            (
                &deployment(3, three, available),
                "waiting: its condition Available is of generation 2, but the object is of generation 3",
            ),
        ],
    );
}

#[test]
fn stateful_sets() {
    let set = |spec: &str, status: &str| {
        format!(r#"{{"metadata": {{"generation": 2}}, "spec": {{{spec}}}, "status": {{"replicas": 3, {status}}}}}"#)
    };
    let unobserved = "waiting: its specification has not been observed yet";
    let rolling = r#""replicas": 3, "updateStrategy": {"type": "RollingUpdate"}"#;
    let partitioned =
        r#""replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}"#;
    table(
        &conditions::stateful_set_rolled_out(),
        &[
            ("{}", unobserved),
            (r#"{"status": {"replicas": 0, "observedGeneration": 0}}"#, unobserved),
            (&set(rolling, r#""observedGeneration": 1, "readyReplicas": 3"#), unobserved),
            (&set(rolling, r#""observedGeneration": 2, "readyReplicas": 2"#), "waiting: 2 of 3 pods are ready"),
            (
                &set(
                    rolling,
                    r#""observedGeneration": 2, "readyReplicas": 3, "updatedReplicas": 1,
                "updateRevision": "b", "currentRevision": "a""#,
                ),
                "waiting: 1 pods are at revision b",
            ),
            (
                &set(
                    rolling,
                    r#""observedGeneration": 2, "readyReplicas": 3, "updateRevision": "b", "currentRevision": "b""#,
                ),
                "met",
            ),
            (
                &set(partitioned, r#""observedGeneration": 2, "readyReplicas": 3, "updatedReplicas": 1"#),
                "waiting: 1 of 2 new pods above the partition have been updated",
            ),
            (
                &set(
                    partitioned,
                    r#""observedGeneration": 2, "readyReplicas": 3, "updatedReplicas": 2,
            "updateRevision": "b", "currentRevision": "a""#,
                ),
                "met",
            ),
            (
                &set(r#""updateStrategy": {"type": "OnDelete"}"#, r#""observedGeneration": 2"#),
                "failed: its update strategy is OnDelete, which never ends by itself",
            ),
        ],
    );
}

#[test]
fn daemon_sets() {
    let set = |observed: u32, updated: u32, available: u32| {
        format!(
            r#"{{"metadata": {{"generation": 2}}, "spec": {{"updateStrategy": {{"type": "RollingUpdate"}}}},
                "status": {{"observedGeneration": {observed}, "desiredNumberScheduled": 3,
                    "updatedNumberScheduled": {updated}, "numberAvailable": {available}}}}}"#
        )
    };
    let unobserved = "waiting: its specification has not been observed yet";
    table(
        &conditions::daemon_set_rolled_out(),
        &[
            ("{}", unobserved),
            (&set(1, 3, 3), unobserved),
            (&set(2, 1, 3), "waiting: 1 of 3 new pods have been updated"),
            (&set(2, 3, 2), "waiting: 2 of 3 updated pods are available"),
            (&set(2, 3, 3), "met"),
            (
                r#"{"spec": {"updateStrategy": {"type": "OnDelete"}}}"#,
                "failed: its update strategy is OnDelete, which never ends by itself",
            ),
        ],
    );
}

#[test]
fn jobs() {
    let job = |conditions: &str| format!(r#"{{"status": {{"active": 1, "failed": 2, "conditions": [{conditions}]}}}}"#);
    let failed = job(r#"{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "6 times"}"#);
    let complete = job(r#"{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete", "status": "True"}"#);
    let (new, counts) = (("{}", "waiting: it has no status yet"), "waiting: 1 pods active, 0 succeeded, 2 failed");
    // The pods of these are still being ended.
    let almost =
        job(r#"{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "FailureTarget", "status": "True"}"#);
    let suspended = job(r#"{"type": "Suspended", "status": "True"}"#);
    table(
        &conditions::job_complete(),
        &[
            new,
            (&almost, counts),
            (&suspended, "waiting: 1 pods active, 0 succeeded, 2 failed, suspended"),
            (&complete, "met"),
            (&failed, "failed: it has failed, BackoffLimitExceeded: 6 times"),
        ],
    );
    table(
        &conditions::job_failed(),
        &[new, (&almost, counts), (&failed, "met"), (&complete, "failed: it is complete")],
    );
    table(&conditions::job_finished(), &[new, (&almost, counts), (&failed, "met"), (&complete, "met")]);
}

#[test]
fn definitions() {
    let definition = |conditions: &str| format!(r#"{{"status": {{"conditions": [{conditions}]}}}}"#);
    let accepted = r#"{"type": "NamesAccepted", "status": "True"}"#;
    table(
        &conditions::definition_established(),
        &[
            ("{}", "waiting: its names have not been checked yet"),
            (
                &definition(&format!(
                    r#"{accepted}, {{"type": "Established", "status": "False", "reason": "Installing"}}"#
                )),
                "waiting: it is not established, Installing",
            ),
            (&definition(accepted), "waiting: it is not established"),
            (
                &definition(r#"{"type": "Established", "status": "True"}"#),
                "waiting: its names have not been checked yet",
            ),
            (&definition(&format!(r#"{accepted}, {{"type": "Established", "status": "True"}}"#)), "met"),
            (
                &definition(
                    r#"{"type": "NamesAccepted", "status": "False", "reason": "PluralConflict", "message": "\"tabs\" is taken"}"#,
                ),
                "failed: its names are not accepted, PluralConflict: \"tabs\" is taken",
            ),
        ],
    );
}

#[test]
fn conditions_of_different_kinds_combine() {
    let condition = conditions::pod_ready().or(conditions::pod_completed());
    assert_eq!(condition.to_string(), "is ready or is completed");
    assert_eq!(said(&condition, CRASHED), "met");
    assert_eq!(said(&condition.not(), READY), "waiting: ");
}
