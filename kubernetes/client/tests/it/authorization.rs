//! Credentials on the wire, and nowhere else.

use std::fs;
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_config::{Config, Credentials, Impersonate};

use crate::certificates::Authority;
use crate::server::{Server, answer, hello, tls_config};
use crate::{chain, config, fetch, pass};

/// The `Authorization` headers, request by request.
fn authorizations(server: &Server) -> Vec<String> {
    server.requests().iter().map(|request| request.header("authorization").unwrap_or_default().to_owned()).collect()
}

fn with_credentials(server: &str, credentials: Credentials) -> Config {
    let mut config = config(server);
    config.credentials = credentials;
    config
}

#[tokio::test]
async fn sends_a_bearer_token() {
    let authority = Authority::new();
    for alpn in ["h2", "http/1.1"] {
        let server = Server::tls(tls_config(&authority.server(&["127.0.0.1"]), &[alpn], None), hello).await;
        let mut config = with_credentials(&server.url("https"), Credentials::Token("s3cret".into()));
        config.certificate_authority = Some(authority.pem.clone().into_bytes());
        let client = Client::new(config).unwrap();
        fetch(&client).await.unwrap();
        assert_eq!(authorizations(&server), ["Bearer s3cret"]);
        assert!(!format!("{client:?}").contains("s3cret"));
    }
}

#[tokio::test]
async fn sends_user_and_password() {
    let server = Server::plain(hello).await;
    let basic = Credentials::Basic { username: "Aladdin".to_owned(), password: "open sesame".into() };
    fetch(&Client::new(with_credentials(&server.url("http"), basic)).unwrap()).await.unwrap();
    // The example of RFC 7617, §2.
    assert_eq!(authorizations(&server), ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]);
}

#[tokio::test]
async fn reads_the_token_file_again_after_a_minute() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    fs::write(&path, "one\n").unwrap();
    let server = Server::plain(hello).await;
    let client = Client::new(with_credentials(&server.url("http"), Credentials::TokenFile(path.clone()))).unwrap();

    fetch(&client).await.unwrap();
    fs::write(&path, " two \n").unwrap();
    fetch(&client).await.unwrap();
    pass(Duration::from_secs(61)).await;
    fetch(&client).await.unwrap();
    // A file that is gone or empty leaves the last good token.
    fs::write(&path, "\n").unwrap();
    pass(Duration::from_secs(61)).await;
    fetch(&client).await.unwrap();
    fs::remove_file(&path).unwrap();
    pass(Duration::from_secs(61)).await;
    fetch(&client).await.unwrap();
    fs::write(&path, "three").unwrap();
    pass(Duration::from_secs(61)).await;
    fetch(&client).await.unwrap();

    let expected = ["one", "one", "two", "two", "two", "three"].map(|token| format!("Bearer {token}"));
    assert_eq!(authorizations(&server), expected);
}

#[tokio::test]
async fn a_token_file_that_was_never_read_is_an_error_not_an_anonymous_request() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let server = Server::plain(hello).await;
    let client = Client::new(with_credentials(&server.url("http"), Credentials::TokenFile(path.clone()))).unwrap();

    let error = fetch(&client).await.unwrap_err();
    assert!(chain(&error).contains(path.to_str().unwrap()), "{}", chain(&error));
    fs::write(&path, "s3cret\nline two").unwrap();
    let error = fetch(&client).await.unwrap_err();
    assert!(chain(&error).contains("line break"), "{}", chain(&error));
    assert!(!format!("{error:?}").contains("s3cret"));
    assert!(server.requests().is_empty());

    fs::write(&path, "s3cret").unwrap();
    fetch(&client).await.unwrap();
    assert_eq!(authorizations(&server), ["Bearer s3cret"]);
}

#[tokio::test]
async fn acts_as_someone_else_with_all_attributes() {
    let server = Server::plain(hello).await;
    let mut config = config(&server.url("http"));
    let mut impersonate = Impersonate::new("jane");
    impersonate.groups = vec!["developers".to_owned(), "admins".to_owned()];
    impersonate.uid = Some("06f6".to_owned());
    impersonate.extra.insert("acme.com/project".to_owned(), vec!["one".to_owned(), "two".to_owned()]);
    config.impersonate = Some(impersonate);
    fetch(&Client::new(config).unwrap()).await.unwrap();

    let headers = &server.requests()[0].headers;
    let all = |name: &str| headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(all("impersonate-user"), ["jane"]);
    assert_eq!(all("impersonate-group"), ["developers", "admins"]);
    assert_eq!(all("impersonate-uid"), ["06f6"]);
    assert_eq!(all("impersonate-extra-acme.com%2fproject"), ["one", "two"]);
}

#[tokio::test]
async fn escapes_the_keys_of_attributes_as_client_go() {
    let server = Server::plain(hello).await;
    let mut config = config(&server.url("http"));
    let mut impersonate = Impersonate::new("jürgen@example.com");
    // The cases of client-go's `TestHeaderEscapeRoundTrip`, and their headers in lower case.
    let cases = [
        ("alpha", "alpha"),
        ("alphanum123", "alphanum123"),
        ("example.org/foo", "example.org%2ffoo"),
        ("percent%21", "percent%2521"),
        ("a b(c)=\"d\"", "a%20b%28c%29%3d%22d%22"),
        ("!#$&'*+-.^_`|~", "!#$&'*+-.^_`|~"),
        ("ü", "%c3%bc"),
    ];
    for (key, _) in cases {
        impersonate.extra.insert(key.to_owned(), vec![format!("value of {key}")]);
    }
    impersonate.extra.insert("empty".to_owned(), vec![String::new()]);
    config.impersonate = Some(impersonate.clone());
    fetch(&Client::new(config.clone()).unwrap()).await.unwrap();

    let headers = &server.requests()[0].headers;
    let value = |name: &str| headers.get(name).map(|value| String::from_utf8(value.as_bytes().to_vec()).unwrap());
    assert_eq!(value("impersonate-user").as_deref(), Some("jürgen@example.com"));
    for (key, name) in cases {
        assert_eq!(value(&format!("impersonate-extra-{name}")), Some(format!("value of {key}")), "{key}");
    }
    assert_eq!(value("impersonate-extra-empty").as_deref(), Some(""));

    // Nothing is left out: fewer groups would be other rights.
    impersonate.groups = vec!["two\nlines".to_owned()];
    config.impersonate = Some(impersonate);
    assert!(Client::new(config).unwrap_err().to_string().contains("impersonate-group"));
}

