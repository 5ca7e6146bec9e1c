//! Discovery: the server's version, groups and resources, in the classic and in the aggregated form.

mod aggregated;
mod classic;

use http::Method;
use kubernetes_core::GroupVersion;
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::state::State;
use crate::status::{Result, Status};

/// The version of Kubernetes whose API is served.
const VERSION: (&str, &str, &str) = ("1", "37", "v1.37.2");

/// Responds to a path outside of groups and versions; `None` for an unknown path.
pub(crate) fn unversioned(state: &State, request: &ApiRequest, segments: &[&str]) -> Option<Result<Reply>> {
    let is_aggregated = aggregated::is_wanted(request);
    match segments {
        [] => Some(Ok(json_reply(&json!({"paths": paths(state)})))),
        ["api"] if is_aggregated => Some(Ok(aggregated::reply(state, true))),
        ["apis"] if is_aggregated => Some(Ok(aggregated::reply(state, false))),
        ["api"] => Some(Ok(json_reply(&classic::api_versions(state)))),
        ["apis"] => Some(Ok(json_reply(&classic::groups(state)))),
        ["apis", group] => state.registry.group(group).map(|_| Ok(json_reply(&classic::group(state, group)))),
        ["version"] => Some(Ok(json_reply(&version()))),
        ["healthz" | "livez" | "readyz"] => Some(Ok(Reply::text(http::StatusCode::OK, "ok"))),
        ["openapi", "v2"] => Some(Ok(openapi(request))),
        _ => None,
    }
}

/// Responds with the resources of a group and version.
pub(crate) fn resources(state: &State, request: &ApiRequest, of: &GroupVersion) -> Result<Reply> {
    if request.method != Method::GET {
        return Err(Status::method_not_allowed());
    }
    Ok(json_reply(&classic::resources(state, of)))
}

fn json_reply(value: &Value) -> Reply {
    Reply::ok(value.to_string())
}

fn version() -> Value {
    let (major, minor, git_version) = VERSION;
    json!({
        "major": major, "minor": minor, "gitVersion": git_version, "gitCommit": "", "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "", "platform": "",
    })
}

fn paths(state: &State) -> Vec<String> {
    let mut paths = vec!["/api".to_owned(), "/apis".to_owned()];
    for (group, versions) in state.registry.groups() {
        if !group.is_empty() {
            paths.push(format!("/apis/{group}"));
        }
        paths.extend(versions.keys().map(|version| match group.as_str() {
            "" => format!("/api/{version}"),
            group => format!("/apis/{group}/{version}"),
        }));
    }
    paths.extend(["/healthz", "/livez", "/openapi/v2", "/readyz", "/version"].map(str::to_owned));
    paths.sort();
    paths
}

/// The smallest valid document, without paths and definitions: the server itself checks the objects that it is sent.
fn openapi(request: &ApiRequest) -> Reply {
    /// The field 1 of `openapi_v2.Document`, `swagger`, with the value `2.0`.
    const PROTOBUF: &[u8] = &[0x0a, 0x03, b'2', b'.', b'0'];
    let wants_protobuf = request.accept().any(|media| media.name.starts_with("application/com.github.proto-openapi"));
    if wants_protobuf {
        return Reply::new(http::StatusCode::OK, "application/octet-stream", PROTOBUF);
    }
    let info = json!({"title": "Kubernetes", "version": VERSION.2});
    json_reply(&json!({"swagger": "2.0", "info": info, "paths": {}, "definitions": {}}))
}

/// The versions of a group, the preferred one first: stable ones before beta before alpha, the later first
/// (<https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/version/helpers.go>).
fn by_priority<'a>(versions: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let mut versions: Vec<&str> = versions.map(String::as_str).collect();
    versions.sort_by_key(|version| std::cmp::Reverse(priority(version)));
    versions
}

fn priority(version: &str) -> (u8, u32, u32) {
    let parse = |text: &str| text.parse::<u32>().unwrap_or(0);
    let Some(rest) = version.strip_prefix('v') else { return (0, 0, 0) };
    let (number, stage) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
    match (stage, stage.strip_prefix("beta"), stage.strip_prefix("alpha")) {
        ("", ..) => (3, parse(number), 0),
        (_, Some(revision), _) => (2, parse(number), parse(revision)),
        (_, _, Some(revision)) => (1, parse(number), parse(revision)),
        _ => (0, 0, 0),
    }
}
