//! All objects are checked before the first is sent.

use kubernetes_testing::Fault;
use kubernetes_utils::manifests::{Manifests, ProblemKind};

use super::{config_map, read, server, writes};

/// Manifests, and what is wrong with them.
const WRONG: &[(&str, ProblemKind, &str)] = &[
    (
        "apiVersion: v1\nkind: Widget\nmetadata: {name: a}",
        ProblemKind::UnknownKind,
        "test.yaml:1:1: the server has no resource of kind /v1, Kind=Widget",
    ),
    (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {}",
        ProblemKind::InvalidObject,
        "test.yaml:1:1: the ConfigMap has no metadata.name",
    ),
    (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}",
        ProblemKind::InvalidObject,
        "test.yaml:1:1: the object has metadata.generateName, but needs metadata.name: create it instead",
    ),
    (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: other}",
        ProblemKind::WrongNamespace,
        "test.yaml:1:1: the namespace of configmaps other/a is \"other\", but must be \"shop\"",
    ),
    (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}",
        ProblemKind::Duplicate,
        "test.yaml:5:1: configmaps shop/a appears twice, first at test.yaml:1:1",
    ),
];

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_if_one_object_is_wrong() {
    let server = server();
    for (text, kind, message) in WRONG {
        let manifests = read(&format!("{text}\n---\n{}", config_map("good", "1")));
        let error = manifests.apply("test").only_namespace("shop").send(&server.client()).await.unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
        assert_eq!(error.problems().len(), 1);
        assert!(error.has(*kind), "{error:?}");
        assert!(writes(&server).is_empty(), "{text}");

        let report = manifests.apply("test").only_namespace("shop").skip_invalid(true).send(&server.client()).await;
        let report = report.unwrap();
        assert_eq!(report.failures().count(), 1);
        assert!(report.failures().all(|failure| failure.result.as_ref().unwrap_err().is_invalid()));
        assert!(writes(&server).contains(&"patch configmaps/good".to_owned()), "{text}");
        let error = report.check().unwrap_err().to_string();
        assert!(error.starts_with("the operation failed for 1 of ") && error.contains(message), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn all_problems_are_told() {
    let server = server();
    let texts: Vec<_> = WRONG[..3].iter().map(|(text, ..)| *text).collect();
    let error = read(&texts.join("\n---\n")).apply("test").send(&server.client()).await.unwrap_err();
    assert_eq!(error.problems().len(), 3, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_one_error() {
    let server = server();
    server.inject(Fault::status(403).always());
    let error = read(&config_map("a", "1")).apply("test").send(&server.client()).await.unwrap_err();
    assert!(error.has(ProblemKind::Server), "{error}");
}

#[tokio::test(start_paused = true)]
async fn no_objects_are_an_error() {
    let server = server();
    let error = Manifests::default().apply("test").send(&server.client()).await.unwrap_err();
    assert_eq!(error.to_string(), "there are no objects in the manifests");
    assert!(Manifests::default().delete().send(&server.client()).await.unwrap_err().has(ProblemKind::Empty));
}
