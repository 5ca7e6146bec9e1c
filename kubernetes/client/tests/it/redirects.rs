//! Redirects, which proxies and gateways in front of API servers answer with.

use http::header::LOCATION;
use http::{HeaderValue, Method, Request};
use hyper::body::Incoming;
use kubernetes_client::Client;
use kubernetes_config::Credentials;
use kubernetes_core::{Execute, Path, Request as CoreRequest};

use crate::server::{Answer, Server, answer};
use crate::{config, fakes, fetch, get, raw};

fn redirect(code: u16, location: &str) -> Answer {
    let mut response = answer(code, "moved");
    response.headers_mut().insert(LOCATION, HeaderValue::from_str(location).unwrap());
    response
}

/// Redirects `/version` to `location`, and answers all else.
async fn redirecting(code: u16, location: &str) -> Server {
    let location = location.to_owned();
    Server::plain(move |request: Request<Incoming>| {
        let location = location.clone();
        async move {
            let target = request.uri().path_and_query().unwrap().to_string();
            if target == "/version" { redirect(code, &location) } else { answer(200, target) }
        }
    })
    .await
}

#[tokio::test]
async fn a_read_is_redirected_within_the_server() {
    for code in [301, 302, 307, 308] {
        for (location, expected) in
            [("/there?a=b", "/there?a=b"), ("there", "/there"), ("?x=y", "/version?x=y"), ("/a#fragment", "/a")]
        {
            let server = redirecting(code, location).await;
            let mut config = config(&server.url("http"));
            config.credentials = Credentials::Token("s3cret".into());
            let client = Client::new(config).unwrap();
            assert_eq!(fetch(&client).await.unwrap(), expected, "{code} {location}");
            assert_eq!(server.requests()[1].header("authorization"), Some("Bearer s3cret"));
            let body = client.open(get("/version")).await.unwrap();
            drop(body);
            assert_eq!(server.requests().len(), 4, "streams are redirected too");
        }
    }
    let absolute = Server::plain(|request: Request<Incoming>| async move {
        if request.uri().path() == "/version" {
            let host = request.headers()["host"].to_str().unwrap().to_owned();
            return redirect(302, &format!("http://{host}/there"));
        }
        answer(200, "there")
    })
    .await;
    assert_eq!(fetch(&Client::new(config(&absolute.url("http"))).unwrap()).await.unwrap(), "there");
}

#[tokio::test]
async fn no_other_server_is_asked_and_the_error_names_it() {
    let other = Server::plain(|_| async { answer(200, "hello") }).await;
    let host = format!("//{}/a?token=s3cret", other.address);
    for location in [other.url("http") + "/login?token=s3cret", host, "https://sso.example.com:8443/login".to_owned()] {
        let server = redirecting(302, &location).await;
        let mut config = config(&server.url("http"));
        config.credentials = Credentials::Token("s3cret".into());
        let error = fetch(&Client::new(config).unwrap()).await.unwrap_err();
        let origin = location.split("//").nth(1).unwrap().split('/').next().unwrap();
        assert_eq!(error.http_status().unwrap(), 302);
        assert!(error.to_string().contains(origin), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_write_is_not_redirected() {
    let server = redirecting(307, "/there").await;
    let client = Client::new(config(&server.url("http"))).unwrap();
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let request = CoreRequest::new(method, Path::new("/version", &[]));
        let error = client.execute(request, raw).await.unwrap_err();
        assert!(error.to_string().contains("redirects to /there"), "{error}");
    }
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let server = Server::plain(|_| async { redirect(302, "/version") }).await;
    let error = fetch(&Client::new(config(&server.url("http"))).unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("redirects"), "{error}");
    assert_eq!(server.requests().len(), 11);
    for location in ["", "http://", "\u{e4}", "http://[", "https://a b/"] {
        let location = HeaderValue::from_bytes(location.as_bytes()).unwrap();
        let client = fakes::client(move |_| {
            let mut response = http::Response::new(kubernetes_client::Body::empty());
            *response.status_mut() = http::StatusCode::FOUND;
            response.headers_mut().insert(LOCATION, location.clone());
            async { response }
        });
        assert_eq!(fetch(&client).await.unwrap_err().http_status().unwrap(), 302);
    }
}