#[tokio::test]
async fn reads_the_token_file_at_once_when_the_server_refuses_the_token() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    fs::write(&path, "one").unwrap();
    let server = Server::plain(|request| async move {
        let is_known = request.headers()["authorization"] == "Bearer two";
        if is_known { answer(200, "hello") } else { answer(401, "") }
    })
    .await;
    let client = Client::new(with_credentials(&server.url("http"), Credentials::TokenFile(path.clone()))).unwrap();
    assert!(fetch(&client).await.unwrap_err().is_unauthorized());
    fs::write(&path, "two").unwrap();
    assert_eq!(fetch(&client).await.unwrap(), "hello");
    assert_eq!(authorizations(&server), ["Bearer one", "Bearer one", "Bearer two"]);
}

#[test]
fn sends_no_credentials_in_the_clear() {
    for server in ["http://10.0.0.1:8080", "http://localhost.example.com", "http://[2001:db8::1]"] {
        let error = Client::new(with_credentials(server, Credentials::Token("s3cret".into()))).unwrap_err();
        assert!(error.to_string().contains("not encrypted"), "{error}");
        assert!(Client::new(config(server)).is_ok(), "without credentials there is nothing to lose");
    }
    for server in ["http://localhost:8001", "http://127.0.0.1:8001", "http://[::1]:8001"] {
        Client::new(with_credentials(server, Credentials::Token("s3cret".into()))).unwrap();
    }
}

#[test]
fn refuses_what_it_can_not_do() {
    let mut proxied = config("http://127.0.0.1");
    proxied.proxy_url = Some("ftp://proxy.example.com:3128".parse().unwrap());
    let error = Client::new(proxied).unwrap_err();
    assert!(chain(&error).contains("socks5h://"), "{}", chain(&error));

    for (server, expected) in [("/path", "/path"), ("ftp://127.0.0.1", "https://"), ("https://u:s3cret@h", "password")]
    {
        let error = Client::new(config(server)).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}

#[test]
fn debug_shows_where_but_not_as_whom() {
    let config = with_credentials("http://127.0.0.1:8001", Credentials::Token("s3cret".into()));
    let builder = Client::builder(config);
    let client = builder.clone().build().unwrap();
    assert_eq!(format!("{client:?}"), r#"Client { server: http://127.0.0.1:8001/, default_namespace: "default", .. }"#);
    assert!(!format!("{builder:?}").contains("s3cret"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_token_file_that_would_block_is_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let server = Server::plain(hello).await;
    let client = Client::new(with_credentials(&server.url("http"), Credentials::TokenFile(path.clone()))).unwrap();
    let error = fetch(&client).await.unwrap_err();
    assert!(error.is_authentication(), "{error:?}");
    let text = chain(&error);
    assert!(text.contains(path.to_str().unwrap()) && text.contains("pipe"), "{text}");
}

#[tokio::test]
async fn a_401_tells_whose_credentials_were_refused_and_when_the_token_expired() {
    use base64::Engine;
    let server = Server::plain(|_| async { answer(401, "who are you?") }).await;
    let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    for (claims, expected) in [
        (r#"{"sub": "jane", "exp": 1600000000}"#, Some("the token expired at 2020-09-13T12:26:40Z")),
        (r#"{"sub": "jane", "exp": 4000000000}"#, None),
        (r#"{"sub": "jane"}"#, None),
    ] {
        let token = format!("{}.{}.c2lnbmF0dXJl", encode("{}"), encode(claims));
        let mut config = with_credentials(&server.url("http"), Credentials::Token(token.clone().into()));
        (config.context, config.user) = (Some("prod".to_owned()), Some("jane".to_owned()));
        let error = fetch(&Client::new(config).unwrap()).await.unwrap_err();
        assert!(error.to_string().contains(r#"(context "prod", user "jane""#), "{error}");
        assert!(error.is_unauthorized(), "{error:?}");
        assert_eq!(error.to_string().contains("expired"), expected.is_some(), "{error}");
        assert!(expected.is_none_or(|expected| error.to_string().contains(expected)), "{error}");
        assert!(!error.to_string().contains(&token));
    }
}

#[tokio::test]
async fn a_token_that_the_server_echoes_does_not_show_though_the_text_is_cut() {
    let echo = |request: http::Request<hyper::body::Incoming>| async move {
        let token = request.headers()["authorization"].to_str().unwrap().to_owned();
        answer(502, format!("{}{token}{}", "-".repeat(900), "-".repeat(900)))
    };
    let server = Server::plain(echo).await;
    let token = "abcdefgh".repeat(30);
    let config = with_credentials(&server.url("http"), Credentials::Token(token.into()));
    let client = Client::new(config).unwrap();
    let error = fetch(&client).await.unwrap_err();
    let text = format!("{error} {:?}", error.status());
    assert!(text.contains("Bearer [redacted]") && !text.contains("abcdefgh"), "{text}");
    assert!(error.status().unwrap().message.as_ref().unwrap().len() <= 1024 + '…'.len_utf8());
}
