//! Through proxies that write down where they were asked to go.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use kubernetes_client::{Client, Error};
use kubernetes_config::{Config, Environment, ProxyRules};
use kubernetes_core::Execute;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use crate::certificates::Authority;
use crate::server::{Server, hello, tls_config};
use crate::{chain, config, fetch, get};

/// The server's name, which only the proxies of these tests can find.
const NAME: &str = "api.example.invalid";

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Http,
    Https,
    Socks,
    /// Answers every CONNECT with this.
    Refusing(&'static str),
}

/// Connects to one server, whatever it is asked for.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    pub(crate) authority: Authority,
    seen: Arc<Mutex<Vec<String>>>,
    accepting: AbortHandle,
}

impl Proxy {
    pub(crate) async fn start(kind: Kind, server: &Server) -> Self {
        let authority = Authority::new();
        let tls = tls_config(&authority.server(&["127.0.0.1"]), &[], None);
        let tls = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (record, server) = (Arc::clone(&seen), server.address);
        let accepting = tokio::spawn(async move {
            let mut carrying = tokio::task::JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (tls, record) = (tls.clone(), Arc::clone(&record));
                carrying.spawn(async move {
                    match kind {
                        Kind::Https => {
                            // A handshake that fails is for the client to tell.
                            let Ok(socket) = tls.accept(socket).await else { return };
                            http(socket, kind, &record, server).await;
                        }
                        Kind::Http | Kind::Refusing(_) => http(socket, kind, &record, server).await,
                        Kind::Socks => socks(socket, &record, server).await,
                    }
                });
            }
        })
        .abort_handle();
        Self { address, authority, seen, accepting }
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn http<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: S,
    kind: Kind,
    record: &Mutex<Vec<String>>,
    server: SocketAddr,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = socket.read_u8().await else { return };
        head.push(byte);
    }
    let text = String::from_utf8(head.clone()).unwrap();
    record.lock().unwrap().push(text.clone());
    if let Kind::Refusing(answer) = kind {
        socket.write_all(answer.as_bytes()).await.unwrap();
        return;
    }
    let mut upstream = TcpStream::connect(server).await.unwrap();
    if text.starts_with("CONNECT ") {
        socket.write_all(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n").await.unwrap();
    } else {
        upstream.write_all(&head).await.unwrap();
    }
    let _ = tokio::io::copy_bidirectional(&mut socket, &mut upstream).await;
}

/// A SOCKS 5 server (RFC 1928, RFC 1929) that takes any user.
async fn socks(mut socket: TcpStream, record: &Mutex<Vec<String>>, server: SocketAddr) {
    async fn counted(socket: &mut TcpStream) -> Vec<u8> {
        let length = socket.read_u8().await.unwrap();
        let mut bytes = vec![0; length.into()];
        socket.read_exact(&mut bytes).await.unwrap();
        bytes
    }
    let mut seen = String::new();
    assert_eq!(socket.read_u8().await.unwrap(), 5);
    let methods = counted(&mut socket).await;
    if methods.contains(&2) {
        socket.write_all(&[5, 2]).await.unwrap();
        assert_eq!(socket.read_u8().await.unwrap(), 1);
        let (user, password) = (counted(&mut socket).await, counted(&mut socket).await);
        seen = format!("{}:{}@", String::from_utf8(user).unwrap(), String::from_utf8(password).unwrap());
        socket.write_all(&[1, 0]).await.unwrap();
    } else {
        socket.write_all(&[5, 0]).await.unwrap();
    }
    let mut request = [0; 4];
    socket.read_exact(&mut request).await.unwrap();
    assert_eq!(request[..3], [5, 1, 0]);
    let host = match request[3] {
        3 => String::from_utf8(counted(&mut socket).await).unwrap(),
        1 => std::net::Ipv4Addr::from(socket.read_u32().await.unwrap()).to_string(),
        other => panic!("address type {other}"),
    };
    let port = socket.read_u16().await.unwrap();
    record.lock().unwrap().push(format!("{seen}{host}:{port}"));
    socket.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    let mut upstream = TcpStream::connect(server).await.unwrap();
    let _ = tokio::io::copy_bidirectional(&mut socket, &mut upstream).await;
}

