//! The small kubectl against an API server in memory.

#[path = "../../kubectl.rs"]
mod program;

use clap::Parser;
use kubernetes_testing::TestServer;
use program::{Cli, run};

const FILES: &[(&str, &str)] = &[
    ("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {mode: fast}\n"),
    (
        "b.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: web}}\n  \
         template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'web:1'}]}}\n",
    ),
];

/// The lines of a command, or its error.
async fn kubectl(server: &TestServer, arguments: &str) -> Result<Vec<String>, String> {
    let cli = Cli::try_parse_from(["kubectl"].into_iter().chain(arguments.split_whitespace()))
        .map_err(|it| it.to_string())?;
    let mut lines = Vec::new();
    run(&server.client(), cli, |line| lines.push(line.to_owned())).await.map_err(|error| error.to_string())?;
    Ok(lines)
}

#[tokio::test(start_paused = true)]
async fn a_folder_is_applied_shown_changed_pruned_and_deleted() {
    let server = TestServer::in_process();
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in FILES {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let path = folder.path().display().to_string();
    let applied = kubectl(&server, &format!("apply -f {path} --prune set")).await.expect("it is applied");
    assert_eq!(applied, ["configmaps default/settings applied", "deployments.apps default/web applied"]);
    let table = kubectl(&server, "get deploy,cm").await.expect("a table");
    assert!(table[0].starts_with("NAME") && table[1].starts_with("web    0/2"), "{table:?}");
    let status = kubectl(&server, "status deploy/web").await.expect("a status");
    assert_eq!(status[0], "deployments.apps default/web  InProgress (LessReplicas): 0 of 2 replicas exist");

    std::fs::write(folder.path().join("b.yaml"), FILES[1].1.replace("web:1", "web:2")).expect("a file");
    let diff = kubectl(&server, &format!("diff -f {path} --prune set")).await.expect("a diff");
    assert_eq!(diff[0], "deployments.apps default/web would change");
    assert!(diff.iter().any(|line| line.ends_with("\"web:1\" → \"web:2\"")), "{diff:?}");

    std::fs::remove_file(folder.path().join("a.yaml")).expect("a file");
    let applied = kubectl(&server, &format!("apply -f {path} --prune set")).await.expect("it is applied");
    assert_eq!(applied, ["deployments.apps default/web applied", "configmaps default/settings pruned"]);

    assert_eq!(
        kubectl(&server, "scale deploy/web --replicas 3").await.expect("scaled"),
        ["deployments.apps default/web scaled"]
    );
    let restarted = kubectl(&server, "rollout restart deploy/web").await.expect("restarted");
    assert_eq!(restarted, ["deployments.apps default/web restarted"]);
    let waited = kubectl(&server, "wait deploy/web --for jsonpath={.spec.replicas}=3").await.expect("it has 3");
    assert_eq!(waited, ["deployments.apps default/web condition met"]);
    let timeout =
        kubectl(&server, "wait deploy/web --for current --timeout 5s").await.expect_err("it has no controller");
    assert!(timeout.starts_with("timed out waiting until each object is current"), "{timeout}");

    let deleted = kubectl(&server, &format!("delete -f {path}")).await.expect("it is deleted");
    assert_eq!(deleted, ["deployments.apps default/web deleted"]);
}

#[tokio::test(start_paused = true)]
async fn a_node_is_drained_and_errors_have_a_place() {
    let server = TestServer::in_process();
    server.load_yaml("{apiVersion: v1, kind: Node, metadata: {name: n1}}").expect("a node");
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: default}, spec: {nodeName: n1, \
               terminationGracePeriodSeconds: 0, containers: [{name: a, image: b}]}}";
    server.load_yaml(pod).expect("a pod");
    let refused = kubectl(&server, "drain n1").await.expect_err("nothing would create the pod again");
    assert!(refused.contains("pods default/p: it has no controller"), "{refused}");
    let drained = kubectl(&server, "drain n1 --force --timeout 30s").await.expect("it is drained");
    assert_eq!(drained, ["evicting pods default/p", "drained"]);
    assert_eq!(kubectl(&server, "uncordon n1").await.expect("it is uncordoned"), ["uncordoned"]);
    assert_eq!(kubectl(&server, "can-i list pods").await.expect("an answer"), ["yes"]);

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.yaml");
    std::fs::write(&file, "apiVersion: v1\nkind: Wrong\nmetadata: {name: a}\n").expect("a file");
    let error = kubectl(&server, &format!("apply -f {}", file.display())).await.expect_err("there is no such kind");
    assert!(error.contains("wrong.yaml:1:1: the server has no resource of kind"), "{error}");
}
