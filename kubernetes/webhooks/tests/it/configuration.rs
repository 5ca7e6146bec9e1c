//! The configuration of the API server.

use std::time::Duration;

use kubernetes_core::json::Tree;
use kubernetes_core::meta::v1::LabelSelector;
use kubernetes_core::schema::Definition;
use kubernetes_core::{Patch, PatchRequest, ReadRequest};
use kubernetes_models::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use kubernetes_testing::{CustomResource, Fault, TestServer};
use kubernetes_webhooks::{
    AdmissionRequest, Authentication, Authorization, CaBundle, Configuration, Denied, Endpoint, FailurePolicy,
    MatchPolicy, Operation, SideEffects, Webhook, Webhooks,
};
use serde_json::{Value, json};

use crate::support::{Lantern, Log, converter};

fn webhooks() -> Webhooks {
    let guard = Webhook::validating(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) })
        .path("guard")
        .name("guard.lanterns.example.com")
        .operations([Operation::Delete])
        .resources(["lanterns", "lanterns/status"])
        .failure_policy(FailurePolicy::Ignore)
        .side_effects(SideEffects::NoneOnDryRun)
        .timeout(Duration::from_secs(90))
        .match_policy(MatchPolicy::Exact)
        .namespace_selector(LabelSelector { match_labels: [("lit", "yes")].into(), ..LabelSelector::default() })
        .object_selector(LabelSelector { match_labels: [("tier", "front")].into(), ..LabelSelector::default() })
        .match_condition("named", "object.metadata.name != ''");
    let defaults =
        Webhook::mutating(|lantern: Lantern, _: AdmissionRequest<Lantern>| async { Ok::<_, Denied>(lantern) });
    Webhooks::new().with(guard).with(defaults.reinvoke_if_needed()).convert(converter())
}

fn manifests(endpoint: &Endpoint, ca_bundle: &CaBundle) -> Vec<Value> {
    let configuration = Configuration::new("lights", &webhooks(), endpoint, ca_bundle);
    configuration.manifests().iter().map(|manifest| serde_json::from_str(manifest).expect("JSON")).collect()
}

/// API servers take such a webhook, and call it never: a guard would be without effect.
#[test]
fn a_webhook_without_rules_is_in_the_log() {
    let log = Log::start(tracing::Level::WARN);
    let endpoint = Endpoint::service("home", "lights");
    Configuration::new("lights", &webhooks(), &endpoint, &CaBundle::Unset);
    assert_eq!(log.text(), "");
    let guard = Webhook::validating_at("/without-rules", |_: AdmissionRequest<Tree>| async { Err::<(), _>("no") });
    Configuration::new("lights", &webhooks().with(guard), &endpoint, &CaBundle::Unset);
    assert!(log.text().contains("has no rules") && log.text().contains("\"/without-rules\""), "{}", log.text());
}

/// API servers learn about reviews of tokens and access from their flags.
#[test]
fn reviews_are_not_part_of_a_configuration() {
    let reviewing = Webhooks::new()
        .authenticate_tokens(|_| async { Ok::<_, String>(Authentication::unauthenticated()) })
        .authorize(|_| async { Ok::<_, String>(Authorization::no_opinion()) });
    let endpoint = Endpoint::service("home", "lights");
    let configuration = Configuration::new("lights", &reviewing, &endpoint, &CaBundle::Unset);
    assert_eq!(configuration.manifests(), [""; 0]);
}

