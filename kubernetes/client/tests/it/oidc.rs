//! OpenID Connect, with a provider in the test's own process.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use kubernetes_client::{Client, Error};
use kubernetes_config::{Config, Credentials, Kubeconfig, OidcConfig};

use crate::certificates::Authority;
use crate::server::{Answer, Server, answer, hello, tls_config};
use crate::{chain, config, fetch, pass};

/// A token of `subject` that is good for so many seconds.
fn id_token(subject: &str, seconds: i64) -> String {
    let exp = jiff::Timestamp::now().as_second() + seconds;
    let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"sub": "{subject}", "exp": {exp}}}"#));
    format!("{}.{claims}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#))
}

/// The provider's state and behaviour.
struct Behaviour {
    /// The one refresh token that is good. It is replaced each time it is used.
    refresh_token: String,
    refreshed: usize,
    /// The form and `Authorization` of each request for tokens.
    asked: Vec<(String, Option<String>)>,
    /// Whether the client must be authenticated in the form.
    post_only: bool,
    supported: &'static str,
    endpoint: Option<String>,
    lifetime: i64,
    status: u16,
    delay: Duration,
    with_id_token: bool,
}

/// An OpenID Connect provider over TLS, beside an API server.
struct Provider {
    authority: Authority,
    server: Server,
    behaviour: Arc<Mutex<Behaviour>>,
}

impl Provider {
    async fn start() -> Self {
        let authority = Authority::new();
        let behaviour = Arc::new(Mutex::new(Behaviour {
            refresh_token: "refresh-0".to_owned(),
            refreshed: 0,
            asked: Vec::new(),
            post_only: false,
            supported: "",
            endpoint: None,
            lifetime: 3600,
            status: 200,
            delay: Duration::ZERO,
            with_id_token: true,
        }));
        let tls = tls_config(&authority.server(&["127.0.0.1"]), &["h2", "http/1.1"], None);
        let shared = Arc::clone(&behaviour);
        let server = Server::tls(tls, move |request| provide(Arc::clone(&shared), request)).await;
        Self { authority, server, behaviour }
    }

    fn set(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.behaviour.lock().unwrap());
    }

    fn refreshed(&self) -> usize {
        self.behaviour.lock().unwrap().refreshed
    }

    /// A client's side of it.
    fn oidc(&self) -> OidcConfig {
        let issuer = format!("{}/realms/shop/", self.server.url("https"));
        let mut oidc = OidcConfig::new(issuer.parse().unwrap(), "kubectl");
        oidc.client_secret = Some("cl:ent s3cret".into());
        oidc.refresh_token = Some("refresh-0".into());
        oidc.certificate_authority = Some(self.authority.pem.clone().into_bytes());
        oidc
    }
}

async fn provide(behaviour: Arc<Mutex<Behaviour>>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let form = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let (answer, delay) = {
        let mut behaviour = behaviour.lock().unwrap();
        (behaviour.answer(&head, form), behaviour.delay)
    };
    // What is done is done, whether or not somebody waits for the answer.
    tokio::time::sleep(delay).await;
    answer
}

