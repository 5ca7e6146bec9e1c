//! Reviews of access and of tokens, and what objects have that only the server adds.

use kubernetes_testing::{Access, TestServer};
use serde_json::{Value, json};

use crate::support::{MERGE, get, post, put, send};

const SELF: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const SUBJECT: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
const LOCAL: &str = "/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews";
const TOKEN_REVIEWS: &str = "/apis/authentication.k8s.io/v1/tokenreviews";

fn resource(verb: &str) -> Value {
    json!({"spec": {"resourceAttributes": {"namespace": "default", "verb": verb, "resource": "pods"}}})
}

#[tokio::test]
async fn everything_is_allowed_unless_a_script_decides() {
    let server = TestServer::in_process();
    let answer = post(&server, SELF, resource("delete")).await;
    assert_eq!((answer.status, &answer.body["status"]), (201, &json!({"allowed": true})));
    assert_eq!(answer.body["kind"], "SelfSubjectAccessReview");
    let fields = &answer.body["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:resourceAttributes"];
    assert_eq!(fields["f:verb"], json!({}));

    server.on_access_review(|attributes| match (attributes.user.as_str(), attributes.verb.as_str()) {
        ("kubernetes-admin", _) | (_, "get") => Access::Allowed,
        (user, verb) => Access::Denied(format!("{user} may not {verb} {}", attributes.resource)),
    });
    assert_eq!(post(&server, SELF, resource("delete")).await.body["status"], json!({"allowed": true}));
    let mut review = resource("delete");
    review["spec"]["user"] = "jane".into();
    let denied = json!({"allowed": false, "reason": "jane may not delete pods"});
    assert_eq!(post(&server, SUBJECT, review.clone()).await.body["status"], denied);
    let local = post(&server, LOCAL, review.clone()).await.body;
    assert_eq!((&local["status"], &local["metadata"]["namespace"]), (&denied, &json!("default")));
    let rules = post(&server, "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", json!({})).await;
    assert_eq!(rules.body["status"]["incomplete"], true);
}

#[tokio::test]
async fn invalid_reviews_are_refused() {
    let server = TestServer::in_process();
    let both = json!({"spec": {}});
    let refused = post(&server, SELF, both).await;
    let message = ".authorization.k8s.io \"\" is invalid: spec: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified";
    assert_eq!((refused.status, refused.message()), (422, message));
    let nobody = post(&server, SUBJECT, resource("get")).await;
    assert!(nobody.message().ends_with("at least one of user or group must be specified"), "{nobody:?}");
}

#[tokio::test]
async fn a_token_is_issued_and_reviewed_until_it_expires() {
    let server = TestServer::in_process();
    let accounts = "/api/v1/namespaces/default/serviceaccounts";
    assert_eq!(post(&server, accounts, json!({"metadata": {"name": "robot"}})).await.status, 201);
    let issued = post(&server, &format!("{accounts}/robot/token"), json!({"spec": {"expirationSeconds": 700}})).await;
    assert_eq!((issued.status, &issued.body["kind"]), (201, &json!("TokenRequest")), "{issued:?}");
    let token = issued.body["status"]["token"].as_str().unwrap().to_owned();
    assert_eq!(token.split('.').count(), 3);
    let review = json!({"spec": {"token": token}});
    let status = post(&server, TOKEN_REVIEWS, review.clone()).await.body["status"].clone();
    assert_eq!(
        (&status["authenticated"], &status["user"]["username"]),
        (&json!(true), &json!("system:serviceaccount:default:robot"))
    );
    server.advance(std::time::Duration::from_secs(701));
    assert_eq!(post(&server, TOKEN_REVIEWS, review).await.body["status"]["error"], "invalid bearer token");
    let short = post(&server, &format!("{accounts}/robot/token"), json!({"spec": {"expirationSeconds": 5}})).await;
    assert_eq!(short.status, 422);
    assert_eq!(post(&server, &format!("{accounts}/nobody/token"), json!({})).await.status, 404);
}

#[tokio::test]
async fn a_request_knows_its_user() {
    let server = TestServer::in_process();
    let answer = post(&server, "/apis/authentication.k8s.io/v1/selfsubjectreviews", json!({})).await;
    assert_eq!(answer.body["status"]["userInfo"]["username"], "kubernetes-admin");
}

#[tokio::test]
async fn string_data_of_a_secret_becomes_data() {
    let server = TestServer::in_process();
    let secrets = "/api/v1/namespaces/default/secrets";
    let secret =
        json!({"metadata": {"name": "s"}, "data": {"a": "eA==", "b": "eA=="}, "stringData": {"b": "ü", "c": ""}});
    let created = post(&server, secrets, secret).await.body;
    assert_eq!((&created["data"], &created["stringData"]), (&json!({"a": "eA==", "b": "w7w=", "c": ""}), &Value::Null));
    assert_eq!(created["metadata"]["managedFields"][0]["fieldsV1"]["f:stringData"], Value::Null);
    let path = format!("{secrets}/s");
    let patched = send(&server, "PATCH", &path, MERGE, json!({"stringData": {"a": "y"}})).await.body;
    assert_eq!(patched["data"]["a"], "eQ==");
    let apply = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"d": "z"}});
    let path = format!("{path}?fieldManager=m");
    let applied = send(&server, "PATCH", &path, "application/apply-patch+yaml", apply).await.body;
    assert_eq!((&applied["data"]["d"], &applied["stringData"]), (&json!("eg=="), &Value::Null));
    server.load_yaml("{apiVersion: v1, kind: Secret, metadata: {name: t}, stringData: {a: x}}").unwrap();
    assert_eq!(get(&server, &format!("{secrets}/t")).await.body["data"], json!({"a": "eA=="}));
}

#[tokio::test]
async fn a_status_has_its_required_fields() {
    let server = TestServer::in_process();
    let path = "/apis/apps/v1/namespaces/default/daemonsets";
    let created = post(&server, path, json!({"metadata": {"name": "d"}})).await.body;
    let zeros = json!({
        "currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0,
    });
    assert_eq!(created["status"], zeros);
    let status = json!({"metadata": {"name": "d"}, "status": {"numberReady": 2}});
    let written = put(&server, &format!("{path}/d/status"), status).await.body;
    assert_eq!((&written["status"]["numberReady"], &written["status"]["numberMisscheduled"]), (&json!(2), &json!(0)));
    let set = post(&server, "/apis/apps/v1/namespaces/default/replicasets", json!({"metadata": {"name": "r"}})).await;
    assert_eq!(set.body["status"], json!({"replicas": 0}));
}
