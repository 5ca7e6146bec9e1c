//! Lists, page by page.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;
use kubernetes_core::json::DecodeError;
use kubernetes_core::{Encoded, Execute, ListRequest, ReadRequest, Request, RequestError, Status, json};

use crate::Widget;

/// Answers requests one after the other, and writes down their queries.
struct Server {
    answers: Mutex<VecDeque<String>>,
    queries: Mutex<Vec<String>>,
}

#[derive(Debug)]
enum Failed {
    Status(Status),
    Decode(DecodeError),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Failed {}

impl RequestError for Failed {
    fn status(&self) -> Option<&Status> {
        match self {
            Self::Status(status) => Some(status),
            Self::Decode(_) => None,
        }
    }

    fn from_decode(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl Execute for Server {
    type Error = Failed;
    type Body = Never;

    async fn execute<T: Send>(
        &self,
        request: Request,
        decode: fn(&Encoded) -> Result<T, DecodeError>,
    ) -> Result<T, Failed> {
        self.queries.lock().unwrap().push(request.query.encode());
        let answer = self.answers.lock().unwrap().pop_front().expect("the script has an answer");
        let status: Status = json::from_str(&answer).map_err(Failed::Decode)?;
        if status.code.is_some() {
            return Err(Failed::Status(status));
        }
        decode(&Encoded::new(None, answer)).map_err(Failed::Decode)
    }

    async fn open(&self, _: Request) -> Result<Never, Failed> {
        unreachable!("a list is not a stream")
    }
}

struct Never;

impl Stream for Never {
    type Item = Result<Bytes, Failed>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(None)
    }
}

fn server(answers: &[String]) -> Server {
    Server { answers: Mutex::new(answers.iter().cloned().collect()), queries: Mutex::default() }
}

fn page(version: u32, token: &str, names: &[&str]) -> String {
    let items = names.iter().map(|name| format!(r#"{{"metadata":{{"name":"{name}"}}}}"#)).collect::<Vec<_>>().join(",");
    format!(r#"{{"metadata":{{"resourceVersion":"{version}","continue":"{token}"}},"items":[{items}]}}"#)
}

fn failure(code: u32, reason: &str) -> String {
    format!(r#"{{"status":"Failure","reason":"{reason}","code":{code},"message":"no"}}"#)
}

fn now<F: Future>(future: F) -> F::Output {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// All that a stream yields.
fn all<S: Stream + Unpin>(mut stream: S) -> Vec<S::Item> {
    let mut yielded = Vec::new();
    let mut cx = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(item)) = Pin::new(&mut stream).poll_next(&mut cx) {
        yielded.push(item);
    }
    assert!(matches!(Pin::new(&mut stream).poll_next(&mut cx), Poll::Ready(None)), "the end is final");
    yielded
}

fn names(pages: &[Result<kubernetes_core::List<Widget>, Failed>]) -> Vec<String> {
    pages
        .iter()
        .map(|page| match page {
            Ok(page) => page.items.iter().map(Widget::name).collect::<Vec<_>>().join(" "),
            Err(Failed::Status(status)) => format!("error {}", status.code.unwrap_or_default()),
            Err(Failed::Decode(error)) => error.to_string(),
        })
        .collect()
}

fn list() -> ListRequest<Widget> {
    ListRequest::namespaced("shop").label_selector("a=b")
}

#[test]
fn follows_the_tokens() {
    let server = server(&[page(7, "t1", &["a", "b"]), page(7, "t2", &["c"]), page(7, "", &[])]);
    let pages = all(list().resource_version("5").resource_version_match("NotOlderThan").pages(&server));
    assert_eq!(names(&pages), ["a b", "c", ""]);
    let queries = server.queries.lock().unwrap();
    assert_eq!(
        *queries,
        [
            "labelSelector=a%3Db&resourceVersion=5&resourceVersionMatch=NotOlderThan&limit=500",
            "labelSelector=a%3Db&limit=500&continue=t1",
            "labelSelector=a%3Db&limit=500&continue=t2",
        ]
    );
}

#[test]
fn takes_the_users_limit() {
    let server = server(&[page(7, "", &["a"])]);
    assert_eq!(names(&all(list().limit(10).pages(&server))), ["a"]);
    assert_eq!(*server.queries.lock().unwrap(), ["labelSelector=a%3Db&limit=10"]);
}

#[test]
fn lists_all_when_the_server_has_forgotten() {
    let script = [page(7, "t1", &["a", "b"]), failure(410, "Expired"), page(9, "", &["b", "c", "d"])];
    let server = server(&script);
    let mut pages = list().resource_version("5").pages(&server);
    assert_eq!(now(pages.next_page()).unwrap().unwrap().items.len(), 2);
    assert!(!pages.has_restarted());
    assert_eq!(now(pages.next_page()).unwrap().unwrap().items.len(), 3);
    assert!(pages.has_restarted());
    assert!(now(pages.next_page()).unwrap().is_none());
    let queries = server.queries.lock().unwrap();
    assert_eq!(queries[2], "labelSelector=a%3Db&resourceVersion=5", "at the version asked for, without a limit");
}

#[test]
fn does_so_once_and_not_for_the_first_page() {
    let server = self::server(&[failure(410, "Expired")]);
    assert_eq!(names(&all(list().pages(&server))), ["error 410"]);
    let script = [page(7, "t1", &["a"]), failure(410, "Expired"), failure(410, "Expired")];
    let server = self::server(&script);
    assert_eq!(names(&all(list().pages(&server))), ["a", "error 410"]);
    let server = self::server(&[page(7, "t1", &["a"]), failure(500, "InternalError")]);
    assert_eq!(names(&all(list().pages(&server))), ["a", "error 500"]);
}

#[test]
fn a_server_that_repeats_itself_is_an_error() {
    let server = server(&[page(7, "t1", &["a"]), page(7, "t1", &["a"])]);
    let yielded = names(&all(list().pages(&server)));
    assert_eq!(yielded[..1], ["a"]);
    assert!(yielded[1].starts_with("metadata.continue: the list never ends"), "{yielded:?}");
    assert_eq!(yielded.len(), 2);
}

#[test]
fn tokens_that_go_in_a_circle_are_an_error() {
    for length in [2, 3, 10] {
        let answers: Vec<_> = (0..100).map(|index| page(7, &format!("t{}", index % length), &["a"])).collect();
        let yielded = names(&all(list().pages(&server(&answers))));
        assert!(yielded.len() <= 3 * length + 1, "{} pages in circles of {length}", yielded.len());
        assert!(yielded[yielded.len() - 1].contains("never ends"), "{yielded:?}");
    }
    let answers: Vec<_> = (0..200).map(|index| page(7, &format!("t{index}"), &[])).collect();
    let yielded = names(&all(list().pages(&server(&answers))));
    assert_eq!(yielded.len(), 100, "pages without an object do not go on forever");
    assert!(yielded[99].contains("never ends"), "{yielded:?}");
    let error = now(list().send_all(&server(&answers))).unwrap_err();
    assert!(error.to_string().contains("never ends"), "{error}");
}

/// A server that pages whether asked or not, and whose tokens are always too old.
#[test]
fn a_list_that_expires_again_is_an_error() {
    let script: Vec<_> = (0..50).flat_map(|_| [page(7, "t1", &["a"]), failure(410, "Expired")]).collect();
    assert_eq!(names(&all(list().pages(&server(&script)))), ["a", "a", "error 410"]);
    assert!(now(list().send_all(&server(&script))).unwrap_err().status().unwrap().is_gone());
    let items = all(list().items(&server(&script)));
    assert_eq!(items.len(), 3);
    assert!(items[2].is_err());
}

/// The pages that follow it belong to it.
#[test]
fn a_whole_list_may_come_in_pages_all_the_same() {
    let script = [page(7, "t1", &["gone"]), failure(410, "Expired"), page(9, "t2", &["a", "b"]), page(9, "", &["c"])];
    let list = now(self::list().send_all(&server(&script))).unwrap();
    assert_eq!(list.items.iter().map(Widget::name).collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn joins_pages() {
    let server = self::server(&[page(7, "t1", &["a", "b"]), page(8, "", &["c"])]);
    let list = now(self::list().send_all(&server)).unwrap();
    assert_eq!(list.items.iter().map(Widget::name).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!((list.resource_version(), list.continue_token()), ("7", None), "as of the first page");

    let server = self::server(&[page(7, "t1", &["a"]), failure(410, "Expired"), page(9, "", &["b"])]);
    let list = now(self::list().send_all(&server)).unwrap();
    assert_eq!(list.items.iter().map(Widget::name).collect::<Vec<_>>(), ["b"]);
    assert_eq!(list.resource_version(), "9");

    let server = self::server(&[failure(403, "Forbidden")]);
    assert!(now(self::list().send_all(&server)).unwrap_err().status().unwrap().is_forbidden());
}

#[test]
fn yields_objects() {
    let script = [page(7, "t1", &["a", "b"]), page(7, "t2", &[]), page(7, "", &["c"])];
    let server = self::server(&script);
    let items = all(list().items(&server));
    assert_eq!(items.iter().map(|item| item.as_ref().unwrap().name()).collect::<Vec<_>>(), ["a", "b", "c"]);

    let server = self::server(&script);
    let mut items = list().items(&server);
    let mut found = Vec::new();
    while let Some(item) = now(items.next_item()).unwrap() {
        found.push(item.name().to_owned());
    }
    assert_eq!(found, ["a", "b", "c"]);
}

#[test]
fn what_does_not_exist_is_none() {
    let read = |answer: &str| {
        let server = server(&[answer.to_owned()]);
        now(ReadRequest::<Widget>::namespaced("shop", "web").send_opt(&server))
    };
    let missing = r#"{"status":"Failure","reason":"NotFound","code":404,"message":"widgets \"web\" not found",
        "details":{"name":"web","kind":"widgets"}}"#;
    assert_eq!(read(missing).unwrap(), None);
    assert_eq!(read(&failure(404, "NotFound")).unwrap(), None, "whatever does not say more");
    assert_eq!(read(r#"{"metadata":{"name":"web"}}"#).unwrap().unwrap().name(), "web");

    let unknown = r#"{"status":"Failure","reason":"NotFound","code":404,"details":{},
        "message":"the server could not find the requested resource"}"#;
    let plain = r#"{"status":"Failure","reason":"NotFound","code":404,"message":"404 page not found"}"#;
    for error in [unknown, plain, &failure(403, "Forbidden")] {
        read(error).expect_err("that there are no such resources says nothing of the object");
    }
}