#[test]
fn configurations_say_what_was_registered() {
    let [mutating, validating, definition] =
        manifests(&Endpoint::service("home", "lights").port(8443), &CaBundle::Pem(b"pem".to_vec()))
            .try_into()
            .expect("three objects");
    let service = |path: &str| json!({"namespace": "home", "name": "lights", "path": path, "port": 8443});
    let expected = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "lights"},
        "webhooks": [{
            "admissionReviewVersions": ["v1"],
            "clientConfig": {"caBundle": "cGVt", "service": service("/mutate-light-example-com-v1-lantern")},
            "failurePolicy": "Fail",
            "matchPolicy": "Equivalent",
            "name": "mutate.lantern.v1.light.example.com",
            "reinvocationPolicy": "IfNeeded",
            "rules": [{
                "apiGroups": ["light.example.com"],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["lanterns"],
            }],
            "sideEffects": "None",
            "timeoutSeconds": 10,
        }],
    });
    assert_eq!(mutating, expected);
    let expected = json!([{
        "admissionReviewVersions": ["v1"],
        "clientConfig": {"caBundle": "cGVt", "service": service("/guard")},
        "failurePolicy": "Ignore",
        "matchConditions": [{"expression": "object.metadata.name != ''", "name": "named"}],
        "matchPolicy": "Exact",
        "name": "guard.lanterns.example.com",
        "namespaceSelector": {"matchLabels": {"lit": "yes"}},
        "objectSelector": {"matchLabels": {"tier": "front"}},
        "rules": [{
            "apiGroups": ["light.example.com"],
            "apiVersions": ["v1"],
            "operations": ["DELETE"],
            "resources": ["lanterns", "lanterns/status"],
        }],
        "sideEffects": "NoneOnDryRun",
        "timeoutSeconds": 30,
    }]);
    assert_eq!(validating["webhooks"], expected);
    assert_eq!(definition["metadata"]["name"], "lanterns.light.example.com");
    let expected = json!({
        "strategy": "Webhook",
        "webhook": {
            "clientConfig": {"caBundle": "cGVt", "service": service("/convert")},
            "conversionReviewVersions": ["v1"],
        },
    });
    assert_eq!(definition["spec"]["conversion"], expected);
}

#[test]
fn cert_manager_is_told_where_to_set_the_ca() {
    for manifest in manifests(&Endpoint::service("home", "lights"), &CaBundle::CertManager("home/lights".to_owned())) {
        assert_eq!(manifest["metadata"]["annotations"]["cert-manager.io/inject-ca-from"], "home/lights");
        assert!(!manifest.to_string().contains("caBundle"), "{manifest}");
    }
}

#[test]
fn an_endpoint_is_a_service_or_a_url() {
    let [mutating, ..] = &manifests(&Endpoint::url("https://[::1]:9443/"), &CaBundle::Unset)[..] else { panic!() };
    let config = &mutating["webhooks"][0]["clientConfig"];
    assert_eq!(config, &json!({"url": "https://[::1]:9443/mutate-light-example-com-v1-lantern"}));
    assert_eq!(Endpoint::url("https://[::1]:9443/").host(), "::1");
    let service = Endpoint::service("home", "lights").to_service([("app", "lights")], 9443).expect("a service");
    let service: Value =
        serde_json::from_str(&kubernetes_core::json::to_string(&service).expect("JSON")).expect("JSON");
    let port = json!({"name": "https", "port": 443, "targetPort": 9443});
    assert_eq!(service["spec"], json!({"ports": [port], "selector": {"app": "lights"}}));
    assert_eq!(Endpoint::url("https://x").to_service([("a", "b")], 1), None);
}

#[tokio::test]
async fn configurations_are_applied() {
    let server = TestServer::builder().resource(CustomResource::of::<Lantern>()).in_process();
    let client = server.client();
    let endpoint = Endpoint::service("home", "lights");
    let configuration = Configuration::new("lights", &webhooks(), &endpoint, &CaBundle::Unset);
    configuration.apply(&client, "lights").await.expect("all are applied");
    configuration.apply(&client, "lights").await.expect("and again");
    let requests = server.requests();
    let applied = requests.iter().filter(|request| request.verb() == "patch" || request.verb() == "apply");
    let applied: Vec<_> = applied.map(|request| request.path.clone()).collect();
    assert!(
        applied
            .contains(&"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/lanterns.light.example.com".to_owned())
    );
    assert_eq!(applied.len(), 6, "{applied:?}");
}

