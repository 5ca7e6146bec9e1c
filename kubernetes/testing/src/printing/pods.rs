//! The columns of pods, whose state depends on their containers (`printPod`).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age::since;
use super::cells::{NONE, age, or};
use crate::object::Object;

pub(super) fn cells(pod: &Object, now: Timestamp) -> Vec<Value> {
    let Summary { ready, total, reason, restarts, last } = summary(pod);
    let restarts = match (restarts, &last) {
        (1.., Some(last)) => format!("{restarts} ({} ago)", since(Some(last), now)),
        _ => restarts.to_string(),
    };
    let address = pod.list_at("status.podIPs").first().and_then(|address| address["ip"].as_str()).unwrap_or_default();
    vec![
        pod.text("name").into(),
        format!("{ready}/{total}").into(),
        reason.into(),
        restarts.into(),
        age(pod, now).into(),
        or(address, NONE).into(),
        or(pod.text_at("spec.nodeName"), NONE).into(),
        or(pod.text_at("status.nominatedNodeName"), NONE).into(),
        gates(pod).into(),
    ]
}

/// The condition of a pod that has ended.
pub(super) fn row_conditions(pod: &Object) -> Option<Value> {
    let (reason, message) = match pod.text_at("status.phase") {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(json!([{"type": "Completed", "status": "True", "reason": reason, "message": message}]))
}

fn gates(pod: &Object) -> String {
    let gates = pod.list_at("spec.readinessGates");
    let is_true = |gate: &&Value| pod.has_condition(gate["conditionType"].as_str().unwrap_or_default());
    match gates.len() {
        0 => NONE.to_owned(),
        total => format!("{}/{total}", gates.iter().filter(is_true).count()),
    }
}

struct Summary {
    ready: usize,
    total: usize,
    reason: String,
    restarts: i64,
    /// The time at which a container last ended.
    last: Option<String>,
}

impl Summary {
    fn count_restarts(&mut self, status: &Value) {
        self.restarts += status["restartCount"].as_i64().unwrap_or_default();
        let ended = status.pointer("/lastState/terminated/finishedAt").and_then(Value::as_str).map(str::to_owned);
        // Times in the same format sort as text.
        self.last = self.last.take().max(ended);
    }
}

fn summary(pod: &Object) -> Summary {
    let phase = pod.text_at("status.phase");
    let gated = pod.list_at("status.conditions").iter().any(|found| found["reason"] == "SchedulingGated");
    let reason = if gated { "SchedulingGated" } else { or(pod.text_at("status.reason"), phase) };
    let sidecars = pod.list_at("spec.initContainers").iter().filter(|container| container["restartPolicy"] == "Always");
    let sidecars: Vec<&Value> = sidecars.map(|container| &container["name"]).collect();
    let total = pod.list_at("spec.containers").len() + sidecars.len();
    let mut summary = Summary { ready: 0, total, reason: reason.to_owned(), restarts: 0, last: None };
    let is_initializing = initialize(pod, &sidecars, &mut summary);
    if !is_initializing || pod.has_condition("Initialized") {
        run(pod, &sidecars, &mut summary);
    }
    if pod.is_deleting() {
        if pod.text_at("status.reason") == "NodeLost" {
            "Unknown".clone_into(&mut summary.reason);
        } else if !matches!(phase, "Succeeded" | "Failed") {
            "Terminating".clone_into(&mut summary.reason);
        }
    }
    summary
}

/// Whether an init container is still running or waiting.
fn initialize(pod: &Object, sidecars: &[&Value], summary: &mut Summary) -> bool {
    let total = pod.list_at("spec.initContainers").len();
    for (index, status) in pod.list_at("status.initContainerStatuses").iter().enumerate() {
        summary.count_restarts(status);
        let ended = status.pointer("/state/terminated");
        let waiting = status.pointer("/state/waiting/reason").and_then(Value::as_str).unwrap_or_default();
        if ended.is_some_and(|ended| code(ended) == 0) {
            continue;
        }
        if sidecars.contains(&&status["name"]) && status["started"] == Value::Bool(true) {
            summary.ready += usize::from(status["ready"] == Value::Bool(true));
            continue;
        }
        summary.reason = match ended {
            Some(ended) => format!("Init:{}", end_reason(ended)),
            None if !matches!(waiting, "" | "PodInitializing") => format!("Init:{waiting}"),
            None => format!("Init:{index}/{total}"),
        };
        return true;
    }
    false
}

fn run(pod: &Object, sidecars: &[&Value], summary: &mut Summary) {
    (summary.restarts, summary.last) = (0, None);
    let starting = pod.list_at("status.initContainerStatuses").iter();
    starting.filter(|status| sidecars.contains(&&status["name"])).for_each(|status| summary.count_restarts(status));
    let (mut is_running, mut failure) = (false, String::new());
    for status in pod.list_at("status.containerStatuses").iter().rev() {
        summary.count_restarts(status);
        let waiting = status.pointer("/state/waiting/reason").and_then(Value::as_str).unwrap_or_default();
        if !waiting.is_empty() {
            waiting.clone_into(&mut summary.reason);
        } else if let Some(ended) = status.pointer("/state/terminated") {
            summary.reason = end_reason(ended);
            if code(ended) != 0 {
                summary.reason.clone_into(&mut failure);
            }
        } else if status["ready"] == Value::Bool(true) && status.pointer("/state/running").is_some() {
            is_running = true;
            summary.ready += 1;
        }
    }
    if summary.reason == "Completed" {
        match (is_running, failure.is_empty()) {
            (true, _) if pod.has_condition("Ready") => "Running".clone_into(&mut summary.reason),
            (_, false) => summary.reason = failure,
            (true, true) => "NotReady".clone_into(&mut summary.reason),
            (false, true) => {}
        }
    }
}

fn code(ended: &Value) -> i64 {
    ended["exitCode"].as_i64().unwrap_or_default()
}

fn end_reason(ended: &Value) -> String {
    let reason = ended["reason"].as_str().unwrap_or_default();
    match (reason, ended["signal"].as_i64()) {
        ("", Some(signal)) if signal != 0 => format!("Signal:{signal}"),
        ("", _) => format!("ExitCode:{}", code(ended)),
        (reason, _) => reason.to_owned(),
    }
}
