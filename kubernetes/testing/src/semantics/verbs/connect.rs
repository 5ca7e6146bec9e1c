//! Connections to the containers of a pod, and their logs, handled by scripts of a test.

use http::header::ACCEPT;
use kubernetes_core::GroupVersionKind;
use serde_json::{Map, Value};

use crate::object::Object;
use crate::request::ApiRequest;
use crate::semantics::Answer;
use crate::semantics::options::WriteOptions;
use crate::semantics::target::Target;
use crate::semantics::writes::Writer;
use crate::semantics::writes::admission;
use crate::state::State;
use crate::status::{Result, Status};
use crate::streams::{ExecRequest, LogRequest, Upgrade, is_upgrade};

/// Handles exec, attach, port-forward and log.
pub(super) fn connect(state: &State, request: &ApiRequest, target: &Target) -> Result<Answer> {
    let name = target.subresource();
    if !target.served.is("", "pods") || !matches!(name, "exec" | "attach" | "portforward" | "log") {
        return Err(Status::not_implemented(&format!("the subresource {name:?}")));
    }
    if name != "log" {
        review_connection(state, request, target)?;
    }
    let pod = Object::of(&*target.get(state)?);
    let scripts = &state.scripts;
    match name {
        "log" => {
            let script = scripts.log.clone().ok_or_else(|| unscripted("logs", "on_log"))?;
            Ok(Answer::Log(Box::new(LogRequest::of(request, &pod.key(), container(&pod, request)?)), script))
        }
        "portforward" => {
            let script = scripts.port_forward.clone().ok_or_else(|| unscripted("port-forward", "on_port_forward"))?;
            check_upgrade(request)?;
            upgrade(Upgrade::port_forward(request, &pod.key(), script))
        }
        name => {
            let (script, setter) =
                if name == "exec" { (&scripts.exec, "on_exec") } else { (&scripts.attach, "on_attach") };
            let script = script.clone().ok_or_else(|| unscripted(name, setter))?;
            let exec = ExecRequest::of(request, &pod.key(), container(&pod, request)?);
            check_streams(&exec, name)?;
            check_upgrade(request)?;
            upgrade(Upgrade::exec(request, exec, script))
        }
    }
}

/// Asks webhooks about a connection, also to a pod that does not exist: its object is the options, as `ConnectResource` in
/// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/endpoints/handlers/rest.go> has it.
fn review_connection(state: &State, request: &ApiRequest, target: &Target) -> Result<()> {
    let query = &request.query;
    let flags = ["stdin", "stdout", "stderr", "tty"].into_iter().filter(|flag| query.flag(flag) == Some(true));
    let mut options: Map<String, Value> = flags.map(|flag| (flag.to_owned(), true.into())).collect();
    if let Some(container) = query.text("container") {
        options.insert("container".to_owned(), container.into());
    }
    let kind = match target.subresource() {
        "exec" => {
            options.insert("command".to_owned(), query.all("command").collect());
            "PodExecOptions"
        }
        "attach" => "PodAttachOptions",
        _ => {
            let ports: Vec<u16> = query.all("ports").filter_map(|port| port.parse().ok()).collect();
            options = (!ports.is_empty()).then(|| ("ports".to_owned(), ports.into())).into_iter().collect();
            "PodPortForwardOptions"
        }
    };
    let writer = Writer::of(request, target, WriteOptions::default());
    let kind = GroupVersionKind::new("", "v1", kind);
    admission::review(state, &writer, "CONNECT", &kind, &Value::Object(options), None, || Ok(()))
}

fn upgrade(upgrade: Result<Upgrade>) -> Result<Answer> {
    upgrade.map(|upgrade| Answer::Upgrade(Box::new(upgrade)))
}

fn unscripted(what: &str, setter: &str) -> Status {
    Status::not_implemented(&format!("{what} without a script (TestServer::{setter})"))
}

fn check_upgrade(request: &ApiRequest) -> Result<()> {
    if !is_upgrade(request) {
        return Err(Status::bad_request("Upgrade request required"));
    }
    // The kubelet's routes declare no media type
    // (<https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/server/server.go>).
    let mut accepted = request.headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    let any =
        |accept: &str| accept.split(',').any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "*/*"));
    if accepted.peek().is_some() && !accepted.any(any) { Err(Status::nothing_acceptable()) } else { Ok(()) }
}

fn check_streams(exec: &ExecRequest, name: &str) -> Result<()> {
    if !exec.stdin && !exec.stdout && !exec.stderr {
        return Err(Status::bad_request("you must specify at least 1 of stdin, stdout, stderr"));
    }
    if name == "exec" && exec.command.is_empty() {
        return Err(Status::bad_request("you must specify a command"));
    }
    Ok(())
}

/// The container named by a request, or the only one.
fn container(pod: &Object, request: &ApiRequest) -> Result<String> {
    let lists = ["spec.containers", "spec.initContainers", "spec.ephemeralContainers"];
    let names = |list: &str| -> Vec<String> {
        pod.list_at(list).iter().filter_map(|container| container["name"].as_str()).map(str::to_owned).collect()
    };
    let name = pod.text("name");
    match request.query.text("container") {
        Some(container) if lists.iter().any(|list| names(list).iter().any(|name| name == container)) => {
            Ok(container.to_owned())
        }
        Some(container) => Err(Status::bad_request(format!("container {container} is not valid for pod {name}"))),
        None => match names("spec.containers").as_slice() {
            [only] => Ok(only.clone()),
            names => {
                let names = names.join(" ");
                let message = format!("a container name must be specified for pod {name}, choose one of: [{names}]");
                Err(Status::bad_request(message))
            }
        },
    }
}
