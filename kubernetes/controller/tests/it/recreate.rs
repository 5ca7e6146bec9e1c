//! Children that are deleted and created again, since a field of them can't be changed.

use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{Either, Full};
use kubernetes_client::{Body, Client};
use kubernetes_controller::{Action, Context};
use kubernetes_core::{ApplyRequest, Object, ReadRequest};
use kubernetes_testing::{Fault, ResponseBody, TestServer, TestService};
use tower_service::Service;

use crate::owned::gadget;
use crate::support::*;

/// A server on which the size of a gadget can't be changed.
#[derive(Clone)]
struct Immutable {
    server: TestService,
    message: &'static str,
    is_deleted: Arc<Mutex<bool>>,
}

impl Service<http::Request<Body>> for Immutable {
    type Response = http::Response<Either<ResponseBody, Full<Bytes>>>;
    type Error = <TestService as Service<http::Request<Body>>>::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<http::Request<Body>>::poll_ready(&mut self.server, context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let mut is_deleted = self.is_deleted.lock().unwrap();
        *is_deleted |= request.method() == http::Method::DELETE;
        if request.method() == http::Method::PATCH && request.uri().path().contains("/gadgets/") && !*is_deleted {
            let response = http::Response::builder().status(422).header("content-type", "application/json");
            let body = Either::Right(Full::new(Bytes::from_static(self.message.as_bytes())));
            return Box::pin(async move { Ok(response.body(body).unwrap()) });
        }
        let response = self.server.call(request);
        Box::pin(async move { Ok(response.await?.map(Either::Left)) })
    }
}

const IMMUTABLE: &str = r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 422, "reason": "Invalid",
    "message": "Gadget \"a-0\" is invalid", "details": {"causes": [{"reason": "FieldValueInvalid",
    "message": "Invalid value: 2: field is immutable", "field": "spec.size"}]}}"#;
const INVALID: &str = r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 422, "reason": "Invalid",
    "message": "Gadget \"a-0\" is invalid: spec.size: Invalid value: 2: must be odd"}"#;

/// Like [`resize_existing`], of a child that the set has applied.
async fn resize_immutable(server: &TestServer, message: &'static str, recreates: bool) -> (bool, u32, Option<String>) {
    let client = server.client();
    let widget = create(&client, "a").await;
    resize_existing(server, &widget, Some(&widget), "widgets", message, recreates).await
}

/// Resizes the child of a set, which `manager` has applied for `owner`; returns whether it is another object then, its
/// size, and the error of the first attempt without its cause.
async fn resize_existing(
    server: &TestServer,
    widget: &Widget,
    owner: Option<&Widget>,
    manager: &str,
    message: &'static str,
    recreates: bool,
) -> (bool, u32, Option<String>) {
    let client = server.client();
    let mut before = gadget(widget, "0", 1);
    before.metadata.namespace = Some("default".into());
    owner.iter().for_each(|owner| before.set_controller(*owner).unwrap());
    let before = ApplyRequest::namespaced("default", &before, manager.to_owned()).send(&client).await.unwrap();
    let refusing = Immutable { server: server.service(), message, is_deleted: Arc::default() };
    let refusing = Client::with_service(refusing, "default");
    let first_error = Arc::new(Mutex::new(None));
    let errors = Arc::clone(&first_error);
    let running =
        Running::start(controller(&refusing).owns(gadgets()), move |widget: Arc<Widget>, context: Context<Widget>| {
            let errors = Arc::clone(&errors);
            async move {
                if widget.name() != "a" {
                    return Ok(Action::await_change());
                }
                let set = context.owned_set(&*widget).child(gadget(&widget, "0", 2));
                let set = if recreates { set.recreate_immutable() } else { set };
                let result = set.apply().await;
                if let Err(error) = &result {
                    let text = error.to_string();
                    let (failure, _cause) = text.split_once(": ").unwrap();
                    errors.lock().unwrap().get_or_insert_with(|| failure.to_owned());
                }
                result.map(|_| Action::await_change())
            }
        });
    tokio::time::sleep(SECOND * 5).await;
    running.stop().await.unwrap();
    let after = ReadRequest::<Gadget>::namespaced("default", "a-0").send(&client).await.unwrap();
    let error = first_error.lock().unwrap().take();
    (after.uid() != before.uid(), after.spec.size, error)
}

#[tokio::test(start_paused = true)]
async fn a_child_with_an_immutable_field_is_recreated_if_that_is_asked_for() {
    assert_eq!(resize_immutable(&server(), IMMUTABLE, true).await, (true, 2, None));
    let refused = Some("applying Gadget default/a-0 failed".to_owned());
    assert_eq!(resize_immutable(&server(), IMMUTABLE, false).await, (false, 1, refused.clone()));
    assert_eq!(resize_immutable(&server(), INVALID, true).await, (false, 1, refused), "the new one is wrong");
    // The server would not take the new one either: the old one stays.
    let server = server();
    server.inject(Fault::status(403).verb("create").resource("gadgets").always());
    let refused = Some("recreating Gadget default/a-0 failed".to_owned());
    assert_eq!(resize_immutable(&server, IMMUTABLE, true).await, (false, 1, refused));
}

/// The owner may be another, or none, or the child made by somebody else.
#[tokio::test(start_paused = true)]
async fn objects_of_others_are_not_recreated() {
    for (owner, manager) in [(None, "widgets"), (Some("b"), "widgets"), (Some("a"), "somebody")] {
        let server = server();
        let client = server.client();
        let (a, b) = (create(&client, "a").await, create(&client, "b").await);
        let owner = owner.map(|owner| if owner == "a" { &a } else { &b });
        let (is_another, size, error) = resize_existing(&server, &a, owner, manager, IMMUTABLE, true).await;
        assert_eq!((is_another, size), (false, 1), "{owner:?} {manager}");
        assert_eq!(error.as_deref(), Some("applying Gadget default/a-0 failed"), "{owner:?} {manager}");
        let deletions = server.requests().iter().filter(|request| request.verb() == "delete").count();
        assert_eq!(deletions, 0, "{owner:?} {manager}");
    }
}
