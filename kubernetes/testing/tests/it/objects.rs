use kubernetes_testing::TestServer;
use serde_json::{Value, json};

use crate::support::{JSON, MAPS, MERGE, create, delete, get, post, put, send};

#[tokio::test]
async fn objects_are_created_read_replaced_patched_and_deleted() {
    let server = TestServer::in_process();
    let created = post(&server, MAPS, json!({"metadata": {"name": "a"}, "data": {"k": "v"}})).await;
    assert_eq!(created.status, 201);
    assert_eq!((&created.body["kind"], &created.body["apiVersion"]), (&json!("ConfigMap"), &json!("v1")));
    let metadata = &created.body["metadata"];
    assert_eq!(metadata["uid"].as_str().map(str::len), Some(36));
    assert_eq!(metadata["namespace"], "default");

    let path = format!("{MAPS}/a");
    assert_eq!(get(&server, &path).await.body["data"], json!({"k": "v"}));
    let replaced = put(&server, &path, json!({"metadata": {"name": "a"}, "data": {"k": "w"}})).await;
    assert_eq!(replaced.status, 200);
    assert!(replaced.version().parse::<u64>().unwrap() > created.version().parse().unwrap());
    assert_eq!(replaced.body["metadata"]["uid"], metadata["uid"]);

    let patched = send(&server, "PATCH", &path, MERGE, json!({"data": {"k": null, "l": "x"}})).await;
    assert_eq!(patched.body["data"], json!({"l": "x"}));
    let patch =
        json!([{"op": "test", "path": "/data/l", "value": "x"}, {"op": "add", "path": "/data/m", "value": "y"}]);
    let patched = send(&server, "PATCH", &path, "application/json-patch+json", patch.clone()).await;
    assert_eq!(patched.body["data"], json!({"l": "x", "m": "y"}));
    let refused = json!([{"op": "test", "path": "/data/l", "value": "other"}]);
    assert_eq!(send(&server, "PATCH", &path, "application/json-patch+json", refused).await.status, 422);

    let deleted = delete(&server, &path, Value::Null).await;
    assert_eq!((deleted.status, &deleted.body["status"]), (200, &json!("Success")));
    assert_eq!(get(&server, &path).await.message(), "configmaps \"a\" not found");
}

#[tokio::test]
async fn writes_that_change_nothing_make_no_version() {
    let server = TestServer::in_process();
    let version = create(&server, "a").await;
    let path = format!("{MAPS}/a");
    assert_eq!(send(&server, "PATCH", &path, MERGE, json!({"data": null})).await.version(), version);
    assert_eq!(server.resource_version(), version);
}

#[tokio::test]
async fn errors_have_the_words_of_the_real_server() {
    let server = TestServer::in_process();
    let version = create(&server, "a").await;
    let path = format!("{MAPS}/a");
    let stale = json!({"metadata": {"name": "a", "resourceVersion": "1"}});
    let unnamed = json!({"data": {"k": "v"}});
    let typed = json!({"metadata": {"name": "b"}, "data": {"k": 1}});
    let modified = "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your \
                    changes to the latest version and try again";
    let table = [
        (
            post(&server, MAPS, json!({"metadata": {"name": "a"}})).await,
            409,
            "AlreadyExists",
            "configmaps \"a\" already exists",
        ),
        (put(&server, &path, stale).await, 409, "Conflict", modified),
        (
            post(&server, MAPS, unnamed).await,
            422,
            "Invalid",
            "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required",
        ),
        (
            post(&server, MAPS, typed).await,
            400,
            "BadRequest",
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct \
             field ConfigMap.data of type string",
        ),
        (
            post(&server, "/api/v1/namespaces/nope/configmaps", json!({"metadata": {"name": "a"}})).await,
            404,
            "NotFound",
            "namespaces \"nope\" not found",
        ),
        (get(&server, "/api/v1/none").await, 404, "NotFound", "the server could not find the requested resource"),
        (
            post(&server, "/api/v1/pods", json!({})).await,
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        ),
        (
            send(&server, "PATCH", &path, JSON, json!({})).await,
            415,
            "UnsupportedMediaType",
            "415: Unsupported Media Type",
        ),
    ];
    for (answer, status, reason, message) in table {
        assert_eq!((answer.status, answer.reason(), answer.message()), (status, reason, message));
        assert_eq!(answer.body["code"], status);
    }
    assert_eq!(get(&server, &path).await.version(), version);
}

#[tokio::test]
async fn unknown_fields_are_dropped_with_a_warning_or_refused() {
    let server = TestServer::in_process();
    let object = json!({"metadata": {"name": "a"}, "dat": {}});
    let created = post(&server, MAPS, object.clone()).await;
    assert_eq!(created.headers["warning"], r#"299 - "unknown field \"dat\"""#);
    assert_eq!(created.body.get("dat"), None);
    let refused = post(&server, &format!("{MAPS}?fieldValidation=Strict"), object).await;
    assert_eq!((refused.status, refused.message().contains("unknown field \"dat\"")), (400, true));
}

#[tokio::test]
async fn names_are_made_up_and_dry_runs_store_nothing() {
    let server = TestServer::in_process();
    let named = post(&server, MAPS, json!({"metadata": {"generateName": "a-"}})).await;
    let name = named.body["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("a-") && name.len() == 7, "{name}");
    let dry = post(&server, &format!("{MAPS}?dryRun=All"), json!({"metadata": {"name": "dry"}})).await;
    assert_eq!((dry.status, dry.version().as_str()), (201, ""));
    assert_eq!(get(&server, &format!("{MAPS}/dry")).await.status, 404);
    assert_eq!(get(&server, MAPS).await.names(), [name]);
}

#[tokio::test]
async fn the_same_seed_makes_the_same_uids() {
    let uids = |seed| async move {
        let server = TestServer::builder().seed(seed).in_process();
        post(&server, MAPS, json!({"metadata": {"name": "a"}})).await.body["metadata"]["uid"].clone()
    };
    assert_eq!(uids(1).await, uids(1).await);
    assert_ne!(uids(1).await, uids(2).await);
}

/// As an API server does: with YAML 1.1's octal numbers and booleans, and comments of any length.
#[tokio::test]
async fn objects_come_as_yaml() {
    let server = TestServer::in_process();
    let comments = "# - name: old\n".repeat(100);
    let manifest = format!(
        "---\n# nothing\n---\napiVersion: v1\nkind: Secret\nimmutable: yes\nmetadata: {{name: s, namespace: default}}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: default}}\nspec:\n  containers: [{{name: c}}]\n  volumes:\n\
         {comments}  - {{name: v, secret: {{secretName: s, defaultMode: 0644}}}}\n"
    );
    server.load_yaml(&manifest).unwrap();
    let pod = get(&server, "/api/v1/namespaces/default/pods/p").await;
    assert_eq!(pod.body["spec"]["volumes"][0]["secret"]["defaultMode"], 420);
    assert_eq!(get(&server, "/api/v1/namespaces/default/secrets/s").await.body["immutable"], true);
    let error = server.load_yaml("a: [").unwrap_err().to_string();
    assert!(error.contains("line 1"), "{error}");
    let error = server.load_yaml("---\n---\nkind: Pod\napiVersion: v1\n---\n").unwrap_err().to_string();
    assert!(error.starts_with("document 1: "), "{error}");
}
