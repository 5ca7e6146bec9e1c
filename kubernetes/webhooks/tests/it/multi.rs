//! controller-runtime's `multi_test.go`: several handlers at one path.

use kubernetes_webhooks::{AdmissionRequest, Allowed, Denied, Mutated, Webhook, Webhooks};
use serde_json::{Value, json};

use crate::support::{Lantern, MUTATE, Notes, VALIDATE, lantern, patch, post, review};

fn allow(warning: &'static str) -> impl Fn(AdmissionRequest<Lantern>) -> std::future::Ready<Result<Allowed, Denied>> {
    move |_| std::future::ready(Ok(Allowed::new().warning(warning)))
}

fn deny(_: AdmissionRequest<Lantern>) -> std::future::Ready<Result<Allowed, Denied>> {
    std::future::ready(Err(Denied::new("no")))
}

async fn create(webhook: Webhook, path: &str) -> Value {
    post(&Webhooks::new().with(webhook), path, &review("CREATE", &lantern("red"), &Value::Null)).await
}

#[tokio::test]
async fn should_deny_the_request_if_any_handler_denies_the_request() {
    let notes = Notes::default();
    let noted = notes.clone();
    let webhook =
        Webhook::validating(allow("a")).and_validate(deny).and_validate(move |_: AdmissionRequest<Lantern>| {
            noted.add("called");
            std::future::ready(Ok::<(), Denied>(()))
        });
    assert_eq!(create(webhook, VALIDATE).await["allowed"], false);
    assert!(notes.all().is_empty(), "the first refusal counts");
}

#[tokio::test]
async fn should_allow_the_request_and_show_the_warnings_if_all_handlers_allow_the_request() {
    let response = create(Webhook::validating(allow("a")).and_validate(allow("b")), VALIDATE).await;
    assert_eq!((&response["allowed"], &response["warnings"]), (&json!(true), &json!(["a", "b"])));
}

fn add_bulb(
    mut lantern: Lantern,
    _: AdmissionRequest<Lantern>,
) -> std::future::Ready<Result<Mutated<Lantern>, Denied>> {
    lantern.bulbs += 1;
    let warning = format!("{} bulbs", lantern.bulbs);
    std::future::ready(Ok(Mutated::new(lantern, Allowed::new().warning(warning))))
}

#[tokio::test]
async fn should_not_return_any_patches_if_the_request_is_denied() {
    let response = create(Webhook::mutating(add_bulb).and_validate(deny), MUTATE).await;
    assert!(response["allowed"] == false && response.get("patch").is_none(), "{response}");
}

/// Each sees the object as the ones before have left it, so that the patch as a whole applies.
#[tokio::test]
async fn should_produce_all_patches_if_the_requests_are_all_allowed_and_show_warnings() {
    let response = create(Webhook::mutating(add_bulb).and_mutate(add_bulb), MUTATE).await;
    let operations = json!([
        {"op": "add", "path": "/bulbs", "value": 1},
        {"op": "replace", "path": "/bulbs", "value": 2},
    ]);
    assert_eq!(patch(&response), operations);
    assert_eq!(response["warnings"], json!(["1 bulbs", "2 bulbs"]));
}

#[test]
#[should_panic(expected = "two webhooks have the path /validate-light-example-com-v1-lantern")]
fn should_panic_if_a_duplicate_path_is_registered() {
    let _ = Webhooks::new().validate(deny).validate(deny);
}

#[test]
#[should_panic(expected = "two webhooks have the name validate.lantern.v1.light.example.com")]
fn two_webhooks_of_a_name_panic() {
    let _ = Webhooks::new().with(Webhook::validating(deny).path("a")).with(Webhook::validating(deny).path("b"));
}

#[test]
#[should_panic(expected = "the path /convert is that of conversions")]
fn the_path_of_conversions_is_taken() {
    let _ = Webhooks::new().with(Webhook::validating(deny).path("convert"));
}
