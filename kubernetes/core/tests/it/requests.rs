//! Each request as it goes over the wire: method, path, query, headers, body.

use bytes::Bytes;
use http::Method;
use kubernetes_core::meta::v1::{DeleteOptions, Preconditions};
use kubernetes_core::*;
use serde_json::json;

use crate::Widget;

/// Takes requests for sent, and answers with what it was made with.
pub(crate) struct Recorder(pub(crate) &'static str, pub(crate) std::sync::Mutex<Option<http::Request<Bytes>>>);

#[derive(Debug)]
pub(crate) struct Failed(pub(crate) String);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

impl Execute for Recorder {
    type Error = Failed;
    type Body = Empty;

    async fn execute<T: Send>(
        &self,
        request: Request,
        decode: fn(&Encoded) -> Result<T, json::DecodeError>,
    ) -> Result<T, Failed> {
        *self.1.lock().unwrap() = Some(request.into_http().map_err(|error| Failed(error.to_string()))?);
        decode(&Encoded::new(None, self.0)).map_err(|error| Failed(error.to_string()))
    }

    async fn open(&self, request: Request) -> Result<Empty, Failed> {
        self.execute(request, |_| Ok(Empty)).await
    }
}

#[derive(Debug)]
pub(crate) struct Empty;

impl futures_core::Stream for Empty {
    type Item = Result<Bytes, Failed>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(None)
    }
}

/// Runs a future that never waits.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

/// The request line, the headers that matter and the body.
macro_rules! wire {
    ($request:expr, $answer:literal) => {{
        let recorder = Recorder($answer, Default::default());
        now($request.send(&recorder)).unwrap();
        let request = recorder.1.into_inner().unwrap().unwrap();
        let header =
            |name| request.headers().get(name).map_or("-", |value: &http::HeaderValue| value.to_str().unwrap());
        format!(
            "{} {} accept={} content-type={} {}",
            request.method(),
            request.uri(),
            header("accept"),
            header("content-type"),
            String::from_utf8_lossy(request.body()),
        )
    }};
}

#[test]
fn each_verb_makes_its_request() {
    let widget = Widget { size: 3, ..Widget::named("w") };
    let body = r#"{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"size":3,"parts":[]}"#;
    let root = "/apis/example.com/v1";
    assert_eq!(
        wire!(ListRequest::<Widget>::all_namespaces().label_selector("a in (b, c)").limit(5), "{}"),
        format!(
            "GET {root}/widgets?labelSelector=a%20in%20%28b%2C%20c%29&limit=5 accept=application/json content-type=- "
        )
    );
    assert_eq!(
        wire!(ReadRequest::<Widget>::namespaced("n", "w"), "{}"),
        format!("GET {root}/namespaces/n/widgets/w accept=application/json content-type=- ")
    );
    assert_eq!(
        wire!(CreateRequest::namespaced("n", &widget).dry_run("All").field_validation("Strict"), "{}"),
        format!(
            "POST {root}/namespaces/n/widgets?dryRun=All&fieldValidation=Strict \
             accept=application/json content-type=application/json {body}"
        )
    );
    assert_eq!(
        wire!(ReplaceRequest::namespaced("n", &widget), "{}"),
        format!("PUT {root}/namespaces/n/widgets/w accept=application/json content-type=application/json {body}")
    );
    let patches = [
        (Patch::json(&json!([])), "json-patch+json"),
        (Patch::merge(&json!([])), "merge-patch+json"),
        (Patch::strategic(&json!([])), "strategic-merge-patch+json"),
        (Patch::apply_json(&json!([])), "apply-patch+yaml"),
    ];
    for (patch, content_type) in patches {
        assert_eq!(
            wire!(PatchRequest::<Widget>::namespaced("n", "w", &patch).field_manager("m").force(true), "{}"),
            format!(
                "PATCH {root}/namespaces/n/widgets/w?fieldManager=m&force=true \
                 accept=application/json content-type=application/{content_type} []"
            )
        );
    }
    let options = DeleteOptions {
        preconditions: Preconditions { uid: Some("u".into()), ..Default::default() }.into(),
        ..Default::default()
    };
    assert_eq!(
        wire!(DeleteRequest::<Widget>::namespaced("n", "w").grace_period_seconds(0).options(&options), "{}"),
        format!(
            "DELETE {root}/namespaces/n/widgets/w?gracePeriodSeconds=0 \
             accept=application/json content-type=application/json {{\"preconditions\":{{\"uid\":\"u\"}}}}"
        )
    );
    assert_eq!(
        wire!(DeleteCollectionRequest::<Widget>::namespaced("n").field_selector("metadata.name!=w"), "{}"),
        format!(
            "DELETE {root}/namespaces/n/widgets?fieldSelector=metadata.name%21%3Dw accept=application/json content-type=- "
        )
    );
}

