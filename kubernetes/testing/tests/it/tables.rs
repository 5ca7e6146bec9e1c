//! Tables, as kubectl asks for them.

use http::Request;
use http_body_util::{BodyExt, Full};
use kubernetes_testing::TestServer;
use serde_json::{Value, json};
use tower_service::Service;

use crate::widgets::widgets;

async fn table(server: &TestServer, path: &str) -> Value {
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let request = Request::get(path).header("accept", accept).body(Full::<bytes::Bytes>::default()).unwrap();
    let body = server.service().call(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

/// The names of the columns, and the cells of each row.
fn contents(table: &Value) -> (Vec<&str>, Vec<&Value>) {
    assert_eq!(table["kind"], "Table", "{table}");
    let columns = table["columnDefinitions"].as_array().unwrap().iter();
    let rows = table["rows"].as_array().unwrap().iter();
    (columns.map(|column| column["name"].as_str().unwrap()).collect(), rows.map(|row| &row["cells"]).collect())
}

const OBJECTS: &str = "
apiVersion: v1
kind: Pod
metadata: {name: done, creationTimestamp: '2026-01-01T00:00:00Z'}
spec: {containers: [{name: c, image: i}]}
status:
  phase: Succeeded
  containerStatuses: [{name: c, restartCount: 2, state: {terminated: {exitCode: 0, reason: Completed}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: runs, creationTimestamp: '2026-01-01T00:00:00Z'}
spec: {nodeName: node-1, containers: [{name: c, image: i}, {name: d, image: j}]}
status:
  phase: Running
  podIPs: [{ip: 10.0.0.1}]
  containerStatuses:
  - {name: c, restartCount: 0, ready: true, state: {running: {}}}
  - {name: d, restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, creationTimestamp: '2026-01-01T00:00:00Z'}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template: {spec: {containers: [{name: c, image: 'web:1'}]}}
status: {readyReplicas: 2, updatedReplicas: 3, availableReplicas: 2}
---
apiVersion: v1
kind: Node
metadata: {name: node-1, creationTimestamp: '2026-01-01T00:00:00Z', labels: {node-role.kubernetes.io/worker: ''}}
spec: {unschedulable: true}
status: {conditions: [{type: Ready, status: 'True'}], nodeInfo: {kubeletVersion: v1.37.2}}
---
apiVersion: v1
kind: Service
metadata: {name: web, creationTimestamp: '2026-01-01T00:00:00Z'}
spec: {type: NodePort, clusterIPs: [10.1.1.1], ports: [{port: 80, nodePort: 30080, protocol: TCP}], selector: {app: web}}
";

#[tokio::test]
async fn each_kind_has_its_columns() {
    let server = TestServer::builder().now("2026-01-04T01:00:00Z".parse().unwrap()).in_process();
    server.load_yaml(OBJECTS).unwrap();
    let spaced = "/api/v1/namespaces/default";
    let table_of_pods = table(&server, &format!("{spaced}/pods")).await;
    let (columns, rows) = contents(&table_of_pods);
    assert_eq!(columns[..5], ["Name", "Ready", "Status", "Restarts", "Age"]);
    assert_eq!(rows[0], &json!(["done", "0/1", "Completed", "2", "3d1h", "<none>", "<none>", "<none>", "<none>"]));
    assert_eq!(
        rows[1],
        &json!(["runs", "1/2", "CrashLoopBackOff", "1", "3d1h", "10.0.0.1", "node-1", "<none>", "<none>"])
    );
    let cells = [
        (
            format!("{spaced}/services"),
            json!(["web", "NodePort", "10.1.1.1", "<none>", "80:30080/TCP", "3d1h", "app=web"]),
        ),
        ("/apis/apps/v1/deployments".to_owned(), json!(["web", "2/3", 3, 2, "3d1h", "c", "web:1", "app=web"])),
        (
            "/api/v1/nodes".to_owned(),
            json!([
                "node-1",
                "Ready,SchedulingDisabled",
                "worker",
                "3d1h",
                "v1.37.2",
                "<none>",
                "<none>",
                "<unknown>",
                "<unknown>",
                "<unknown>"
            ]),
        ),
    ];
    for (path, expected) in cells {
        let table = table(&server, &path).await;
        let (columns, rows) = contents(&table);
        assert_eq!((rows[0], columns.len()), (&expected, expected.as_array().unwrap().len()), "{path}");
    }
}

#[tokio::test]
async fn rows_carry_of_their_objects_what_is_asked_for() {
    let server = TestServer::in_process();
    server.load_yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}").unwrap();
    let path = "/api/v1/namespaces/default/configmaps";
    let object = |table: &Value| table["rows"][0]["object"].clone();
    assert_eq!(object(&table(&server, path).await)["kind"], "PartialObjectMetadata");
    assert_eq!(object(&table(&server, &format!("{path}?includeObject=None")).await), Value::Null);
    let whole = object(&table(&server, &format!("{path}?includeObject=Object")).await);
    assert_eq!((&whole["kind"], &whole["data"]), (&json!("ConfigMap"), &json!({"k": "v"})));
    assert_eq!(table(&server, &format!("{path}?includeObject=Some")).await["code"], 400);
}

#[tokio::test]
async fn a_definition_names_the_columns_of_its_resource() {
    let server = TestServer::in_process();
    let version = r#"    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status', priority: 1}
    - {name: Missing, type: string, jsonPath: .spec.missing}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec: {size: 3}
status: {conditions: [{type: Other, status: "False"}, {type: Ready, status: "True"}]}
"#;
    server.load_yaml(&widgets(version)).unwrap();
    let table = table(&server, "/apis/example.com/v1/namespaces/default/widgets").await;
    let (columns, rows) = contents(&table);
    assert_eq!(columns, ["Name", "Size", "Ready", "Missing"]);
    assert_eq!(rows, [&json!(["w", 3, "True", null])]);
}
