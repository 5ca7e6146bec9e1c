//! Bodies in CBOR, and servers that don't speak it.

use http::{HeaderValue, Method};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use kubernetes_client::{Client, ContentType};
use kubernetes_core::{Encoded, Execute, ListRequest, Map, ObjectMeta, Path, ReadRequest, Request, Str, cbor};

use crate::server::{Answer, Server, answer};
use crate::{config, get, raw};

const JSON: &str = r#"{"app":"web"}"#;

fn in_format(mut answer: Answer, media_type: &'static str) -> Answer {
    answer.headers_mut().insert("content-type", HeaderValue::from_static(media_type));
    answer
}

/// Takes bodies in these formats only, and answers with the body, in CBOR if that is one of them and asked for.
async fn server(formats: &'static [&'static str]) -> Server {
    Server::plain(move |request: http::Request<Incoming>| async move {
        let header = |name| request.headers().get(name).map(|value: &HeaderValue| value.to_str().unwrap().to_owned());
        let (accept, content_type) = (header("accept").unwrap(), header("content-type"));
        let answers_in_cbor = formats.contains(&"application/cbor") && accept.starts_with("application/cbor");
        if content_type.as_deref().is_some_and(|content_type| !formats.contains(&content_type)) {
            return answer(415, "the body of the request was in an unknown format");
        }
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let json = if body.starts_with(&cbor::SELF_DESCRIBED) {
            assert!(content_type.unwrap().ends_with("cbor"));
            cbor::to_json(&body).unwrap()
        } else {
            String::from_utf8(body.to_vec()).unwrap()
        };
        match if json.is_empty() { JSON } else { &json } {
            json if answers_in_cbor => in_format(answer(200, cbor::from_json(json).unwrap()), "application/cbor"),
            json => in_format(answer(200, json.to_owned()), "application/json"),
        }
    })
    .await
}

fn client(server: &Server, content_type: ContentType) -> Client {
    Client::builder(config(&server.url("http"))).content_type(content_type).build().unwrap()
}

fn sending(method: Method, content_type: &'static str) -> Request {
    let mut request = Request::new(method, Path::new("/labels", &[]));
    request.body = Some((HeaderValue::from_static(content_type), Ok(JSON.into())));
    request
}

/// The labels, and the format in which they came.
fn labels(answer: &Encoded) -> Result<(String, Map<Str>), kubernetes_core::json::DecodeError> {
    Ok((answer.media_type().to_owned(), answer.decode()?))
}

fn expected(media_type: &str) -> (String, Map<Str>) {
    (media_type.to_owned(), [("app", "web")].into())
}

#[tokio::test]
async fn speaks_cbor_if_told_to() {
    let server = server(&["application/cbor", "application/apply-patch+cbor", "application/merge-patch+json"]).await;
    let client = client(&server, ContentType::Cbor);
    for (method, sent, received) in [
        (Method::POST, "application/json", "application/cbor"),
        (Method::PATCH, "application/apply-patch+yaml", "application/apply-patch+cbor"),
        (Method::PATCH, "application/merge-patch+json", "application/merge-patch+json"),
    ] {
        assert_eq!(client.execute(sending(method, sent), labels).await.unwrap(), expected("application/cbor"));
        let seen = server.requests().pop().unwrap();
        assert_eq!(seen.header("content-type"), Some(received));
        assert_eq!(seen.header("accept"), Some("application/cbor,application/json;q=0.9"));
    }
    assert_eq!(client.execute(get("/labels"), labels).await.unwrap(), expected("application/cbor"));
    assert_eq!(server.requests().len(), 4, "nothing came twice");
}

