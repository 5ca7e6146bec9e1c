//! Certificates that are replaced while the client works.

use std::fs;
use std::future::{Ready, ready};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use http::Request;
use hyper::body::Incoming;
use kubernetes_client::Client;
use kubernetes_config::{ClientIdentity, Config, Credentials};
use kubernetes_core::Execute;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tempfile::TempDir;

use crate::certificates::{Authority, Signed};
use crate::exec::{Plugin, TOKEN, with_exec};
use crate::server::{Answer, Server, answer, hello, provider, streamed, tls_config};
use crate::{chain, config, fetch, get, pass};

const PROTOCOLS: [&str; 2] = ["h2", "http/1.1"];

/// A client's certificate in files.
struct Files(TempDir);

impl Files {
    fn new(signed: &Signed) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write(signed);
        files
    }

    fn write(&self, signed: &Signed) {
        fs::write(self.0.path().join("tls.crt"), &signed.pem).unwrap();
        fs::write(self.0.path().join("tls.key"), signed.key_pem()).unwrap();
    }

    fn identity(&self, signed: &Signed) -> ClientIdentity {
        let mut identity = ClientIdentity::new(signed.pem.clone(), signed.key_pem());
        identity.certificate_file = Some(self.0.path().join("tls.crt"));
        identity.key_file = Some(self.0.path().join("tls.key"));
        identity
    }
}

/// A server that asks for certificates of `authority`, and a client's configuration that trusts it.
async fn mutual<F>(
    authority: &Authority,
    alpn: &str,
    handler: impl Fn(Request<Incoming>) -> F + Send + Sync + 'static,
) -> (Server, Config)
where
    F: Future<Output = Answer> + Send + 'static,
{
    let tls = tls_config(&authority.server(&["127.0.0.1"]), &[alpn], Some(authority));
    let server = Server::tls(tls, handler).await;
    let mut config = config(&server.url("https"));
    config.certificate_authority = Some(authority.pem.clone().into_bytes());
    (server, config)
}

/// A client without time limits, which the jumps of the clock would exceed.
fn patient(config: Config) -> Client {
    Client::builder(config).request_timeout(None).connect_timeout(None).build().unwrap()
}

/// Requests without a pause, until the load is stopped.
struct Load {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicUsize>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(client: &Client) -> Self {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let task = || {
            let (client, stop, sent) = (client.clone(), Arc::clone(&stop), Arc::clone(&sent));
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    assert_eq!(fetch(&client).await.map_err(|error| chain(&error)).unwrap(), "hello");
                    sent.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        let tasks = (0..8).map(|_| task()).collect();
        Self { stop, sent, tasks }
    }

    /// Lets so many more requests through.
    async fn run(&self, requests: usize) {
        let target = self.sent.load(Ordering::SeqCst) + requests;
        while self.sent.load(Ordering::SeqCst) < target && !self.tasks.iter().any(|task| task.is_finished()) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.expect("no request failed");
        }
    }
}

#[tokio::test]
async fn a_client_certificate_is_read_again_when_its_files_change() {
    for alpn in PROTOCOLS {
        let authority = Authority::new();
        let (old, new) = (authority.client("alice"), authority.client("alice"));
        let files = Files::new(&old);
        let (server, mut config) = mutual(&authority, alpn, hello).await;
        config.client_identity = Some(files.identity(&old));
        let client = patient(config);

        let load = Load::start(&client);
        load.run(50).await;
        // While it is being written, certificate and key do not fit.
        fs::write(files.0.path().join("tls.crt"), &new.pem).unwrap();
        pass(Duration::from_secs(61)).await;
        load.run(50).await;
        assert!(server.peers().iter().all(|peer| peer.as_ref() == Some(&old.der)));

        fs::write(files.0.path().join("tls.key"), new.key_pem()).unwrap();
        load.run(50).await;
        assert!(server.peers().iter().all(|peer| peer.as_ref() == Some(&old.der)), "it is not read all the time");
        pass(Duration::from_secs(61)).await;
        load.run(50).await;
        let connections = server.connections();
        load.run(50).await;
        load.stop().await;
        assert_eq!(server.peers().last().unwrap().as_ref(), Some(&new.der), "{alpn}");
        assert_eq!(server.connections(), connections, "{alpn}: the new connections are kept");
    }
}

#[tokio::test]
async fn a_response_that_is_under_way_outlives_its_certificate() {
    let authority = Authority::new();
    let (old, new) = (authority.client("alice"), authority.client("alice"));
    let files = Files::new(&old);
    let (sender, response) = streamed();
    let response = Mutex::new(Some(response));
    let handler = move |request: Request<Incoming>| {
        let is_watch = request.uri().path() == "/watch";
        let response = if is_watch { response.lock().unwrap().take().unwrap() } else { answer(200, "hello") };
        async move { response }
    };
    let (server, mut config) = mutual(&authority, "h2", handler).await;
    config.client_identity = Some(files.identity(&old));
    let client = Client::new(config).unwrap();

    sender.send("one").await.unwrap();
    let mut body = client.open(get("/watch")).await.unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "one");
    files.write(&new);
    pass(Duration::from_secs(61)).await;
    fetch(&client).await.unwrap();
    assert_eq!(server.peers(), [Some(old.der.clone()), Some(new.der.clone())]);
    sender.send("two").await.unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "two");
    drop(sender);
    assert!(body.next().await.is_none());
}

