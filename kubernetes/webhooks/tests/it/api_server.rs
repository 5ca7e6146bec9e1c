//! The API server of `kubernetes-testing` calls webhooks, in the real server's order and with its errors.

use std::time::Duration;

use futures_util::StreamExt as _;
use kubernetes_client::Client;
use kubernetes_core::meta::v1::LabelSelector;
use kubernetes_core::{
    ApplyRequest, CreateRequest, DeleteCollectionRequest, DeleteRequest, Execute as _, JsonPatch, ListRequest,
    ObjectMeta, Patch, PatchRequest, ReadRequest, ReplaceRequest,
};
use kubernetes_models::core::v1::{ConfigMap, Namespace};
use kubernetes_testing::TestServer;
use kubernetes_webhooks::{
    AdmissionRequest, Allowed, CaBundle, Certificates, Configuration, Denied, Endpoint, FailurePolicy, Mutated,
    Operation, SideEffects, Webhook, WebhookServer, Webhooks,
};

use crate::support::{Lantern, Notes, OldLantern, OldestLantern, converter};
use crate::tls::{authority, certificate, start};

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
            Some("eternal") if request.operation == Operation::Delete => Err(Denied::new("it burns for ever")),
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
    assert!(fields.into_iter().all(|fields| !fields.as_str().contains("f:by")));
    let black = create(&client, "black", "black").await;
    assert_eq!(
        black.as_ref().err().and_then(|error| error.status()?.details.as_ref()).map(|details| details.causes.len()),
        Some(1)
    );
    let message = "admission webhook \"validate.lantern.light.example.com\" denied the request: too dark";
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
async fn failures_refuse_or_are_ignored_as_the_policy_says() {
    for (policy, is_allowed) in [(FailurePolicy::Fail, false), (FailurePolicy::Ignore, true)] {
        let validating = |request: AdmissionRequest<Lantern>| async move {
            match request.object.map(|lantern| lantern.color).as_deref() {
                Some("slow") => tokio::time::sleep(Duration::from_secs(60)).await,
                Some("panic") => panic!("a bug"),
                _ => {}
            }
            Ok::<(), Denied>(())
        };
        let webhook = Webhook::validating(validating).failure_policy(policy).timeout(Duration::from_secs(3));
        let (server, client) = serve(Webhooks::new().with(webhook)).await;
        let panic = refused(create(&client, "panic", "panic").await);
        assert_eq!(
            (panic.0, panic.2.ends_with("denied the request: panic: a bug [recovered]")),
            (500, true),
            "{panic:?}"
        );
        // A server that answers too late, whatever it says, and one that is not there.
        let slow = |request: http::Request<http_body_util::Full<bytes::Bytes>>| async move {
            drop(request);
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Full::<bytes::Bytes>::default()))
        };
        server.serve_webhooks("lights.default.svc", crate::support::Function(slow));
        let late = create(&client, "late", "red").await;
        server.serve_webhooks("lights.default.svc", Webhooks::new());
        let missing = create(&client, "missing", "red").await;
        if is_allowed {
            late.and(missing).expect("failures are ignored");
            continue;
        }
        let call = "Internal error occurred: failed calling webhook \"validate.lantern.light.example.com\": failed to call webhook: ";
        let url = "Post \"https://lights.default.svc:443/validate-light-example-com-v1-lantern?timeout=3s\": ";
        let expected = (500, "InternalError".to_owned(), format!("{call}{url}context deadline exceeded"));
        assert_eq!(refused(late), expected);
        let expected = format!("{call}the server could not find the requested resource");
        assert_eq!(refused(missing).2, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_there_can_t_be_called() {
    let server = TestServer::in_process();
    server.load_yaml(DEFINITION).expect("the definition is right");
    let webhooks = Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) });
    install(&server.client(), "lights", &webhooks).await;
    let refusal = refused(create(&server.client(), "x", "red").await);
    assert!(refusal.2.ends_with("service \"lights\" not found"), "{refusal:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_is_refused_where_there_would_be_side_effects() {
    for (effects, is_allowed) in [(SideEffects::NoneOnDryRun, true), (SideEffects::None, true)] {
        let webhook = Webhook::validating(|request: AdmissionRequest<Lantern>| async move {
            assert!(request.dry_run && request.options.as_str().contains(r#""dryRun":["All"]"#));
            Ok::<(), Denied>(())
        });
        let (_server, client) = serve(Webhooks::new().with(webhook.side_effects(effects))).await;
        let dry = CreateRequest::namespaced("default", &lantern("x", "red")).dry_run("All").send(&client).await;
        assert_eq!(dry.is_ok(), is_allowed);
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

/// All versions are read, written, listed and watched; the hub is stored.
#[tokio::test(start_paused = true)]
async fn versions_are_converted() {
    let (server, client) = serve(Webhooks::new().convert(converter())).await;
    let watch = ListRequest::<OldLantern>::namespaced("default").request().clone();
    let first = OldLantern { paint: "red".into(), ..OldLantern::named("a") };
    let created = CreateRequest::namespaced("default", &first);
    assert_eq!(created.send(&client).await.expect("it is converted to be stored").paint, "red");
    let mut hub = ReadRequest::<Lantern>::namespaced("default", "a").send(&client).await.expect("the hub");
    assert_eq!((hub.color.as_str(), hub.bulbs), ("red", 1));
    hub.bulbs = 5;
    ReplaceRequest::namespaced("default", &hub).send(&client).await.expect("it is stored");
    let mut old = ReadRequest::<OldLantern>::namespaced("default", "a").send(&client).await.expect("it is converted");
    old.paint = "blue".into();
    ReplaceRequest::namespaced("default", &old).send(&client).await.expect("it is converted");
    let hub = ReadRequest::<Lantern>::namespaced("default", "a").send(&client).await.expect("the hub");
    assert_eq!((hub.color.as_str(), hub.bulbs), ("blue", 5), "the old version has kept what it can't hold");
    create(&client, "b", "red").await.expect("the hub");
    let oldest = ListRequest::<OldestLantern>::namespaced("default").send(&client).await.expect("a list");
    assert_eq!(oldest.items.iter().map(|lantern| lantern.is_red).collect::<Vec<_>>(), [false, true]);

    let mut watch = watch;
    watch.query.set("watch", true);
    let mut events = client.open(watch).await.expect("a watch");
    let mut text = String::new();
    while text.matches("ADDED").count() < 2 {
        text.push_str(std::str::from_utf8(&events.next().await.expect("events").expect("no error")).expect("text"));
    }
    let patch = Patch::merge(&serde_json::json!({"color": "green"}));
    PatchRequest::<Lantern>::namespaced("default", "b", &patch).send(&client).await.expect("it is changed");
    DeleteRequest::<Lantern>::namespaced("default", "b").send(&client).await.expect("it is deleted");
    while !text.contains("DELETED") {
        text.push_str(std::str::from_utf8(&events.next().await.expect("events").expect("no error")).expect("text"));
    }
    let colors: Vec<&str> = text.split("\"paint\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(colors, ["blue", "red", "green", "green"], "{text}");
    assert!(!text.contains("\"kind\":\"Lantern\",\"apiVersion\":\"light.example.com/v1\""), "{text}");

    server.serve_webhooks("lights.default.svc", Webhooks::new());
    ReadRequest::<Lantern>::namespaced("default", "a").send(&client).await.expect("the hub needs no conversion");
    let metadata = ObjectMeta { name: Some("c".into()), ..ObjectMeta::default() };
    let old = OldLantern { metadata, paint: "red".into() };
    let failed = refused(CreateRequest::namespaced("default", &old).send(&client).await);
    let expected = "conversion webhook for light.example.com/v1beta1, Kind=Lantern failed: the server could not find the requested resource";
    assert_eq!((failed.0, failed.2.as_str()), (500, expected));
}

/// A webhook for one version gets objects of all, converted to its own.
#[tokio::test(start_paused = true)]
async fn equivalent_requests_are_converted_for_webhooks() {
    let validating = |request: AdmissionRequest<Lantern>| async move {
        assert_eq!((&*request.kind.version, &*request.request_kind.version), ("v1", "v1beta1"));
        match request.object.map(|lantern| lantern.color).as_deref() {
            Some("black") => Err(Denied::new("too dark")),
            _ => Ok(()),
        }
    };
    let (_server, client) = serve(Webhooks::new().validate(validating).convert(converter())).await;
    let create = |paint: &str| {
        let (client, old) = (client.clone(), OldLantern { paint: paint.into(), ..OldLantern::named(paint) });
        async move { CreateRequest::namespaced("default", &old).send(&client).await }
    };
    create("red").await.expect("it is allowed");
    assert_eq!(refused(create("black").await).0, 403);
}

#[tokio::test]
async fn webhooks_are_called_over_the_network_too() {
    let (authority, server) = (authority(), TestServer::start().await.expect("a port"));
    let (pem, key) = certificate(&authority, "127.0.0.1");
    let webhooks = Webhooks::new().validate(|request: AdmissionRequest<ConfigMap>| async move {
        match request.name.as_str() {
            "bad" => Err("bad"),
            _ => Ok(()),
        }
    });
    let running =
        start(&WebhookServer::new(webhooks.clone(), Certificates::pem(&pem, &key).expect("a certificate"))).await;
    let endpoint = Endpoint::url(&format!("https://{}", running.address));
    let bundle = CaBundle::Pem(authority.pem().into_bytes());
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
