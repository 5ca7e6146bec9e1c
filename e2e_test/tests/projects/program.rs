//! A user's program with crates of other projects' custom resources: objects of three projects are created, read from a
//! watch, changed and deleted.

use std::error::Error;
use std::time::Duration;

use cert_manager::api::cert_manager_io::v1 as cert_manager_v1;
use cert_manager::models::cert_manager_io::v1::{Certificate, Issuer, certificate, issuer};
use futures::TryStreamExt;
use gateway_api::api::gateway_networking_k8s_io::v1 as gateway_v1;
use gateway_api::models::gateway_networking_k8s_io::v1::{HTTPRoute, http_route};
use kubernetes_sdk::core::ListRequest;
use kubernetes_sdk::watch::{Event, Watch};
use kubernetes_sdk::{Client, Patch};
use prometheus_operator::api::monitoring_coreos_com::v1 as monitoring_v1;
use prometheus_operator::models::monitoring_coreos_com::v1::{ServiceMonitor, service_monitor};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let namespace = std::env::args().nth(1).ok_or("which namespace?")?;
    let client = Client::from_env()?;
    certificates(&client, &namespace).await?;
    routes(&client, &namespace).await?;
    monitors(&client, &namespace).await
}

async fn certificates(client: &Client, namespace: &str) -> Result<()> {
    let self_signed = Some(issuer::spec::SelfSigned::default().into());
    let spec = issuer::Spec { self_signed, ..Default::default() };
    let issuer = Issuer::named("own").with_spec(spec);
    let created = cert_manager_v1::create_namespaced_issuer(namespace, &issuer).send(client).await?;
    assert!(created.spec.self_signed.is_some(), "an empty object is kept");

    let spec = certificate::Spec {
        dns_names: Some(vec!["shop.example.com".into()]),
        secret_name: "shop-tls".into(),
        issuer_ref: certificate::spec::IssuerRef { name: "own".into(), ..Default::default() },
        ..Default::default()
    };
    let certificate = Certificate::named("shop").with_spec(spec);
    cert_manager_v1::create_namespaced_certificate(namespace, &certificate).send(client).await?;
    let shop = first(client, cert_manager_v1::list_namespaced_certificate(namespace)).await?;
    let names = shop.spec.and_then(|spec| spec.dns_names).unwrap_or_default();
    assert_eq!(names, ["shop.example.com"]);
    cert_manager_v1::delete_namespaced_certificate(namespace, "shop").send(client).await?;
    Ok(())
}

async fn routes(client: &Client, namespace: &str) -> Result<()> {
    let backend = http_route::spec::rules::BackendRefs { name: "shop".into(), port: Some(8080), ..Default::default() };
    let rule = http_route::spec::Rules { backend_refs: Some(vec![backend]), ..Default::default() };
    let spec = http_route::Spec {
        hostnames: Some(vec!["shop.example.com".into()]),
        parent_refs: Some(vec![http_route::spec::ParentRefs { name: "entry".into(), ..Default::default() }]),
        rules: Some(vec![rule]),
        ..Default::default()
    };
    let route = HTTPRoute::named("shop").with_spec(spec);
    gateway_v1::create_namespaced_http_route(namespace, &route).send(client).await?;
    let shop = first(client, gateway_v1::list_namespaced_http_route(namespace)).await?;
    let matches: Vec<_> = shop.spec.rules.iter().flatten().flat_map(|rule| rule.matches.iter().flatten()).collect();
    let path = matches.first().and_then(|one| one.path.as_ref()).ok_or("the server sets a default")?;
    assert_eq!(path.type_, Some(http_route::spec::rules::matches::path::Type::PathPrefix));
    assert_eq!(path.value.as_deref(), Some("/"));

    let patch = Patch::merge(&serde_json::json!({"spec": {"hostnames": ["store.example.com"]}}));
    let patched = gateway_v1::patch_namespaced_http_route(namespace, "shop", &patch).send(client).await?;
    assert_eq!(patched.spec.hostnames.as_deref().unwrap_or_default(), ["store.example.com"]);
    let replaced = gateway_v1::replace_namespaced_http_route(namespace, "shop", &patched).send(client).await?;
    assert_eq!(replaced.spec, patched.spec, "what is read can be written");
    let wrong = Patch::merge(&serde_json::json!({"spec": {"hostnames": ["-"]}}));
    let answer = gateway_v1::patch_namespaced_http_route(namespace, "shop", &wrong).send(client).await;
    assert!(answer.is_err_and(|error| error.is_invalid()), "the server knows the pattern");
    gateway_v1::delete_namespaced_http_route(namespace, "shop").send(client).await?;
    Ok(())
}

async fn monitors(client: &Client, namespace: &str) -> Result<()> {
    let spec = service_monitor::Spec {
        endpoints: vec![service_monitor::spec::Endpoints { target_port: Some("metrics".into()), ..Default::default() }],
        selector: service_monitor::spec::Selector {
            match_labels: Some([("app", "shop")].into_iter().collect()),
            ..Default::default()
        },
        ..Default::default()
    };
    let monitor = ServiceMonitor::named("shop").with_spec(spec);
    monitoring_v1::create_namespaced_service_monitor(namespace, &monitor).send(client).await?;
    let shop = first(client, monitoring_v1::list_namespaced_service_monitor(namespace)).await?;
    let labels = shop.spec.selector.match_labels.unwrap_or_default();
    assert_eq!(labels.get("app").map(|app| app.as_str()), Some("shop"));
    monitoring_v1::delete_collection_namespaced_service_monitor(namespace).send(client).await?;
    let left = monitoring_v1::list_namespaced_service_monitor(namespace).send(client).await?;
    assert!(left.items.is_empty());
    Ok(())
}

/// The first object that a watch gives, of what is there already.
async fn first<K>(client: &Client, list: ListRequest<K>) -> Result<K>
where
    K: kubernetes_sdk::core::Object + kubernetes_sdk::core::Watchable,
{
    let mut events = Watch::new(client).stream(list);
    loop {
        let event = tokio::time::timeout(Duration::from_secs(60), events.try_next()).await?;
        if let Event::Added(object) = event?.ok_or("the stream goes on")? {
            return Ok(object);
        }
    }
}
