//! Reviews: objects that are computed and never stored.
//!
//! From `pkg/registry/authorization` and `pkg/registry/authentication` in
//! <https://github.com/kubernetes/kubernetes/tree/v1.37.2>.

use http::StatusCode;
use serde_json::{Value, json};

use crate::access::{Access, AccessAttributes};
use crate::object::Object;
use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::semantics::options::WriteOptions;
use crate::semantics::target::Target;
use crate::semantics::writes::{Writer, respond};
use crate::state::State;
use crate::status::{Cause, Result, Status};

/// Responds to a review with its status.
pub(super) fn review(state: &State, request: &ApiRequest, target: &Target, mut review: Object) -> Result<Reply> {
    let served = &target.served;
    let status = match served.plural.as_str() {
        "selfsubjectaccessreviews" => access(state, target, &review, &User::of(request))?,
        "subjectaccessreviews" | "localsubjectaccessreviews" => {
            access(state, target, &review, &User::of_spec(target, &review)?)?
        }
        "selfsubjectrulesreviews" => rules(state),
        "selfsubjectreviews" => json!({"userInfo": User::of(request).to_value()}),
        "tokenreviews" => token(state, &review),
        plural => return Err(Status::not_implemented(&format!("{plural}: there are no users"))),
    };
    complete_metadata(state, request, target, &mut review);
    review.0.insert("status".to_owned(), status);
    Ok(respond(served, review, StatusCode::CREATED))
}

/// Adds the metadata that a real server returns; none of it is stored.
fn complete_metadata(state: &State, request: &ApiRequest, target: &Target, review: &mut Object) {
    review.metadata_mut();
    if let Some(namespace) = &target.namespace {
        review.set("namespace", namespace.as_str());
    }
    match target.served.plural.as_str() {
        "selfsubjectreviews" => review.set("creationTimestamp", state.clock.timestamp()),
        "selfsubjectrulesreviews" => {}
        _ => Writer::of(request, target, WriteOptions::default()).track(state, None, review),
    }
}

struct User {
    name: String,
    groups: Vec<String>,
}

impl User {
    /// The user of a request: an administrator, or the impersonated user.
    fn of(request: &ApiRequest) -> Self {
        let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        match request.headers.get("impersonate-user") {
            Some(name) => {
                let mut groups: Vec<String> = request.headers.get_all("impersonate-group").iter().map(text).collect();
                groups.push("system:authenticated".to_owned());
                Self { name: text(name), groups }
            }
            None => {
                let groups = ["system:masters", "system:authenticated"].map(str::to_owned).to_vec();
                Self { name: "kubernetes-admin".to_owned(), groups }
            }
        }
    }

    /// The user in a review.
    fn of_spec(target: &Target, review: &Object) -> Result<Self> {
        let groups = review.list_at("spec.groups").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let user = Self { name: review.text_at("spec.user").to_owned(), groups };
        if user.name.is_empty() && user.groups.is_empty() {
            let cause = Cause::invalid("spec.user", &"".into(), "at least one of user or group must be specified");
            return Err(invalid(target, cause));
        }
        Ok(user)
    }

    fn to_value(&self) -> Value {
        json!({"username": self.name, "groups": self.groups})
    }
}

fn invalid(target: &Target, cause: Cause) -> Status {
    // The real server names no kind here.
    Status::invalid(target.served.group(), "", "", &[cause])
}

fn access(state: &State, target: &Target, review: &Object, user: &User) -> Result<Value> {
    let attributes = attributes(target, review, user)?;
    Ok(match state.access.decide(&attributes) {
        Access::Allowed => json!({"allowed": true}),
        Access::Denied(reason) => json!({"allowed": false, "reason": reason}),
    })
}

fn attributes(target: &Target, review: &Object, user: &User) -> Result<AccessAttributes> {
    let (resource, path) = (review.at("spec.resourceAttributes"), review.at("spec.nonResourceAttributes"));
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let of_user = AccessAttributes { user: user.name.clone(), groups: user.groups.clone(), ..Default::default() };
    match (resource, path) {
        (Some(resource), None) => {
            let namespace = text(resource, "namespace");
            if target.namespace.as_ref().is_some_and(|expected| *expected != namespace) {
                const FIELD: &str = "spec.resourceAttributes.namespace";
                let cause = Cause::invalid(FIELD, &namespace.into(), "must match metadata.namespace");
                return Err(invalid(target, cause));
            }
            Ok(AccessAttributes {
                verb: text(resource, "verb"),
                group: text(resource, "group"),
                resource: text(resource, "resource"),
                subresource: text(resource, "subresource"),
                namespace,
                name: text(resource, "name"),
                ..of_user
            })
        }
        (None, Some(path)) => Ok(AccessAttributes { verb: text(path, "verb"), path: text(path, "path"), ..of_user }),
        _ => {
            let why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
            Err(invalid(target, Cause::invalid("spec", &Value::Null, why)))
        }
    }
}

/// The rules of a user, which a script does not reveal.
fn rules(state: &State) -> Value {
    if state.access.is_open() {
        let resources = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
        let paths = json!([{"verbs": ["*"], "nonResourceURLs": ["*"]}]);
        return json!({"resourceRules": resources, "nonResourceRules": paths, "incomplete": false});
    }
    let why = "the test server's script decides about each request";
    json!({"resourceRules": [], "nonResourceRules": [], "incomplete": true, "evaluationError": why})
}

/// Whether a token was issued by this server.
fn token(state: &State, review: &Object) -> Value {
    let audiences: Vec<&str> = review.list_at("spec.audiences").iter().filter_map(Value::as_str).collect();
    let found = state.tokens.find(review.text_at("spec.token"), state.clock.now());
    let Some(token) = found else { return json!({"error": "invalid bearer token", "user": {}}) };
    let shared: Vec<&str> = match audiences.is_empty() {
        true => token.audiences.iter().map(String::as_str).collect(),
        false => audiences.into_iter().filter(|audience| token.audiences.iter().any(|own| own == audience)).collect(),
    };
    if shared.is_empty() {
        return json!({"error": "token audiences do not match", "user": {}});
    }
    let groups = [
        "system:serviceaccounts".to_owned(),
        format!("system:serviceaccounts:{}", token.namespace),
        "system:authenticated".to_owned(),
    ];
    let username = format!("system:serviceaccount:{}:{}", token.namespace, token.name);
    let user = json!({"username": username, "uid": token.uid, "groups": groups});
    json!({"authenticated": true, "user": user, "audiences": shared})
}