/// Webhooks whose CA bundle another manager has set can be removed, one by one and all of a kind.
#[tokio::test]
async fn webhooks_that_are_gone_are_removed() {
    let server = TestServer::builder().resource(CustomResource::of::<Lantern>()).in_process();
    let client = server.client();
    let endpoint = Endpoint::service("home", "lights");
    let guard = |path: &str, name: &str| {
        let webhook = Webhook::validating(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) });
        webhook.path(path).name(name)
    };
    let apply = async |webhooks: Webhooks| {
        let configuration = Configuration::new("lights", &webhooks, &endpoint, &CaBundle::Unset);
        configuration.apply(&client, "lights").await.expect("the configuration is applied");
    };
    let defaults =
        Webhook::mutating(|lantern: Lantern, _: AdmissionRequest<Lantern>| async { Ok::<_, Denied>(lantern) });
    let (first, second) = (|| guard("a", "a.example.com"), || guard("b", "b.example.com"));
    apply(Webhooks::new().with(first()).with(second()).with(defaults)).await;
    let cas = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "lights"},
        "webhooks": [
            {"name": "a.example.com", "clientConfig": {"caBundle": "cGVt"}},
            {"name": "b.example.com", "clientConfig": {"caBundle": "cGVt"}},
        ],
    });
    let patch = Patch::apply_json(&cas);
    let request = PatchRequest::<ValidatingWebhookConfiguration>::cluster("lights", &patch);
    request.field_manager("webhook-certificates").send(&client).await.expect("the CAs are set");

    apply(Webhooks::new().with(first())).await;
    let read =
        ReadRequest::<ValidatingWebhookConfiguration>::cluster("lights").send(&client).await.expect("it is there");
    let left: Vec<_> = read.webhooks.iter().map(|webhook| webhook.name.as_str()).collect();
    assert_eq!(left, ["a.example.com"]);
    assert_eq!(read.webhooks[0].client_config.ca_bundle.as_deref(), Some(&b"pem"[..]));
    let mutating = ReadRequest::<MutatingWebhookConfiguration>::cluster("lights").send(&client).await;
    assert!(mutating.expect_err("it is deleted").is_not_found());
}

/// A resource without a definition.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Missing {
    metadata: kubernetes_core::ObjectMeta,
}

kubernetes_core::resource!(Missing: "none.example.com" / "v1" / "Missing", "missings", namespaced, watch, serde);

/// Though another manager has set the CA bundle.
#[tokio::test]
async fn a_conversion_that_is_gone_is_released() {
    let server = TestServer::builder().resource(CustomResource::of::<Lantern>()).in_process();
    let client = server.client();
    let name = "lanterns.light.example.com";
    let conversion = async || {
        let found = ReadRequest::<Definition>::cluster(name).send(&client).await.expect("the definition");
        found.spec().at("/conversion").map(Tree::to_text).unwrap_or_default()
    };
    let configuration =
        Configuration::new("lights", &webhooks(), &Endpoint::service("home", "lights"), &CaBundle::Unset);
    configuration.apply(&client, "lights").await.expect("it is applied");
    let bundle = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": "cGVt"}}}},
    });
    let patch = Patch::apply_json(&bundle);
    let request = PatchRequest::<Definition>::cluster(name, &patch).field_manager("webhook-certificates");
    request.send(&client).await.expect("the CA bundle is set");
    let release = async |manager| Configuration::release_conversion::<Lantern>(&client, manager).await;
    release("others").await.expect("there is nothing to do");
    assert!(conversion().await.contains("cGVt"));
    let store = async |versions: &[&str]| {
        let stored = json!({"status": {"storedVersions": versions}});
        let patch = Patch::merge(&stored);
        let request = PatchRequest::<Definition>::cluster(name, &patch).subresource("status");
        request.send(&client).await.expect("the status is set");
    };
    store(&["v1beta1", "v1"]).await;
    let error = release("lights").await.expect_err("objects may be stored in another version").to_string();
    assert!(error.contains("may be stored as v1beta1"), "{error}");
    store(&["v1"]).await;
    // As the API server writes the status of definitions at any time.
    server.inject(Fault::status(409).verb("patch").resource("customresourcedefinitions"));
    release("lights").await.expect("it is released");
    assert_eq!(conversion().await, r#"{"strategy":"None"}"#);
    Configuration::release_conversion::<Missing>(&client, "lights").await.expect("there is nothing to do");
    configuration.apply(&client, "lights").await.expect("it is applied again");
    assert!(conversion().await.contains("/convert"));
}