async fn tls_server(authority: &Authority) -> Server {
    Server::tls(tls_config(&authority.server(&[NAME]), &["h2", "http/1.1"], None), hello).await
}

fn trusting(authorities: &[&Authority], port: u16) -> Config {
    let mut config = config(&format!("https://{NAME}:{port}"));
    let all = authorities.iter().map(|authority| authority.pem.as_str()).collect::<String>();
    config.certificate_authority = Some(all.into_bytes());
    config
}

#[tokio::test]
async fn every_kind_of_proxy_leads_to_the_server() {
    let authority = Authority::new();
    let server = tls_server(&authority).await;
    for (scheme, kind) in
        [("http", Kind::Http), ("https", Kind::Https), ("socks5", Kind::Socks), ("socks5h", Kind::Socks)]
    {
        for user in ["", "me:p%40ss@"] {
            let proxy = Proxy::start(kind, &server).await;
            let mut config = trusting(&[&authority, &proxy.authority], 6443);
            config.proxy_url = Some(format!("{scheme}://{user}{}", proxy.address).parse().unwrap());
            let client = Client::new(config).unwrap();
            assert_eq!(fetch(&client).await.unwrap(), "hello", "{scheme} {user}");
            let mut body = client.open(get("/watch")).await.unwrap();
            assert_eq!(body.next().await.unwrap().unwrap(), "hello", "{scheme} {user}");

            let seen = proxy.seen();
            assert_eq!(seen.len(), 1, "one tunnel serves all: {seen:?}");
            if kind == Kind::Socks {
                let user = if user.is_empty() { "" } else { "me:p@ss@" };
                assert_eq!(seen[0], format!("{user}{NAME}:6443"));
                continue;
            }
            let head = seen[0].to_lowercase();
            assert!(head.starts_with(&format!("connect {NAME}:6443 http/1.1\r\n")), "{head}");
            assert!(head.contains(&format!("host: {NAME}:6443\r\n")), "{head}");
            let authorization = seen[0].lines().find(|line| line.to_lowercase().starts_with("proxy-authorization"));
            let expected = if user.is_empty() { None } else { Some("Basic bWU6cEBzcw==") };
            assert_eq!(authorization.map(|line| line.split_once(": ").unwrap().1), expected);
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_is_reached_by_forwarding() {
    let server = Server::plain(hello).await;
    let proxy = Proxy::start(Kind::Http, &server).await;
    let mut config = config(&format!("http://{NAME}:8080/prefix"));
    config.proxy_url = Some(format!("http://me:secret@{}", proxy.address).parse().unwrap());
    let client = Client::new(config).unwrap();
    assert_eq!(fetch(&client).await.unwrap(), "hello");
    assert_eq!(fetch(&client).await.unwrap(), "hello");
    let seen = proxy.seen();
    assert_eq!(seen.len(), 1, "the connection is used again: {seen:?}");
    assert!(seen[0].starts_with(&format!("GET http://{NAME}:8080/prefix/version HTTP/1.1\r\n")), "{seen:?}");
    assert!(seen[0].contains("proxy-authorization: Basic "), "{seen:?}");
    assert!(seen[0].contains(&format!("host: {NAME}:8080\r\n")), "{seen:?}");
}

fn rules(proxy: &Proxy, no_proxy: &str) -> ProxyRules {
    let mut environment = Environment::default();
    environment.https_proxy = Some(format!("http://{}", proxy.address).into());
    environment.no_proxy = Some(no_proxy.to_owned());
    ProxyRules::from_environment(&environment).unwrap()
}

#[tokio::test]
async fn the_environment_says_what_goes_through_a_proxy() {
    let authority = Authority::new();
    let server = tls_server(&authority).await;
    let proxy = Proxy::start(Kind::Http, &server).await;
    let mut config = trusting(&[&authority], 443);
    config.proxy = rules(&proxy, "other.example.invalid,10.0.0.0/8");
    assert_eq!(fetch(&Client::new(config.clone()).unwrap()).await.unwrap(), "hello");
    assert!(proxy.seen()[0].starts_with(&format!("CONNECT {NAME}:443 ")), "{:?}", proxy.seen());

    // This machine is never reached through a proxy of the environment.
    let mut local = crate::config(&server.url("https"));
    local.certificate_authority = Some(authority.pem.clone().into_bytes());
    local.tls_server_name = Some(NAME.to_owned());
    local.proxy = rules(&proxy, "");
    assert_eq!(fetch(&Client::new(local.clone()).unwrap()).await.unwrap(), "hello");
    assert_eq!(proxy.seen().len(), 1);

    // But it is through a proxy of the kubeconfig.
    local.proxy_url = Some(format!("http://{}", proxy.address).parse().unwrap());
    assert_eq!(fetch(&Client::new(local).unwrap()).await.unwrap(), "hello");
    assert_eq!(proxy.seen().len(), 2);
}

async fn refused(answer: &'static str, user: &str) -> Error {
    let authority = Authority::new();
    let server = tls_server(&authority).await;
    let proxy = Proxy::start(Kind::Refusing(answer), &server).await;
    let mut config = trusting(&[&authority], 6443);
    config.proxy_url = Some(format!("http://{user}{}", proxy.address).parse().unwrap());
    let error = fetch(&Client::new(config).unwrap()).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert!(chain(&error).contains(&format!("through the proxy http://{}: ", proxy.address)), "{}", chain(&error));
    assert!(!format!("{error:?}{}", chain(&error)).contains("s3cret"), "{error:?}");
    error
}

#[tokio::test]
async fn says_what_the_proxy_refused() {
    let error = refused("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "me:s3cret@").await;
    assert!(
        chain(&error).ends_with("it responded with 403 Forbidden to CONNECT api.example.invalid:6443"),
        "{}",
        chain(&error)
    );
    let error = refused("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n", "").await;
    assert!(chain(&error).contains("correct the user and password"), "{}", chain(&error));
    let error = refused("garbage\r\n\r\n", "").await;
    assert!(chain(&error).contains("HTTP"), "{}", chain(&error));
    refused("", "").await;
}

#[tokio::test]
async fn says_which_proxy_can_not_be_reached() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for scheme in ["http", "socks5"] {
        let mut config = config(&format!("https://{NAME}:6443"));
        config.insecure_skip_tls_verify = true;
        config.proxy_url = Some(format!("{scheme}://me:s3cret@{address}").parse().unwrap());
        let error = fetch(&Client::new(config).unwrap()).await.unwrap_err();
        assert!(error.is_connect() && error.is_retryable(), "{error:?}");
        let chain = chain(&error);
        assert!(chain.contains(&format!("through the proxy {scheme}://{address}")), "{chain}");
        assert!(chain.contains("refused") && !chain.contains("s3cret"), "{chain}");
    }
}

#[tokio::test]
async fn a_proxy_with_tls_must_prove_who_it_is() {
    let authority = Authority::new();
    let server = tls_server(&authority).await;
    let proxy = Proxy::start(Kind::Https, &server).await;
    let mut config = trusting(&[&authority], 6443);
    config.proxy_url = Some(format!("https://me:s3cret@{}", proxy.address).parse().unwrap());
    let error = fetch(&Client::new(config.clone()).unwrap()).await.unwrap_err();
    assert!(error.is_connect() && !error.is_retryable(), "{error:?}");
    assert!(chain(&error).contains("invalid peer certificate"), "{}", chain(&error));
    assert!(proxy.seen().is_empty(), "nothing is sent to it");

    config.certificate_authority = None;
    config.insecure_skip_tls_verify = true;
    assert_eq!(fetch(&Client::new(config).unwrap()).await.unwrap(), "hello", "as with kubectl");
}
