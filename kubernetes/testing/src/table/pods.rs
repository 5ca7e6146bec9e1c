//! The columns of pods, whose state is spread over their containers (`printPod`).

use jiff::Timestamp;
use serde_json::Value;

use super::age::since;
use super::cells::{NONE, age, list, or, string};
use crate::object::Object;

pub(super) fn cells(pod: &Object, now: Timestamp) -> Vec<Value> {
    let Summary { ready, total, reason, restarts, last } = summary(pod);
    let restarts = match (restarts, &last) {
        (1.., Some(last)) => format!("{restarts} ({} ago)", since(Some(last), now)),
        _ => restarts.to_string(),
    };
    let address = list(pod, "status.podIPs").first().and_then(|address| address["ip"].as_str()).unwrap_or_default();
    vec![
        pod.text("name").into(),
        format!("{ready}/{total}").into(),
        reason.into(),
        restarts.into(),
        age(pod, now).into(),
        or(address, NONE).into(),
        or(string(pod, "spec.nodeName"), NONE).into(),
        or(string(pod, "status.nominatedNodeName"), NONE).into(),
        gates(pod).into(),
    ]
}

fn gates(pod: &Object) -> String {
    let gates = list(pod, "spec.readinessGates");
    let is_true = |gate: &&Value| condition(pod, gate["conditionType"].as_str().unwrap_or_default());
    match gates.len() {
        0 => NONE.to_owned(),
        total => format!("{}/{total}", gates.iter().filter(is_true).count()),
    }
}

fn condition(pod: &Object, kind: &str) -> bool {
    list(pod, "status.conditions").iter().any(|found| found["type"] == kind && found["status"] == "True")
}

struct Summary {
    ready: usize,
    total: usize,
    reason: String,
    restarts: i64,
    /// When a container ended last.
    last: Option<String>,
}

impl Summary {
    fn count_restarts(&mut self, status: &Value) {
        self.restarts += status["restartCount"].as_i64().unwrap_or_default();
        let ended = status.pointer("/lastState/terminated/finishedAt").and_then(Value::as_str).map(str::to_owned);
        // Times of one form sort as text.
        self.last = self.last.take().max(ended);
    }
}

fn summary(pod: &Object) -> Summary {
    let phase = string(pod, "status.phase");
    let gated = list(pod, "status.conditions").iter().any(|found| found["reason"] == "SchedulingGated");
    let reason = if gated { "SchedulingGated" } else { or(string(pod, "status.reason"), phase) };
    let sidecars = list(pod, "spec.initContainers").iter().filter(|container| container["restartPolicy"] == "Always");
    let sidecars: Vec<&Value> = sidecars.map(|container| &container["name"]).collect();
    let total = list(pod, "spec.containers").len() + sidecars.len();
    let mut summary = Summary { ready: 0, total, reason: reason.to_owned(), restarts: 0, last: None };
    let is_initializing = initialize(pod, &sidecars, &mut summary);
    if !is_initializing || condition(pod, "Initialized") {
        run(pod, &sidecars, &mut summary);
    }
    if pod.is_deleting() {
        if string(pod, "status.reason") == "NodeLost" {
            "Unknown".clone_into(&mut summary.reason);
        } else if !matches!(phase, "Succeeded" | "Failed") {
            "Terminating".clone_into(&mut summary.reason);
        }
    }
    summary
}

/// Whether a container of the start is still to end.
fn initialize(pod: &Object, sidecars: &[&Value], summary: &mut Summary) -> bool {
    let total = list(pod, "spec.initContainers").len();
    for (index, status) in list(pod, "status.initContainerStatuses").iter().enumerate() {
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
    let starting = list(pod, "status.initContainerStatuses").iter();
    starting.filter(|status| sidecars.contains(&&status["name"])).for_each(|status| summary.count_restarts(status));
    let (mut is_running, mut failure) = (false, String::new());
    for status in list(pod, "status.containerStatuses").iter().rev() {
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
            (true, _) if condition(pod, "Ready") => "Running".clone_into(&mut summary.reason),
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