#[tokio::test]
async fn json_is_the_default_and_what_streams_stay() {
    let server = server(&["application/json", "application/cbor"]).await;
    let default = client(&server, ContentType::default());
    assert_eq!(
        default.execute(sending(Method::PUT, "application/json"), labels).await.unwrap(),
        expected("application/json")
    );
    let client = client(&server, ContentType::Cbor);
    client.open(get("/watch")).await.unwrap();
    let mut log = get("/log");
    log.accept = HeaderValue::from_static("*/*");
    client.execute(log, raw).await.unwrap();
    let accepted = server.requests().iter().map(|seen| seen.header("accept").unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(accepted, ["application/json", "application/json", "*/*"]);
}

#[tokio::test]
async fn views_are_asked_for_in_both_formats() {
    let server = server(&["application/cbor"]).await;
    let client = client(&server, ContentType::Cbor);
    let mut table = get("/labels");
    table.accept = HeaderValue::from_static("application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
    client.execute(table, labels).await.unwrap();
    let expected = "application/cbor;as=Table;v=v1;g=meta.k8s.io,\
                    application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    assert_eq!(server.requests()[0].header("accept"), Some(expected));
}

#[tokio::test]
async fn falls_back_to_json_once_and_for_all() {
    let server = server(&["application/json", "application/apply-patch+yaml"]).await;
    let client = client(&server, ContentType::Cbor);
    for (method, content_type) in [
        (Method::POST, "application/json"),
        (Method::PUT, "application/json"),
        (Method::PATCH, "application/apply-patch+yaml"),
    ] {
        let result = client.execute(sending(method, content_type), labels).await;
        assert_eq!(result.unwrap(), expected("application/json"));
    }
    let sent = server.requests().iter().map(|seen| seen.header("content-type").unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(sent, ["application/cbor", "application/json", "application/json", "application/apply-patch+yaml"]);

    let other = sending(Method::PATCH, "application/merge-patch+json");
    let error = client.execute(other, raw).await.unwrap_err();
    assert_eq!(error.http_status(), Some(http::StatusCode::UNSUPPORTED_MEDIA_TYPE), "what can't be JSON is an error");
}

#[tokio::test]
async fn reads_errors_in_cbor() {
    let server = Server::plain(|_| async {
        let status = r#"{"kind":"Status","status":"Failure","reason":"NotFound","code":404,"message":"no such pod"}"#;
        in_format(answer(404, cbor::from_json(status).unwrap()), "application/cbor")
    })
    .await;
    let error = client(&server, ContentType::Cbor).execute(get("/pods/web"), raw).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.to_string(), "GET /pods/web failed: 404 Not Found: no such pod");
}

#[tokio::test]
async fn shows_no_bytes_of_an_error_in_cbor_that_is_no_status() {
    let document = cbor::from_json(r#"{"error":"no such pod"}"#).unwrap();
    let cut = document[..document.len() - 4].to_vec();
    for (body, shown) in [(document, r#"{"error":"no such pod"}"#), (cut, "19 bytes of CBOR that can't be read")] {
        let server = Server::plain(move |_| {
            let body = body.clone();
            async { in_format(answer(404, body), "application/cbor") }
        })
        .await;
        let error = client(&server, ContentType::Cbor).execute(get("/pods/web"), raw).await.unwrap_err();
        assert!(error.is_not_found());
        assert_eq!(error.to_string(), format!("GET /pods/web failed: 404 Not Found: {shown}"));
    }
}

#[tokio::test]
async fn a_group_that_refuses_cbor_leaves_the_others_with_it() {
    let server = Server::plain(|request: http::Request<Incoming>| async move {
        let is_cbor = request.headers()["content-type"] == "application/cbor";
        let aggregated = request.uri().path().starts_with("/apis/metrics.k8s.io/v1/");
        if is_cbor && aggregated { answer(415, "JSON only") } else { answer(200, JSON) }
    })
    .await;
    let client = client(&server, ContentType::Cbor);
    const METRICS: &str = "/apis/metrics.k8s.io/v1/pods";
    for path in [METRICS, "/apis/metrics.k8s.io/v1beta1/pods", "/apis/apps/v1/deployments", "/api/v1/pods", METRICS] {
        let mut request = sending(Method::POST, "application/json");
        request.path = Path::new(path, &[]);
        client.execute(request, raw).await.unwrap();
    }
    let sent = server.requests().iter().map(|seen| seen.header("content-type").unwrap().to_owned()).collect::<Vec<_>>();
    let (cbor, json) = ("application/cbor", "application/json");
    assert_eq!(sent, [cbor, json, cbor, cbor, cbor, json]);
    assert_eq!((client.counts().attempts(), client.counts().resent()), (6, 1));
}

#[tokio::test]
async fn what_is_asked_for_as_text_comes_in_json() {
    let server = server(&["application/json", "application/cbor"]).await;
    let client = client(&server, ContentType::Cbor);
    let path = || Path::new("/labels", &[]);
    let read = ReadRequest::<ObjectMeta>::at(path()).raw();
    let list = ListRequest::<ObjectMeta>::at(path()).raw();
    for request in [read.request(), list.request()] {
        assert_eq!(client.execute(request.clone(), labels).await.unwrap(), expected("application/json"));
    }
}

#[tokio::test]
async fn says_when_the_answer_is_a_page() {
    let server = Server::plain(|_| async {
        in_format(answer(200, "<html><title>Log in</title></html>"), "text/html; charset=utf-8")
    })
    .await;
    let error = client(&server, ContentType::Json).execute(get("/version"), labels).await.unwrap_err();
    assert!(error.is_decode());
    let expected = "GET /version failed: can't decode the response (it is text/html: check that the address is that of an API \
                    server)";
    assert_eq!(error.to_string(), expected);
}
