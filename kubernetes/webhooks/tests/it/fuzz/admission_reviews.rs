use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use kubernetes_core::json::{self, Tree};
use kubernetes_core::{ByteString, JsonPointer};
use kubernetes_models::core::v1::{Container, Pod};
use kubernetes_webhooks::{AdmissionRequest, Denied, Webhook, Webhooks};
use tower_service::Service as _;

/// Any body is answered by a review; a patch, applied to the object as it was sent, gives the object that the handler
/// returned, and leaves the rest alone.
pub(crate) fn check(body: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mutated = Arc::new(Mutex::new(None));
    let note = Arc::clone(&mutated);
    let webhooks = Webhooks::new()
        .with(Webhook::mutating_at("/pods", move |mut pod: Pod, _: AdmissionRequest<Pod>| {
            change(&mut pod);
            *note.lock().unwrap() = Some(pod.clone());
            async move { Ok::<_, Denied>(pod) }
        }))
        .with(Webhook::validating_at("/any", |request: AdmissionRequest<Tree>| async move {
            if request.object.is_some() { Ok(()) } else { Err("there is no object") }
        }));
    runtime.block_on(async {
        let response = post(&webhooks, "/any", body).await;
        assert!(response.at("/response/patch").is_none());
        let response = post(&webhooks, "/pods", body).await;
        let Some(Tree::String(patch)) = response.at("/response/patch") else { return };
        let patch: ByteString = json::from_str(&Tree::String(patch.clone()).to_text()).unwrap();
        let review: Tree = json::from_slice(body).unwrap();
        let sent = review.at("/request/object").unwrap();
        let mutated = mutated.lock().unwrap().take().unwrap();
        let patched = apply(sent.clone(), &patch);
        assert_eq!(patched.to_value::<Pod>().unwrap(), mutated);
        for unknown in ["/unknown", "/metadata/unknown", "/spec/unknown", "/status/unknown"] {
            assert_eq!(patched.at(unknown), sent.at(unknown), "{unknown}");
        }
    });
}

fn change(pod: &mut Pod) {
    pod.metadata.labels.insert("a/b~c", "d");
    pod.metadata.finalizers.reverse();
    let Some(spec) = &mut pod.spec else { return };
    spec.node_name = None;
    spec.containers.insert(0, Container { name: "proxy".into(), ..Container::default() });
    if let Some(last) = spec.containers.last_mut() {
        last.image = Some("changed".into());
        last.env.pop();
    }
}

async fn post(webhooks: &Webhooks, path: &str, body: &[u8]) -> Tree {
    let request = Request::post(path).header("content-type", "application/json");
    let request = request.body(Full::new(Bytes::copy_from_slice(body))).unwrap();
    let response = webhooks.clone().call(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let review: Tree = json::from_slice(&body).unwrap();
    let code = review.at("/response/status/code").map(Tree::to_text);
    match review.at("/response/allowed").map(Tree::to_text).as_deref() {
        Some("true") => assert_eq!(code.as_deref(), Some("200")),
        Some("false") => assert!(matches!(code.as_deref(), Some("400" | "403")), "{code:?}"),
        other => panic!("allowed is {other:?}"),
    }
    review
}

/// An implementation of its own for the three operations that patches consist of.
fn apply(mut object: Tree, patch: &[u8]) -> Tree {
    let Tree::List(operations) = json::from_slice(patch).unwrap() else { panic!("a patch is a list") };
    for operation in operations {
        let text = |key: &str| operation.get(key).and_then(Tree::as_str).map(str::to_owned);
        let path = JsonPointer::from(text("path").unwrap().as_str());
        let (parent, key) = (path.parent().unwrap(), path.keys().next_back().unwrap().into_owned());
        let mut container = object.at(parent.clone()).unwrap().clone();
        let value = operation.get("value").cloned();
        match (&mut container, text("op").unwrap().as_str()) {
            (Tree::List(items), "add") => items.insert(key.parse().unwrap(), value.unwrap()),
            (Tree::List(items), "remove") => drop(items.remove(key.parse().unwrap())),
            (Tree::List(items), "replace") => items[key.parse::<usize>().unwrap()] = value.unwrap(),
            (Tree::Object(fields), op) => {
                let place = fields.iter().position(|(name, _)| *name == key);
                match (op, place) {
                    ("remove", Some(place)) => drop(fields.remove(place)),
                    ("add" | "replace", Some(place)) => fields[place].1 = value.unwrap(),
                    ("add", None) => fields.push((key.as_str().into(), value.unwrap())),
                    _ => panic!("{op} at {path}"),
                }
            }
            (_, op) => panic!("{op} at {path}"),
        }
        if parent == JsonPointer::ROOT {
            object = container;
        } else {
            object.set(parent, container).unwrap();
        }
    }
    object
}