#[test]
fn what_is_applied_names_its_type() {
    let patch = Patch::apply(&Widget { size: 3, ..Widget::named("w") });
    let wire = wire!(PatchRequest::<Widget>::namespaced("n", "w", &patch).field_manager("m"), "{}");
    assert!(
        wire.contains(r#"{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"size":3"#),
        "{wire}"
    );
}

#[test]
fn a_watch_takes_over_the_selection_and_not_the_paging() {
    let list = List::<Widget> {
        metadata: ListMeta { resource_version: Some("42".into()), ..Default::default() },
        ..Default::default()
    };
    let request = ListRequest::<Widget>::namespaced("n").label_selector("a=b").limit(5).continue_("token").since(&list);
    let watch = request.into_watch().allow_watch_bookmarks(true).timeout_seconds(300);
    assert_eq!(
        format!("{:?}", watch.request()),
        "GET /apis/example.com/v1/namespaces/n/widgets?labelSelector=a%3Db&resourceVersion=42&watch=true\
         &allowWatchBookmarks=true&timeoutSeconds=300"
    );
    let later = watch.resource_version("43").send_initial_events(true);
    let query = &later.request().query;
    assert_eq!(query.get("resourceVersion"), Some("43"));
    assert_eq!(query.get("resourceVersionMatch"), Some("NotOlderThan"));
}

#[test]
fn a_next_page_has_the_token_in_place_of_the_version() {
    let request = ListRequest::<Widget>::namespaced("n").resource_version("7").resource_version_match("Exact").limit(5);
    let shown = |request: ListRequest<Widget>| format!("{:?}", request.into_request());
    let root = "GET /apis/example.com/v1/namespaces/n/widgets";
    assert_eq!(shown(request.next_page("a").next_page("b/+")), format!("{root}?limit=5&continue=b%2F%2B"));
}

#[test]
fn a_selection_has_nothing_of_a_single_answer() {
    let request =
        ListRequest::<Widget>::namespaced("n").label_selector("a=b").limit(5).continue_("c").timeout_seconds(9);
    let shown = |request: ListRequest<Widget>| format!("{:?}", request.selection().into_request());
    let root = "GET /apis/example.com/v1/namespaces/n/widgets?labelSelector=a%3Db";
    assert_eq!(shown(request.clone().resource_version("7")), format!("{root}&resourceVersion=7"));
    assert_eq!(shown(request.resource_version("")), root);
}

#[test]
fn every_argument_stays_one_segment_of_the_path() {
    for (name, segment) in
        [("a?b#c", "a%3Fb%23c"), ("ü", "%C3%BC"), ("a b", "a%20b"), ("...", "..."), ("a:b", "a%3Ab"), ("a\\b", "a%5Cb")]
    {
        let request = ReadRequest::<Widget>::namespaced("n", name).request().clone().into_http().unwrap();
        assert_eq!(request.uri().path(), format!("/apis/example.com/v1/namespaces/n/widgets/{segment}"));
    }
    for name in ["", ".", "..", "a/b", "../x", "%2e", "a%2Fb"] {
        let recorder = Recorder("{}", Default::default());
        let error = now(ReadRequest::<Widget>::namespaced(name, "w").send(&recorder)).unwrap_err();
        assert!(error.0.contains("`namespace`"), "{error:?}");
        assert!(recorder.1.into_inner().unwrap().is_none(), "nothing is sent");
    }
}

#[test]
fn a_proxy_keeps_the_slashes_of_its_path() {
    let path =
        Path::new("/api/v1/namespaces/{namespace}/services/{name}/proxy", &["n", "https:web:443"]).join("/a b/c%2F/");
    let request = ConnectRequest::<Proxy>::at(Method::GET, path).into_request();
    assert_eq!(format!("{request:?}"), "GET /api/v1/namespaces/n/services/https%3Aweb%3A443/proxy/a%20b/c%252F/");
    assert!(Path::new("/proxy", &[]).join("a/../../b").as_str().is_err());
}

#[test]
fn what_cannot_be_encoded_is_reported_when_it_is_sent() {
    let patch = Patch::merge(&std::collections::BTreeMap::from([((1, 2), 3)]));
    let error = now(PatchRequest::<Widget>::namespaced("n", "w", &patch).send(&Recorder("{}", Default::default())))
        .unwrap_err();
    assert!(error.0.contains("the patch can't be encoded"), "{error:?}");
}

#[test]
fn a_delete_answers_the_object_or_a_status() {
    let answer = |text: &'static str| {
        now(DeleteRequest::<Widget>::namespaced("n", "w").send(&Recorder(text, Default::default())))
    };
    let deleted = answer(r#"{"metadata": {"name": "w"}, "kind": "Widget"}"#).unwrap();
    assert_eq!(deleted.object().unwrap().name(), "w");
    let Deleted::Status(status) = answer(r#"{"kind": "Status", "status": "Success", "code": 200}"#).unwrap() else {
        panic!("no Status")
    };
    assert!(status.is_success());
    assert!(answer(r#"{"kind": "Table"}"#).unwrap_err().0.contains("expected \"Widget\""));
}

#[test]
fn a_list_of_another_kind_is_refused() {
    let list =
        |text: &'static str| now(ListRequest::<Widget>::all_namespaces().send(&Recorder(text, Default::default())));
    assert_eq!(list(r#"{"kind": "WidgetList", "items": [{"size": 1}, {}]}"#).unwrap().items[0].size, 1);
    let error = list(r#"{"kind": "Table", "rows": []}"#).unwrap_err();
    assert!(error.0.contains("expected \"WidgetList\", found \"Table\""), "{error:?}");
    let error = list(r#"{"items": [{}, {"parts": [{"ready": 1}]}]}"#).unwrap_err();
    assert!(error.0.starts_with("items[1].parts[0].ready: expected a boolean"), "{error:?}");
}

#[test]
fn no_debug_output_shows_a_body() {
    let secret = Widget { tags: [("token", "hunter2")].into(), ..Widget::named("w") };
    let create = CreateRequest::namespaced("n", &secret);
    assert_eq!(format!("{:?}", create.request()), "POST /apis/example.com/v1/namespaces/n/widgets");
    assert!(!format!("{create:?}").contains("hunter2"));
    let patch = Patch::merge(&json!({"token": "hunter2"}));
    assert!(!format!("{:?} {patch:?}", PatchRequest::<Widget>::namespaced("n", "w", &patch)).contains("hunter2"));
}