impl Behaviour {
    fn answer(&mut self, head: &http::request::Parts, form: String) -> Answer {
        let host = head.uri.authority().map_or_else(|| head.headers["host"].to_str().unwrap(), |it| it.as_str());
        match head.uri.path() {
            "/realms/shop/.well-known/openid-configuration" => {
                let default = format!("https://{host}/token");
                let endpoint = self.endpoint.clone().unwrap_or(default);
                answer(200, format!(r#"{{"token_endpoint": "{endpoint}", "issuer": "x"{}}}"#, self.supported))
            }
            "/token" => {
                let authorization = head.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
                self.token(form, authorization)
            }
            path => answer(404, format!("no {path}")),
        }
    }

    fn token(&mut self, form: String, authorization: Option<String>) -> Answer {
        let field = |name: &str| form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let (given, is_post) = (field("refresh_token").unwrap().to_owned(), field("client_id").is_some());
        assert_eq!(field("grant_type"), Some("refresh_token"));
        self.asked.push((form.clone(), authorization.clone()));
        if self.status != 200 {
            return answer(self.status, "<html>no</html>");
        }
        if authorization.is_some() == is_post || self.post_only && !is_post {
            return answer(401, r#"{"error": "invalid_client"}"#);
        }
        if given != self.refresh_token {
            let text = r#"{"error": "invalid_grant", "error_description": "Token is not\u001b[1m active"}"#;
            return answer(400, text);
        }
        self.refreshed += 1;
        self.refresh_token = format!("refresh-{}", self.refreshed);
        let id_token = id_token(&format!("jane-{}", self.refreshed), self.lifetime);
        let id_token = if self.with_id_token { format!(r#""id_token": "{id_token}","#) } else { String::new() };
        answer(200, format!(r#"{{{id_token} "access_token": "a", "refresh_token": "{}"}}"#, self.refresh_token))
    }
}

fn with_oidc(server: &Server, oidc: OidcConfig) -> Config {
    let mut config = config(&server.url("http"));
    config.credentials = Credentials::Oidc(Box::new(oidc));
    config
}

/// The tokens that arrived, request by request.
fn subjects(server: &Server) -> Vec<String> {
    let subject = |header: &str| {
        let payload = header.strip_prefix("Bearer ")?.split('.').nth(1)?;
        let claims: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        Some(claims["sub"].as_str()?.to_owned())
    };
    server.requests().iter().map(|it| it.header("authorization").and_then(subject).unwrap_or_default()).collect()
}

#[tokio::test]
async fn uses_the_token_as_long_as_it_is_good() {
    let (provider, server) = (Provider::start().await, Server::plain(hello).await);
    let mut oidc = provider.oidc();
    oidc.id_token = Some(id_token("jane", 60).into());
    let client = Client::new(with_oidc(&server, oidc.clone())).unwrap();
    fetch(&client).await.unwrap();
    assert_eq!(subjects(&server), ["jane"]);
    assert!(provider.server.requests().is_empty(), "the provider is not asked");
    assert!(!format!("{client:?} {:?}", Client::builder(with_oidc(&server, oidc))).contains("eyJ"));
}

#[tokio::test]
async fn refreshes_once_for_all_requests_and_keeps_the_new_refresh_token() {
    for first in [None, Some(id_token("expired", -1)), Some(id_token("soon", 5)), Some("no JWT".to_owned())] {
        let (provider, server) = (Provider::start().await, Server::plain(hello).await);
        provider.set(|behaviour| (behaviour.lifetime, behaviour.delay) = (5, Duration::from_millis(50)));
        let mut oidc = provider.oidc();
        oidc.id_token = first.map(Into::into);
        let client = Client::new(with_oidc(&server, oidc)).unwrap();
        for result in join_all((0..32).map(|_| fetch(&client))).await {
            result.unwrap();
        }
        assert_eq!((provider.refreshed(), subjects(&server)), (1, vec!["jane-1".to_owned(); 32]));

        // Good for five seconds is too short for the next request, and its refresh token is another.
        pass(Duration::from_secs(3)).await;
        fetch(&client).await.unwrap();
        assert_eq!((provider.refreshed(), subjects(&server).last().map(String::as_str)), (2, Some("jane-2")));
    }
}

#[tokio::test]
async fn authenticates_to_the_provider_as_it_wants() {
    let basic = format!("Basic {}", STANDARD.encode("kubectl:cl%3Aent%20s3cret"));
    let post = "grant_type=refresh_token&refresh_token=refresh-0&client_id=kubectl&client_secret=cl%3Aent%20s3cret";
    let cases = [
        ("", false, vec![Some(basic.as_str())]),
        (r#", "token_endpoint_auth_methods_supported": ["client_secret_post"]"#, true, vec![None]),
        // It does not say so.
        ("", true, vec![Some(basic.as_str()), None]),
    ];
    for (supported, post_only, expected) in cases {
        let (provider, server) = (Provider::start().await, Server::plain(hello).await);
        provider.set(|behaviour| (behaviour.supported, behaviour.post_only) = (supported, post_only));
        fetch(&Client::new(with_oidc(&server, provider.oidc())).unwrap()).await.unwrap();
        let asked = provider.behaviour.lock().unwrap().asked.clone();
        assert_eq!(asked.iter().map(|(_, header)| header.as_deref()).collect::<Vec<_>>(), expected, "{supported}");
        assert!(asked.iter().all(|(form, header)| header.is_some() || form == post), "{asked:?}");
    }

    // A public client has nothing to prove.
    let (provider, server) = (Provider::start().await, Server::plain(hello).await);
    let mut oidc = provider.oidc();
    oidc.client_secret = None;
    fetch(&Client::new(with_oidc(&server, oidc)).unwrap()).await.unwrap();
    let expected = "grant_type=refresh_token&refresh_token=refresh-0&client_id=kubectl".to_owned();
    assert_eq!(provider.behaviour.lock().unwrap().asked, [(expected, None)]);
}

#[tokio::test]
async fn refreshes_when_the_server_refuses_the_token() {
    let provider = Provider::start().await;
    let server = Server::plain(|request: Request<Incoming>| async move {
        let token = request.headers()["authorization"].to_str().unwrap().to_owned();
        let payload = token.split('.').nth(1).map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        if String::from_utf8(payload).unwrap().contains("jane-1") { answer(200, "hello") } else { answer(401, "") }
    })
    .await;
    let mut oidc = provider.oidc();
    oidc.id_token = Some(id_token("revoked", 3600).into());
    let client = Client::new(with_oidc(&server, oidc.clone())).unwrap();
    assert_eq!(fetch(&client).await.unwrap(), "hello");
    assert_eq!(subjects(&server), ["revoked", "jane-1"]);

    oidc.refresh_token = None;
    let error = fetch(&Client::new(with_oidc(&server, oidc)).unwrap()).await.unwrap_err();
    assert!(error.is_unauthorized(), "the server's answer is what counts: {error:?}");
}

#[tokio::test]
async fn a_request_that_is_dropped_does_not_lose_the_refresh_token() {
    let (provider, server) = (Provider::start().await, Server::plain(hello).await);
    provider.set(|behaviour| behaviour.delay = Duration::from_millis(100));
    let client = Client::new(with_oidc(&server, provider.oidc())).unwrap();
    let dropped = tokio::spawn({
        let client = client.clone();
        async move { fetch(&client).await }
    });
    // Until the provider has replaced the refresh token, and has not answered yet.
    while provider.refreshed() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    dropped.abort();
    assert!(dropped.await.unwrap_err().is_cancelled());
    fetch(&client).await.unwrap();
    assert_eq!((provider.refreshed(), subjects(&server).last().map(String::as_str)), (1, Some("jane-1")));
}

/// The error of a request that must not have been sent.
async fn refused(oidc: OidcConfig) -> Error {
    let server = Server::plain(hello).await;
    let error = fetch(&Client::new(with_oidc(&server, oidc)).unwrap()).await.unwrap_err();
    assert!(error.is_authentication(), "{error:?}");
    assert!(server.requests().is_empty(), "never as nobody");
    let text = format!("{} {error:?}", chain(&error));
    assert!(!text.contains("refresh-0") && !text.contains("s3cret"), "{text}");
    error
}

#[tokio::test]
async fn says_why_there_is_no_token() {
    let provider = Provider::start().await;
    let mut oidc = provider.oidc();
    oidc.refresh_token = None;
    oidc.id_token = Some(id_token("expired", -60).into());
    let text = chain(&refused(oidc.clone()).await);
    assert!(text.contains("the ID token expired at 20") && text.contains("log in again"), "{text}");
    oidc.id_token = Some("no JWT".into());
    assert!(chain(&refused(oidc.clone()).await).contains("the ID token is not a JWT"));

    oidc = provider.oidc();
    oidc.refresh_token = Some("used".into());
    let error = refused(oidc).await;
    let text = chain(&error);
    assert!(text.contains("no longer accepts the refresh token: log in again (invalid_grant: Token is not"), "{text}");
    assert!(!text.contains('\u{1b}') && !error.is_retryable());

    provider.set(|behaviour| behaviour.with_id_token = false);
    assert!(chain(&refused(provider.oidc()).await).contains("no id_token for a refresh"));

    provider.set(|behaviour| behaviour.status = 503);
    let error = refused(provider.oidc()).await;
    assert!(chain(&error).contains("503") && error.is_retryable(), "{error:?}");

    provider.set(|behaviour| behaviour.endpoint = Some("http://example.com/token".to_owned()));
    assert!(chain(&refused(provider.oidc()).await).contains("https://"));

    let mut oidc = provider.oidc();
    oidc.issuer_url = format!("{}/realms/other", provider.server.url("https")).parse().unwrap();
    assert!(chain(&refused(oidc).await).contains("404"));
}

#[tokio::test]
async fn verifies_the_provider() {
    let provider = Provider::start().await;
    let mut oidc = provider.oidc();
    oidc.certificate_authority = Some(Authority::new().pem.into_bytes());
    let error = refused(oidc).await;
    assert!(chain(&error).contains("signed by an unknown authority"), "{error:?}");
    assert!(provider.server.requests().is_empty() && !error.is_retryable());
}

#[tokio::test]
async fn writes_new_tokens_back() {
    let (provider, server) = (Provider::start().await, Server::plain(hello).await);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config");
    let text = kubeconfig(&provider, &server, &id_token("expired", -1));
    fs::write(&path, &text).unwrap();
    let client = Client::new(load(&path, &server)).unwrap();
    fetch(&client).await.unwrap();

    let kept = fs::read_to_string(&path).unwrap();
    assert!(kept.contains("# of the shop") && kept.contains("refresh-1") && !kept.contains("refresh-0"), "{kept}");
    // The kept tokens are still valid.
    fetch(&Client::new(load(&path, &server)).unwrap()).await.unwrap();
    assert_eq!((provider.refreshed(), subjects(&server)), (1, vec!["jane-1".to_owned(); 2]));

    // A file that can't be written fails no request.
    fs::write(&path, text.replace("refresh-0", "refresh-1")).unwrap();
    let client = Client::new(load(&path, &server)).unwrap();
    fs::remove_file(&path).unwrap();
    fetch(&client).await.unwrap();
    assert_eq!(provider.refreshed(), 2);
}

/// A kubeconfig's user has no credentials for an http server, so that the server is put in afterwards.
fn load(path: &Path, server: &Server) -> Config {
    let mut config = Config::from_kubeconfig(&Kubeconfig::read(path).unwrap(), None).unwrap();
    config.server = server.url("http").parse().unwrap();
    config
}

fn kubeconfig(provider: &Provider, server: &Server, id_token: &str) -> String {
    format!(
        "current-context: dev
contexts: [{{ name: dev, context: {{ cluster: here, user: jane }} }}]
clusters: [{{ name: here, cluster: {{ server: 'https://{}' }} }}]
users:
- name: jane # of the shop
  user:
    auth-provider:
      name: oidc
      config:
        idp-issuer-url: {}/realms/shop
        client-id: kubectl
        client-secret: s3cret
        id-token: {id_token}
        refresh-token: refresh-0
        idp-certificate-authority-data: {}
",
        server.address,
        provider.server.url("https"),
        STANDARD.encode(&provider.authority.pem),
    )
}
