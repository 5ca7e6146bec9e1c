//! The API server of `kubernetes-testing` calls webhooks, in the real server's order and with its errors.

mod conversion;
mod failures;
mod subresources;

use kubernetes_client::Client;
use kubernetes_core::meta::v1::LabelSelector;
use kubernetes_core::{
    ApplyRequest, CreateRequest, DeleteCollectionRequest, DeleteRequest, JsonPatch, ListRequest, ObjectMeta, Patch,
    PatchRequest, ReadRequest, ReplaceRequest,
};
use kubernetes_models::admissionregistration::v1::RuleWithOperations;
use kubernetes_models::core::v1::{ConfigMap, Namespace, Secret};
use kubernetes_testing::TestServer;
use kubernetes_webhooks::{
    AdmissionRequest, Allowed, CaBundle, Certificates, Configuration, Denied, Endpoint, Mutated, Operation,
    SideEffects, Webhook, WebhookServer, Webhooks,
};

use crate::support::{Lantern, Notes};
use crate::tls::{ca, certificate, start};

const DEFINITION: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lanterns.light.example.com}
spec:
  group: light.example.com
  scope: Namespaced
  names: {plural: lanterns, kind: Lantern}
  versions:
  - {name: v1, served: true, storage: true, schema: &schema {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
  - {name: v1beta1, served: true, storage: false, schema: *schema}
  - {name: v1alpha1, served: true, storage: false, schema: *schema}
"#;

/// A server with the resource, and these webhooks in process.
async fn serve(webhooks: Webhooks) -> (TestServer, Client) {
    let server = TestServer::in_process();
    server.load_yaml(DEFINITION).expect("the definition is right");
    let client = server.client();
    install(&client, "lights", &webhooks).await;
    server.serve_webhooks("lights.default.svc", webhooks);
    (server, client)
}

async fn install(client: &Client, name: &str, webhooks: &Webhooks) {
    let endpoint = Endpoint::service("default", "lights");
    Configuration::new(name, webhooks, &endpoint, &CaBundle::Unset).apply(client, name).await.expect("it is applied");
}

fn lantern(name: &str, color: &str) -> Lantern {
    Lantern { color: color.to_owned(), ..Lantern::named(name) }
}

async fn create(client: &Client, name: &str, color: &str) -> Result<Lantern, kubernetes_client::Error> {
    CreateRequest::namespaced("default", &lantern(name, color)).send(client).await
}

/// The code, reason and message of an error.
fn refused<T: std::fmt::Debug>(result: Result<T, kubernetes_client::Error>) -> (i32, String, String) {
    let error = result.expect_err("it is refused");
    let status = error.status().expect("the server has answered");
    let text = |text: &Option<kubernetes_core::Str>| text.as_deref().unwrap_or_default().to_owned();
    (status.code.unwrap_or_default(), text(&status.reason), text(&status.message))
}

#[tokio::test(start_paused = true)]
async fn objects_are_changed_and_checked() {
    let mutating = |mut lantern: Lantern, request: AdmissionRequest<Lantern>| async move {
        lantern.bulbs = lantern.bulbs.max(1);
        lantern.metadata.annotations.insert("by", request.user_info.username.as_deref().unwrap_or_default());
        Ok::<_, Denied>(Mutated::new(lantern, Allowed::new().warning("it had no bulb")))
    };
    let validating = |request: AdmissionRequest<Lantern>| async move {
        let lantern = request.object.as_ref().or(request.old_object.as_ref());
        match lantern.map(|lantern| lantern.color.as_str()) {
            Some("black") => Err(Denied::new("too dark").cause("color", "must not be black")),
            Some("eternal") if request.operation == Operation::Delete => Err(Denied::new("it burns forever")),
            Some("odd") => Err(Denied::error(599, "")),
            _ => Ok(()),
        }
    };
    let operations = [Operation::Create, Operation::Update, Operation::Delete];
    let webhooks = Webhooks::new().mutate(mutating).with(Webhook::validating(validating).operations(operations));
    let (server, client) = serve(webhooks).await;

    let red = create(&client, "red", "red").await.expect("it is allowed");
    assert_eq!((red.bulbs, red.metadata.annotations["by"].as_str()), (1, "kubernetes-admin"));
    // Fields that webhooks set belong to nobody.
    let fields = red.metadata.managed_fields.iter().filter_map(|entry| entry.fields_v1.as_ref());
    assert!(fields.into_iter().all(|fields| !fields.text().contains("f:by")));
    let black = create(&client, "black", "black").await;
    assert_eq!(
        black.as_ref().err().and_then(|error| error.status()?.details.as_ref()).map(|details| details.causes.len()),
        Some(1)
    );
    let message = "admission webhook \"validate.lantern.v1.light.example.com\" denied the request: too dark";
    assert_eq!(refused(black), (403, "Forbidden".to_owned(), message.to_owned()));
    let odd = refused(create(&client, "odd", "odd").await);
    assert!(odd.0 == 599 && odd.2.ends_with("denied the request without explanation"), "{odd:?}");

    let mut changed = red.clone();
    changed.color = "black".to_owned();
    assert_eq!(refused(ReplaceRequest::namespaced("default", &changed).send(&client).await).0, 403);
    let patch = Patch::json(&JsonPatch::new().replace("/color", "black"));
    assert_eq!(refused(PatchRequest::<Lantern>::namespaced("default", "red", &patch).send(&client).await).0, 403);
    let applied = ApplyRequest::namespaced("default", &lantern("red", "black"), "test").force(true).send(&client).await;
    assert_eq!(refused(applied).0, 403);
    create(&client, "eternal", "eternal").await.expect("it is allowed");
    assert_eq!(refused(DeleteRequest::<Lantern>::namespaced("default", "eternal").send(&client).await).0, 403);
    assert_eq!(refused(DeleteCollectionRequest::<Lantern>::namespaced("default").send(&client).await).0, 403);
    let left = ListRequest::<Lantern>::namespaced("default").send(&client).await.expect("a list").items;
    assert_eq!(left.len(), 2, "none was deleted");
    DeleteRequest::<Lantern>::namespaced("default", "red").send(&client).await.expect("it is allowed");
    let posts = server.requests().iter().filter(|request| request.method == http::Method::POST).count();
    assert_eq!(posts, 4, "each request is one, however often it is carried out");
}

/// Each sees the changes of those before; one that asks for it is called again after the others' changes.
#[tokio::test(start_paused = true)]
async fn mutating_webhooks_are_called_in_the_order_of_their_names_and_once_more_if_needed() {
    let notes = Notes::default();
    let paint = |name: &'static str, again: bool| {
        let notes = notes.clone();
        let webhook = Webhook::mutating(move |mut lantern: Lantern, _: AdmissionRequest<Lantern>| {
            notes.add(format!("{name} {}", lantern.color));
            if !lantern.color.contains(name) {
                lantern.color.push_str(name);
            }
            async move { Ok::<_, Denied>(lantern) }
        });
        let webhook = webhook.path(name).name(format!("{name}.lanterns.example.com"));
        if again { webhook.reinvoke_if_needed() } else { webhook }
    };
    let (server, client) = serve(Webhooks::new().with(paint("b", true))).await;
    let all = Webhooks::new().with(paint("a", true)).with(paint("b", true)).with(paint("c", false));
    server.serve_webhooks("lights.default.svc", all);
    install(&client, "z", &Webhooks::new().with(paint("c", false))).await;
    install(&client, "early", &Webhooks::new().with(paint("a", true))).await;
    assert_eq!(create(&client, "x", "").await.expect("it is allowed").color, "abc");
    assert_eq!(notes.all(), ["a ", "b a", "c ab", "a abc", "b abc"]);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_is_refused_where_there_would_be_side_effects() {
    for effects in [SideEffects::NoneOnDryRun, SideEffects::None] {
        let webhook = Webhook::validating(|request: AdmissionRequest<Lantern>| async move {
            assert!(request.dry_run && request.options.as_str().contains(r#""dryRun":["All"]"#));
            Ok::<(), Denied>(())
        });
        let (_server, client) = serve(Webhooks::new().with(webhook.side_effects(effects))).await;
        let dry = CreateRequest::namespaced("default", &lantern("x", "red")).dry_run("All").send(&client).await;
        dry.expect("there are no side effects");
        assert!(ReadRequest::<Lantern>::namespaced("default", "x").send(&client).await.is_err(), "nothing is stored");
    }
    let server = TestServer::in_process();
    let yaml = "{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: x}, \
                webhooks: [{name: x.example.com, sideEffects: Some, admissionReviewVersions: [v1], clientConfig: \
                {url: 'https://x'}, rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: \
                [configmaps]}]}]}";
    server.load_yaml(yaml).expect("a configuration");
    let map = ConfigMap::named("x");
    let dry = CreateRequest::namespaced("default", &map).dry_run("All").send(&server.client()).await;
    let expected =
        (400, "BadRequest".to_owned(), "admission webhook \"x.example.com\" does not support dry run".to_owned());
    assert_eq!(refused(dry), expected);
}

#[tokio::test(start_paused = true)]
async fn selectors_and_match_conditions_choose_requests() {
    let deny = || Webhook::validating(|_: AdmissionRequest<ConfigMap>| async { Err::<(), _>("no") });
    let labeled = |key: &str| LabelSelector { match_labels: [(key, "yes")].into(), ..LabelSelector::default() };
    let webhooks = Webhooks::new()
        .with(deny().path("namespace").name("a.b.c").namespace_selector(labeled("guarded")))
        .with(deny().path("object").name("b.b.c").object_selector(labeled("special")))
        .with(deny().path("condition").name("c.b.c").match_condition("named", "object.metadata.name == 'odd'"));
    let (server, client) = serve(webhooks).await;
    let map = |name: &str| ConfigMap::named(name);
    let create = |namespace: &'static str, map: ConfigMap| {
        let client = client.clone();
        async move { CreateRequest::namespaced(namespace, &map).send(&client).await }
    };
    assert_eq!(refused(create("default", map("x")).await).0, 501, "nobody evaluates CEL");
    server.on_match_condition(|condition| {
        assert_eq!((condition.name.as_str(), condition.webhook.as_str()), ("named", "c.b.c"));
        condition.request["object"]["metadata"]["name"] == "odd"
    });
    create("default", map("x")).await.expect("no webhook is called");
    assert!(refused(create("default", map("odd")).await).2.contains("c.b.c"));
    let mut special = map("special");
    special.metadata.labels.insert("special", "yes");
    assert!(refused(create("default", special).await).2.contains("b.b.c"));
    let mut guarded = Namespace::named("guarded");
    guarded.metadata.labels.insert("guarded", "yes");
    CreateRequest::cluster(&guarded).send(&client).await.expect("a namespace");
    assert!(refused(create("guarded", map("x")).await).2.contains("a.b.c"));
}

#[tokio::test]
async fn webhooks_are_called_over_the_network_too() {
    let (ca, server) = (ca(), TestServer::start().await.expect("a port"));
    let (pem, key) = certificate(&ca, "127.0.0.1");
    let webhooks = Webhooks::new().validate(|request: AdmissionRequest<ConfigMap>| async move {
        match request.name.as_str() {
            "bad" => Err("bad"),
            _ => Ok(()),
        }
    });
    let running =
        start(&WebhookServer::new(webhooks.clone(), Certificates::pem(&pem, &key).expect("a certificate"))).await;
    let endpoint = Endpoint::url(&format!("https://{}", running.address));
    let bundle = CaBundle::Pem(ca.pem().into_bytes());
    let client = server.client();
    Configuration::new("maps", &webhooks, &endpoint, &bundle).apply(&client, "test").await.expect("it is applied");
    let create = |name: &str| {
        let (client, map) = (client.clone(), ConfigMap::named(name));
        async move { CreateRequest::namespaced("default", &map).send(&client).await }
    };
    create("good").await.expect("it is allowed");
    assert!(refused(create("bad").await).2.ends_with("denied the request: bad"));
    running.stop().await;
    let refusal = refused(create("good-2").await);
    assert!(refusal.2.contains("failed to call webhook: Post \"https://127.0.0.1:"), "{refusal:?}");
}

/// A request that waits for a webhook is carried out again, with random values that no other request has.
#[tokio::test(start_paused = true)]
async fn objects_have_names_and_uids_of_their_own() {
    let webhooks =
        Webhooks::new().mutate(|lantern: Lantern, _: AdmissionRequest<Lantern>| async { Ok::<_, Denied>(lantern) });
    let (_server, client) = serve(webhooks).await;
    let (mut names, mut uids) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for _ in 0..20 {
        let metadata = ObjectMeta { generate_name: Some("lantern-".into()), ..ObjectMeta::default() };
        let lantern = Lantern { metadata, ..Lantern::default() };
        let created = CreateRequest::namespaced("default", &lantern).send(&client).await.expect("it is created");
        names.insert(created.metadata.name.clone());
        uids.insert(created.metadata.uid.clone());
    }
    assert_eq!((names.len(), uids.len()), (20, 20));
}

/// A webhook that the first round did not concern is not called in the second one.
#[tokio::test(start_paused = true)]
async fn a_webhook_is_not_called_for_the_first_time_when_others_are_called_again() {
    let notes = Notes::default();
    let paint = |name: &'static str| {
        let notes = notes.clone();
        let webhook = Webhook::mutating(move |mut lantern: Lantern, _: AdmissionRequest<Lantern>| {
            notes.add(name);
            lantern.metadata.labels.insert("painted", "yes");
            async move { Ok::<_, Denied>(lantern) }
        });
        webhook.path(name).name(format!("{name}.lanterns.example.com")).reinvoke_if_needed()
    };
    let painted = LabelSelector { match_labels: [("painted", "yes")].into(), ..LabelSelector::default() };
    let webhooks = Webhooks::new().with(paint("a").object_selector(painted)).with(paint("b"));
    let (_server, client) = serve(webhooks).await;
    create(&client, "x", "red").await.expect("it is allowed");
    assert_eq!(notes.all(), ["b"]);
}

/// A missing namespace is reported before any webhook is called. A namespace selector for other resources does not count.
#[tokio::test(start_paused = true)]
async fn a_missing_namespace_comes_first() {
    let selector = LabelSelector { match_labels: [("guarded", "yes")].into(), ..LabelSelector::default() };
    let deny = Webhook::validating(|_: AdmissionRequest<ConfigMap>| async { Err::<(), _>("no") });
    let webhooks = Webhooks::new().with(deny.namespace_selector(selector));
    let server = TestServer::builder().require_namespaces(true).in_process();
    let client = server.client();
    install(&client, "lights", &webhooks).await;
    server.serve_webhooks("lights.default.svc", webhooks.clone());
    let missing = CreateRequest::namespaced("nowhere", &ConfigMap::named("x")).send(&client).await;
    assert_eq!(refused(missing).0, 404);
    let server = TestServer::builder().require_namespaces(false).in_process();
    let client = server.client();
    install(&client, "lights", &webhooks).await;
    let secret = Secret::named("x");
    let elsewhere = CreateRequest::namespaced("nowhere", &secret).send(&client).await;
    elsewhere.expect("the webhook is for other resources");
}

/// All objects are asked about at once, however many there are.
#[tokio::test(start_paused = true)]
async fn many_objects_are_deleted_at_once() {
    let notes = Notes::default();
    let (validated, mutated) = (notes.clone(), notes.clone());
    let operations = [Operation::Delete];
    let validating = Webhook::validating(move |request: AdmissionRequest<Lantern>| {
        validated.add(format!("{} {}", request.name, request.uid));
        async { Ok::<(), Denied>(()) }
    });
    let mutating = Webhook::validating_at("/count", move |_: AdmissionRequest<Lantern>| {
        mutated.add("mutating");
        async { Ok::<(), Denied>(()) }
    });
    let rule = RuleWithOperations {
        api_groups: vec!["light.example.com".into()],
        api_versions: vec!["v1".into()],
        operations: vec!["DELETE".into()],
        resources: vec!["lanterns".into()],
        scope: None,
    };
    let change = |lantern: Lantern, _: AdmissionRequest<Lantern>| async { Ok::<_, Denied>(lantern) };
    let mutating = mutating.and_mutate(change).name("count.lanterns.example.com").rule(rule);
    let (_server, client) = serve(Webhooks::new().with(validating.operations(operations)).with(mutating)).await;
    for index in 0..120 {
        create(&client, &format!("x-{index:03}"), "red").await.expect("it is allowed");
    }
    DeleteCollectionRequest::<Lantern>::namespaced("default").send(&client).await.expect("all are deleted");
    let left = ListRequest::<Lantern>::namespaced("default").send(&client).await.expect("a list").items;
    assert!(left.is_empty());
    let notes = notes.all();
    let (mutating, validating): (Vec<_>, Vec<_>) = notes.iter().partition(|note| *note == "mutating");
    let identities: std::collections::BTreeSet<_> = validating.iter().collect();
    assert_eq!((mutating.len(), validating.len(), identities.len()), (120, 120, 120), "each is asked about once");
}