/// Refuses one request on demand, as the API server after a certificate has expired: TLS goes on, and the
/// user is unknown.
fn refused_when_told(refuses: &Arc<AtomicBool>) -> impl Fn(Request<Incoming>) -> Ready<Answer> + use<> {
    let refuses = Arc::clone(refuses);
    move |_| ready(answer(if refuses.swap(false, Ordering::SeqCst) { 401 } else { 200 }, "hello"))
}

#[tokio::test]
async fn files_are_read_at_once_when_the_server_refuses_the_certificate() {
    let authority = Authority::new();
    let (old, new) = (authority.client("alice"), authority.client("alice"));
    let files = Files::new(&old);
    let refuses = Arc::new(AtomicBool::new(false));
    let (server, mut config) = mutual(&authority, "h2", refused_when_told(&refuses)).await;
    config.client_identity = Some(files.identity(&old));
    let client = Client::new(config).unwrap();
    fetch(&client).await.unwrap();

    refuses.store(true, Ordering::SeqCst);
    assert!(fetch(&client).await.unwrap_err().is_unauthorized(), "there is no other");
    files.write(&new);
    refuses.store(true, Ordering::SeqCst);
    assert_eq!(fetch(&client).await.unwrap(), "hello");
    assert_eq!(server.peers(), [Some(old.der.clone()), Some(new.der.clone())]);
}

#[tokio::test]
async fn files_are_read_at_once_when_tls_refuses_the_certificate() {
    for alpn in PROTOCOLS {
        let authority = Authority::new();
        let (expired, new) = (authority.expired_client("alice"), authority.client("alice"));
        let files = Files::new(&expired);
        let (server, mut config) = mutual(&authority, alpn, hello).await;
        config.client_identity = Some(files.identity(&expired));
        let client = Client::new(config).unwrap();

        // Also when many find it out at once.
        for result in join_all((0..20).map(|_| fetch(&client))).await {
            let error = result.unwrap_err();
            assert!(error.is_certificate() && !error.is_retryable(), "{alpn}: {error:?}");
        }
        files.write(&new);
        assert_eq!(fetch(&client).await.unwrap(), "hello");
        assert_eq!(server.peers(), [Some(new.der)], "{alpn}");
    }
}

#[tokio::test]
async fn a_refused_certificate_in_files_is_read_again_beside_other_credentials() {
    let plugin = Plugin::new(TOKEN);
    let token = tempfile::NamedTempFile::new().unwrap();
    fs::write(token.path(), "from-file").unwrap();
    for credentials in
        [Credentials::TokenFile(token.path().to_owned()), Credentials::Exec(Box::new(plugin.exec.clone()))]
    {
        let authority = Authority::new();
        let (expired, new) = (authority.expired_client("alice"), authority.client("alice"));
        let files = Files::new(&expired);
        let (server, mut config) = mutual(&authority, "h2", hello).await;
        config.client_identity = Some(files.identity(&expired));
        config.credentials = credentials;
        let client = Client::new(config).unwrap();

        assert!(fetch(&client).await.unwrap_err().is_certificate());
        files.write(&new);
        // Each of those that find it out at once, also when another one has read the files.
        for result in join_all((0..20).map(|_| fetch(&client))).await {
            assert_eq!(result.unwrap(), "hello");
        }
        assert_eq!(server.peers(), [Some(new.der)]);
    }
    assert_eq!(plugin.runs(), 1, "another token does not help");
}

#[tokio::test]
async fn an_unknown_user_gets_another_certificate_when_there_is_no_other_token() {
    let authority = Authority::new();
    let (old, new) = (authority.client("alice"), authority.client("alice"));
    let files = Files::new(&old);
    let refuses = Arc::new(AtomicBool::new(false));
    let (server, mut config) = mutual(&authority, "h2", refused_when_told(&refuses)).await;
    let token = tempfile::NamedTempFile::new().unwrap();
    fs::write(token.path(), "from-file").unwrap();
    config.client_identity = Some(files.identity(&old));
    config.credentials = Credentials::TokenFile(token.path().to_owned());
    let client = Client::new(config).unwrap();
    fetch(&client).await.unwrap();

    files.write(&new);
    refuses.store(true, Ordering::SeqCst);
    assert_eq!(fetch(&client).await.unwrap(), "hello");
    assert_eq!(server.peers(), [Some(old.der), Some(new.der)]);
}

