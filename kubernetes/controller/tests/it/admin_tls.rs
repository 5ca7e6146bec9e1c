//! The admin endpoints over TLS, as a kubelet and Prometheus reach them.

use std::fs;
use std::net::SocketAddr;
use std::path::Path as FilePath;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use http::Method;
use kubernetes_client::{Client, Error};
use kubernetes_config::{ClientIdentity, Config, Credentials};
use kubernetes_controller::{Admin, Certificates, CertificatesError, Manager, ServiceContext, Settings, Tls};
use kubernetes_core::{CreateRequest, Execute as _, Path, Request};
use kubernetes_models::authentication::v1::TokenRequest;
use kubernetes_models::core::v1::ServiceAccount;
use kubernetes_testing::{Access, TestServer};
use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A certificate for 127.0.0.1, which is its own CA.
fn write_certificate(folder: &FilePath) -> String {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    fs::write(folder.join("tls.crt"), &certificate).expect("a file");
    fs::write(folder.join("tls.key"), key.serialize_pem()).expect("a file");
    certificate
}

/// Reads a path with a client that trusts this certificate alone; none, and it trusts any, as a kubelet does.
async fn get(address: SocketAddr, ca: Option<&str>, path: &'static str, token: Option<&str>) -> Result<String, Error> {
    let mut config = Config::new(format!("https://{address}").parse().expect("a URL"));
    config.certificate_authority = ca.map(Into::into);
    config.insecure_skip_tls_verify = ca.is_none();
    if let Some(token) = token {
        config.credentials = Credentials::Token(token.into());
    }
    read(config, path).await
}

async fn read(config: Config, path: &'static str) -> Result<String, Error> {
    let client = Client::builder(config).retries(0).build()?;
    let body = client.open(Request::new(Method::GET, Path::new(path, &[]))).await?;
    let chunks: Vec<_> = body.try_collect().await?;
    Ok(String::from_utf8(chunks.concat()).expect("text"))
}

/// Endpoints on a port, and what makes them shut down.
async fn serve(tls: Tls) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<Result<(), CertificatesError>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (address, (stop, stopped)) = (listener.local_addr().expect("an address"), oneshot::channel::<()>());
    let shutdown = async { stopped.await.unwrap_or_default() };
    (address, stop, tokio::spawn(async move { Admin::default().serve_tls(listener, &tls, shutdown).await }))
}

/// Lets the time pass after which files are read again.
async fn pass() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn endpoints_are_served_over_tls_with_the_latest_certificate() {
    let folder = TempDir::new().expect("a folder");
    let first = write_certificate(folder.path());
    let files = |name: &str| folder.path().join(name);
    let certificates = Certificates::files(files("tls.crt"), files("tls.key")).expect("certificates");
    let (address, stop, serving) = serve(Tls::new(&certificates)).await;
    assert_eq!(get(address, Some(&first), "/livez", None).await.expect("a response"), "ok");
    assert_eq!(get(address, None, "/readyz", None).await.expect("a probe verifies nothing"), "ok");

    let second = write_certificate(folder.path());
    pass().await;
    assert_eq!(get(address, Some(&second), "/livez", None).await.expect("a response"), "ok");
    get(address, Some(&first), "/livez", None).await.expect_err("the old certificate is gone");
    stop.send(()).expect("it runs");
    serving.await.expect("no panic").expect("the settings are valid");
    assert!(TcpStream::connect(address).await.is_err());
}

/// The file of their CAs is read again, too.
#[tokio::test]
async fn client_certificates_can_be_demanded() {
    let folders = [(); 3].map(|()| TempDir::new().expect("a folder"));
    let [ca, first, second] = folders.each_ref().map(|folder| write_certificate(folder.path()));
    let file = |folder: usize, name: &str| folders[folder].path().join(name);
    let certificates = Certificates::files(file(0, "tls.crt"), file(0, "tls.key")).expect("certificates");
    fs::write(file(0, "clients.crt"), &first).expect("a file");
    let tls = Tls::new(&certificates);
    tls.clone().client_ca("no PEM").check().expect_err("it has no CA");
    let (address, _stop, _serving) = serve(tls.client_ca_file(file(0, "clients.crt"))).await;
    let get_as = async |folder: Option<usize>| {
        let mut config = Config::new(format!("https://{address}").parse().expect("a URL"));
        config.certificate_authority = Some(ca.as_str().into());
        config.client_identity = folder.map(|folder| {
            let [certificate, key] = ["tls.crt", "tls.key"].map(|name| fs::read_to_string(file(folder, name)));
            ClientIdentity::new(certificate.expect("a certificate"), key.expect("its key"))
        });
        read(config, "/livez").await
    };
    assert_eq!(get_as(Some(1)).await.expect("a response"), "ok");
    get_as(Some(2)).await.expect_err("it is another's");
    get_as(None).await.expect_err("there is none");
    fs::write(file(0, "clients.crt"), &second).expect("a file");
    pass().await;
    assert_eq!(get_as(Some(2)).await.expect("a response"), "ok");
    get_as(Some(1)).await.expect_err("its CA is gone");
}

