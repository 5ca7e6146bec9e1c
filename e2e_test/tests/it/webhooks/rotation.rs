//! The CA of webhooks is replaced while the API server calls them by HTTP/1.1, and while another replica begins to lead.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kubernetes_sdk::core::meta::v1::LabelSelector;
use kubernetes_sdk::core::{CreateRequest, ReadRequest};
use kubernetes_sdk::models::admissionregistration::v1::ValidatingWebhookConfiguration;
use kubernetes_sdk::models::core::v1::{ConfigMap, Secret, Service, ServiceSpec};
use kubernetes_sdk::webhooks::{
    AdmissionRequest, CaBundle, Caller, Configuration, Denied, Endpoint, ManagedCertificates, Webhook, WebhookServer,
    Webhooks,
};
use kubernetes_sdk::{Client, api};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::cluster;

const CONFIGURATION: &str = "e2e-rotation";
const WRITERS: usize = 4;

/// Runs until it is told to stop, and then releases the Lease.
fn run(managed: ManagedCertificates) -> (oneshot::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel::<()>();
    let running = async move {
        let shutdown = async { stopped.await.unwrap_or_default() };
        managed.run_until(shutdown).await.expect("the settings are valid");
    };
    (stop, tokio::spawn(running))
}

/// Connections of HTTP/2 have no header `host`.
fn webhooks(namespace: &str, others: &Arc<AtomicUsize>) -> Webhooks {
    let selector =
        LabelSelector { match_labels: [("kubernetes.io/metadata.name", namespace)].into(), ..LabelSelector::default() };
    let guard = Webhook::validating(|request: AdmissionRequest<ConfigMap>| async move {
        match request.object.is_some_and(|map| map.data.contains_key("bad")) {
            true => Err(Denied::new("bad")),
            false => Ok(()),
        }
    });
    let others = Arc::clone(others);
    Webhooks::new().with(guard.namespace_selector(selector)).authenticate_callers(move |caller: Caller| {
        if !caller.headers().contains_key("host") {
            others.fetch_add(1, Ordering::SeqCst);
        }
        async { Ok(()) }
    })
}

async fn bundle(client: &Client) -> Vec<u8> {
    let request = ReadRequest::<ValidatingWebhookConfiguration>::cluster(CONFIGURATION);
    let configuration = request.send(client).await.expect("the configuration");
    configuration.webhooks[0].client_config.ca_bundle.clone().map(|bundle| bundle.0).unwrap_or_default()
}

async fn create(client: &Client, namespace: &str, map: &ConfigMap) -> Result<(), String> {
    let request = CreateRequest::namespaced(namespace, map).dry_run("All");
    request.send(client).await.map(drop).map_err(|error| error.to_string())
}

/// Creates objects all the time, each of which the webhook must admit.
struct Writers {
    is_over: Arc<AtomicBool>,
    created: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<()>>,
}

impl Writers {
    fn start(client: &Client, namespace: &str) -> Self {
        let (is_over, created) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let write = |index| {
            let (client, namespace) = (client.clone(), namespace.to_owned());
            let (is_over, created) = (Arc::clone(&is_over), Arc::clone(&created));
            tokio::spawn(async move {
                let map = ConfigMap::named(format!("map-{index}"));
                while !is_over.load(Ordering::SeqCst) {
                    create(&client, &namespace, &map).await.expect("the webhook admits it");
                    created.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
        };
        let tasks = (0..WRITERS).map(write).collect();
        Self { is_over, created, tasks }
    }

    /// Ends; returns how many objects were admitted.
    async fn stop(self) -> usize {
        self.is_over.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.expect("no create has failed");
        }
        self.created.load(Ordering::SeqCst)
    }
}

/// Webhooks of Services are called by HTTP/1.1, wherever these lead.
async fn lead_here(client: &Client, namespace: &str) {
    let mut service = Service::named("webhooks");
    service.spec = ServiceSpec {
        type_: Some("ExternalName".into()),
        external_name: Some("localhost".into()),
        ..ServiceSpec::default()
    }
    .into();
    CreateRequest::namespaced(namespace, &service).send(client).await.expect("the Service is created");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_rotated_under_load_while_the_leader_changes() {
    let (client, namespace) = cluster::namespace("rotation").await;
    lead_here(&client, &namespace).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let endpoint = Endpoint::service(&namespace, "webhooks").port(port);
    let others = Arc::new(AtomicUsize::new(0));
    let webhooks = webhooks(&namespace, &others);
    let configuration = Configuration::new(CONFIGURATION, &webhooks, &endpoint, &CaBundle::Unset);
    configuration.apply(&client, "e2e").await.expect("the server takes the configuration");
    let managed = || {
        ManagedCertificates::new(&client, &namespace, "webhook-ca", &endpoint)
            .configuration(&configuration)
            .ca_lifetime(Duration::from_secs(30))
            .certificate_lifetime(Duration::from_secs(9))
            .overlap(Duration::from_secs(3))
            .interval(Duration::from_millis(500))
    };
    // The first leads, and the API server calls the second.
    let first = run(managed());
    while bundle(&client).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let second = managed();
    // Connections are short, so that there is a handshake with each certificate.
    let server = WebhookServer::new(webhooks, second.certificates()).max_connection_age(Duration::from_secs(1));
    let second = run(second);
    let (stop, stopped) = oneshot::channel::<()>();
    let serving =
        tokio::spawn(async move { server.serve(listener, async { stopped.await.unwrap_or_default() }).await });
    let mut bad = ConfigMap::named("bad");
    bad.data.insert("bad", "yes");
    let ready = async {
        while !create(&client, &namespace, &bad).await.is_err_and(|error| error.contains("denied the request: bad")) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(cluster::LIMIT, ready).await.expect("the API server trusts the webhook");

    let writers = Writers::start(&client, &namespace);
    rotate(&client, &namespace, first).await;
    let created = writers.stop().await;
    assert!(created > 500, "{created}");
    assert_eq!(others.load(Ordering::SeqCst), 0, "calls that were not HTTP/1.1");

    stop.send(()).expect("it runs");
    second.0.send(()).expect("it runs");
    serving.await.expect("no panic").expect("the server can serve");
    second.1.await.expect("no panic");
    api::admissionregistration::v1::delete_validating_webhook_configuration(CONFIGURATION)
        .send(&client)
        .await
        .expect("the configuration is deleted");
    api::core::v1::delete_namespace(&namespace).send(&client).await.expect("the namespace is deleted");
}

/// Waits until the first CA has expired. Its leader is gone as soon as there is a successor.
async fn rotate(client: &Client, namespace: &str, leader: (oneshot::Sender<()>, JoinHandle<()>)) {
    let old = bundle(client).await;
    let (start, mut leader, mut bundles) = (Instant::now(), Some(leader), vec![old.clone()]);
    loop {
        let secret = ReadRequest::<Secret>::namespaced(namespace, "webhook-ca").send(client).await.expect("the Secret");
        if secret.data.contains_key("next-ca.crt")
            && let Some((stop, task)) = leader.take()
        {
            stop.send(()).expect("it runs");
            task.await.expect("no panic");
        }
        let bundle = bundle(client).await;
        if bundles.last() != Some(&bundle) {
            bundles.push(bundle.clone());
        }
        if !String::from_utf8_lossy(&bundle).contains(String::from_utf8_lossy(&old).trim()) {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "the CA is still trusted, after {} bundles", bundles.len());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(leader.is_none() && bundles.len() >= 3, "{}", bundles.len());
}
