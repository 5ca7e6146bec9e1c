//! Comparing manifests with the server's objects.

use kubernetes_utils::manifests::Difference;

use super::{WIDGETS, config_map, read, server, writes};

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'web:1', args: [a, b]}, {name: side, image: 'side:1'}]}
";

#[tokio::test(start_paused = true)]
async fn each_field_that_would_change_is_named() {
    let server = server();
    let client = server.client();
    read(DEPLOYMENT).apply("test").send(&client).await.unwrap().check().unwrap();
    let version = server.resource_version();
    let same = read(DEPLOYMENT).diff("test").send(&client).await.unwrap();
    assert!(matches!(same[0].result, Ok(Difference::None)), "{}", same[0]);

    let changed = DEPLOYMENT
        .replace("replicas: 2", "replicas: 3")
        .replace("{name: web, image: 'web:1', args: [a, b]}, ", "{name: new, image: 'new:1'}, ")
        .replace("side:1", "side:2")
        .replace(", labels: {app: web}}\nspec", "}\nspec");
    let diffs = read(&changed).diff("test").send(&client).await.unwrap();
    let lines: Vec<_> = diffs[0].to_string().lines().map(str::to_owned).collect();
    let expected = [
        "deployments.apps shop/web would change",
        "  .metadata.labels: {\"app\":\"web\"} → (none)",
        "  .spec.replicas: 2 → 3",
        "  .spec.template.spec.containers[name=\"web\"]: {\"args\":[\"a\",\"b\"],\"image\":\"web:1\",\"name\":\"web\"} → (none)",
        "  .spec.template.spec.containers[name=\"side\"].image: \"side:1\" → \"side:2\"",
        "  .spec.template.spec.containers[name=\"new\"]: (none) → {\"image\":\"new:1\",\"name\":\"new\"}",
    ];
    assert_eq!(lines, expected);
    assert_eq!(server.resource_version(), version, "nothing is kept");
}

#[tokio::test(start_paused = true)]
async fn values_of_secrets_are_not_shown() {
    let server = server();
    let client = server.client();
    let secret = |value: &str| {
        read(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: shop}}\ndata: {{password: {value}}}"
        ))
    };
    secret("aHVudGVyMg==").apply("test").send(&client).await.unwrap().check().unwrap();
    let diffs = secret("b3RoZXI=").diff("test").send(&client).await.unwrap();
    let shown = format!("{} {:?}", diffs[0], diffs[0]);
    assert!(shown.contains(".data.password: *** (before) → *** (after)") && !shown.contains("aHVud"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn objects_that_need_each_other_would_be_created() {
    let server = server();
    let text = format!(
        "{WIDGETS}apiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w, namespace: shop}}\n---\n{}",
        config_map("a", "1")
    );
    let diffs = read(&text).diff("test").send(&server.client()).await.unwrap();
    assert_eq!(diffs.len(), 3);
    assert!(diffs.iter().all(|diff| matches!(diff.result, Ok(Difference::Created))), "{diffs:?}");
    let dry = server.requests().iter().filter(|it| it.verb() == "patch").all(|it| it.query.contains("dryRun=All"));
    assert!(dry && !writes(&server).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_a_result() {
    let server = server();
    let client = server.client();
    read(&config_map("a", "1")).apply("first").send(&client).await.unwrap().check().unwrap();
    let text = format!("{}{}", config_map("a", "2"), config_map("b", "2"));
    let diffs = read(&text).diff("second").send(&client).await.unwrap();
    assert_eq!(diffs[0].result.as_ref().unwrap_err().conflicts().len(), 1);
    assert!(matches!(diffs[1].result, Ok(Difference::Created)));
    let forced = read(&text).diff("second").force(true).send(&client).await.unwrap();
    assert!(matches!(&forced[0].result, Ok(Difference::Changed(fields)) if fields.len() == 1), "{}", forced[0]);
}