/// The token of a new service account.
async fn token_of(client: &Client, name: &str) -> String {
    CreateRequest::namespaced("default", &ServiceAccount::named(name)).send(client).await.expect("an account");
    let path = Path::of::<ServiceAccount>(Some("default")).object(name).subresource("token");
    let request: TokenRequest =
        CreateRequest::at(path, &TokenRequest::default()).send(client).await.expect("it gets a token");
    request.status.and_then(|status| status.token.as_ref().map(ToString::to_string)).expect("a token")
}

/// An address that was free a moment ago.
async fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address")
}

async fn wait(context: ServiceContext) -> Result<(), std::io::Error> {
    context.shutdown().await;
    Ok(())
}

fn settings(address: SocketAddr, folder: &FilePath) -> Settings {
    let mut settings = Settings::new("operator");
    let flags = [
        "--leader-elect=false".to_owned(),
        format!("--admin-bind-address={address}"),
        format!("--admin-tls-cert-dir={}", folder.display()),
        "--authorize-metrics".to_owned(),
    ];
    settings.read_args(flags).expect("valid flags");
    settings
}

#[tokio::test]
async fn a_manager_reads_tokens_for_its_metrics_over_tls_alone() {
    let (server, folder) = (TestServer::in_process(), TempDir::new().expect("a folder"));
    let client = server.client();
    let token = token_of(&client, "prometheus").await;
    server.on_access_review(|attributes| match (attributes.verb.as_str(), attributes.path.as_str()) {
        ("get", "/metrics") => Access::Allowed,
        _ => Access::Denied("no role".to_owned()),
    });
    let (ca, address) = (write_certificate(folder.path()), free_address().await);
    let manager = Manager::new(&client, "example.com/operator", settings(address, folder.path()));
    let (stop, stopped) = oneshot::channel::<()>();
    let running = manager.service("wait", wait).run_until(async { stopped.await.unwrap_or_default() });
    let running = tokio::spawn(running);
    while TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let metrics = get(address, Some(&ca), "/metrics", Some(&token)).await.expect("the metrics");
    let reads = format!("certwatcher_read_certificate_total{{certificate=\"{}/tls.crt\"}} 1", folder.path().display());
    assert!(metrics.contains(&reads), "{metrics}");
    let refused = get(address, Some(&ca), "/metrics", None).await.expect_err("there is no token");
    assert!(refused.is_unauthorized(), "{refused}");
    assert_eq!(get(address, None, "/livez", None).await.expect("a probe needs no token"), "ok");
    let plain = Config::new(format!("http://{address}").parse().expect("a URL"));
    let plain = Client::builder(plain).retries(0).build().expect("a client");
    assert!(plain.open(Request::new(Method::GET, Path::new("/livez", &[]))).await.is_err(), "there is TLS alone");
    stop.send(()).expect("it runs");
    running.await.expect("no panic").expect("an orderly end");
}

#[tokio::test]
async fn certificates_that_can_not_be_used_are_an_error() {
    let (server, folder) = (TestServer::in_process(), TempDir::new().expect("a folder"));
    let manager = Manager::new(&server.client(), "example.com/operator", settings(free_address().await, folder.path()));
    let error = manager.service("wait", wait).run_until(std::future::pending()).await.expect_err("no files");
    let text = error.to_string();
    assert!(text.starts_with("can't serve the admin endpoints over TLS: can't use "), "{text}");
    assert!(text.contains("tls.crt"), "{text}");
}

/// Such as those that the program's webhooks have.
#[tokio::test]
async fn certificates_of_the_program_take_precedence() {
    let (server, folder, unused) =
        (TestServer::in_process(), TempDir::new().expect("a folder"), TempDir::new().expect("another"));
    let (ca, address) = (write_certificate(folder.path()), free_address().await);
    let certificates = Certificates::unset();
    let manager = Manager::new(&server.client(), "example.com/operator", settings(address, unused.path()));
    let manager = manager.admin_certificates(&certificates).service("wait", wait);
    let running = tokio::spawn(manager.run_until(std::future::pending()));
    while TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    get(address, None, "/livez", None).await.expect_err("there is no certificate yet");
    let read = |name: &str| fs::read(folder.path().join(name)).expect("a file");
    certificates.set(&read("tls.crt"), &read("tls.key")).expect("a certificate");
    assert_eq!(get(address, Some(&ca), "/livez", None).await.expect("a response"), "ok");
    running.abort();
}