#[tokio::test]
async fn a_certificate_of_an_exec_plugin_is_used_and_replaced() {
    for alpn in PROTOCOLS {
        let authority = Authority::new();
        let signed = [authority.client("alice"), authority.client("alice"), authority.client("alice")];
        let plugin = Plugin::new(
            r#"
            [ $run -gt 3 ] && run=3
            text() { awk '{ printf "%s\\n", $0 }' "$1"; }
            credential "$(printf '"clientCertificateData": "%s", "clientKeyData": "%s", "expirationTimestamp": "%s"' \
                "$(text $run.crt)" "$(text $run.key)" "$(cat expires)")"
            "#,
        );
        for (index, signed) in signed.iter().enumerate() {
            fs::write(plugin.file(&format!("{}.crt", index + 1)), &signed.pem).unwrap();
            fs::write(plugin.file(&format!("{}.key", index + 1)), signed.key_pem()).unwrap();
        }
        fs::write(plugin.file("expires"), "1999-12-31T23:59:59Z").unwrap();
        let (server, config) = mutual(&authority, alpn, hello).await;
        let client = patient(with_exec(config, &plugin.exec));

        let load = Load::start(&client);
        load.run(30).await;
        for _ in 0..3 {
            pass(Duration::from_secs(3)).await;
            load.run(30).await;
        }
        // The same certificate again does not call for new connections.
        let connections = server.connections();
        pass(Duration::from_secs(3)).await;
        load.run(30).await;
        load.stop().await;
        assert_eq!((plugin.runs(), server.connections()), (5, connections), "{alpn}");
        let mut seen = server.peers();
        seen.dedup();
        assert_eq!(seen, signed.map(|signed| Some(signed.der)), "{alpn}");
    }
}

/// A server's certificate that the test replaces.
#[derive(Debug)]
struct Current(Mutex<Arc<CertifiedKey>>);

impl Current {
    fn new(signed: &Signed) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Self::key(signed))))
    }

    fn set(&self, signed: &Signed) {
        *self.0.lock().unwrap() = Self::key(signed);
    }

    fn key(signed: &Signed) -> Arc<CertifiedKey> {
        Arc::new(CertifiedKey::from_der(vec![signed.der.clone()], signed.key_der(), &provider()).unwrap())
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.lock().unwrap()))
    }
}

/// A server that closes after each answer, so that each request verifies its certificate.
async fn closing(signed: &Signed) -> (Server, Arc<Current>) {
    let current = Current::new(signed);
    let mut tls: ServerConfig = tls_config(signed, &["http/1.1"], None);
    tls.cert_resolver = Arc::clone(&current) as Arc<dyn ResolvesServerCert>;
    // A session that is resumed needs no certificate.
    tls.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    tls.send_tls13_tickets = 0;
    let server = Server::tls(tls, |_| async {
        let mut answer = answer(200, "hello");
        answer.headers_mut().insert("connection", http::HeaderValue::from_static("close"));
        answer
    })
    .await;
    (server, current)
}

fn trusting_file(server: &Server, path: &Path) -> Config {
    let mut config = config(&server.url("https"));
    config.certificate_authority = Some(fs::read(path).unwrap());
    config.certificate_authority_file = Some(path.to_owned());
    config
}

#[tokio::test]
async fn authorities_are_replaced_under_load() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.crt");
    let (old, new) = (Authority::new(), Authority::new());
    fs::write(&path, &old.pem).unwrap();
    let (server, current) = closing(&old.server(&["127.0.0.1"])).await;
    let client = patient(trusting_file(&server, &path));

    let load = Load::start(&client);
    load.run(20).await;
    // First both are trusted, then the server changes, then only the new one is.
    fs::write(&path, format!("{}{}", old.pem, new.pem)).unwrap();
    load.run(20).await;
    current.set(&new.server(&["127.0.0.1"]));
    load.run(20).await;
    fs::write(&path, &new.pem).unwrap();
    pass(Duration::from_secs(61)).await;
    load.run(20).await;
    load.stop().await;

    // What is no longer trusted is refused.
    current.set(&old.server(&["127.0.0.1"]));
    let error = fetch(&client).await.unwrap_err();
    assert!(error.is_connect() && error.is_certificate(), "{error:?}");
}

#[tokio::test]
async fn the_last_good_authority_is_trusted_while_its_file_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.crt");
    let (authority, other) = (Authority::new(), Authority::new());
    fs::write(&path, &authority.pem).unwrap();
    let (server, current) = closing(&authority.server(&["127.0.0.1"])).await;
    let client = Client::new(trusting_file(&server, &path)).unwrap();
    let spoil: [&dyn Fn(); 3] = [
        &|| fs::write(&path, "").unwrap(),
        &|| fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA").unwrap(),
        &|| fs::remove_file(&path).unwrap(),
    ];
    for spoil in spoil {
        spoil();
        pass(Duration::from_secs(61)).await;
        fetch(&client).await.unwrap();
        current.set(&other.server(&["127.0.0.1"]));
        assert!(fetch(&client).await.unwrap_err().is_certificate(), "nobody else is trusted");
        current.set(&authority.server(&["127.0.0.1"]));
    }
}
