use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use kubernetes_testing::TestServer;
use kubernetes_webhooks::{AdmissionRequest, Denied, FailurePolicy, Webhook, Webhooks};
use serde_json::{Value, json};

use super::{DEFINITION, create, install, refused, serve};
use crate::support::{Function, Lantern, answering};

#[tokio::test(start_paused = true)]
async fn failures_refuse_or_are_ignored_as_the_policy_says() {
    for (policy, is_allowed) in [(FailurePolicy::Fail, false), (FailurePolicy::Ignore, true)] {
        let validating = |request: AdmissionRequest<Lantern>| async move {
            match request.object.map(|lantern| lantern.color).as_deref() {
                Some("slow") => tokio::time::sleep(Duration::from_secs(60)).await,
                Some("panic") => panic!("a bug"),
                _ => {}
            }
            Ok::<(), Denied>(())
        };
        let webhook = Webhook::validating(validating).failure_policy(policy).timeout(Duration::from_secs(3));
        let (server, client) = serve(Webhooks::new().with(webhook)).await;
        let panic = refused(create(&client, "panic", "panic").await);
        assert_eq!(
            (panic.0, panic.2.ends_with("denied the request: panic: a bug [recovered]")),
            (500, true),
            "{panic:?}"
        );
        // A server that answers too late, whatever it says, and one that is not there.
        let slow = |request: Request<Full<Bytes>>| async move {
            drop(request);
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        };
        server.serve_webhooks("lights.default.svc", Function(slow));
        let late = create(&client, "late", "red").await;
        server.serve_webhooks("lights.default.svc", Webhooks::new());
        let missing = create(&client, "missing", "red").await;
        if is_allowed {
            late.and(missing).expect("failures are ignored");
            continue;
        }
        let call = "Internal error occurred: failed calling webhook \"validate.lantern.v1.light.example.com\": failed to call webhook: ";
        let url = "Post \"https://lights.default.svc:443/validate-light-example-com-v1-lantern?timeout=3s\": ";
        let expected = (500, "InternalError".to_owned(), format!("{call}{url}context deadline exceeded"));
        assert_eq!(refused(late), expected);
        let expected = format!("{call}the server could not find the requested resource");
        assert_eq!(refused(missing).2, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_there_can_t_be_called() {
    let server = TestServer::in_process();
    server.load_yaml(DEFINITION).expect("the definition is right");
    let webhooks = Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) });
    install(&server.client(), "lights", &webhooks).await;
    let refusal = refused(create(&server.client(), "x", "red").await);
    assert!(refusal.2.ends_with("service \"lights\" not found"), "{refusal:?}");
}

/// The failure policy decides about an answer that can't be read; a patch that does not apply is an error in any case.
#[tokio::test(start_paused = true)]
async fn patches_that_can_t_be_used_are_failures() {
    for policy in [FailurePolicy::Fail, FailurePolicy::Ignore] {
        let webhook =
            Webhook::mutating(|lantern: Lantern, _: AdmissionRequest<Lantern>| async { Ok::<_, Denied>(lantern) });
        let (server, client) = serve(Webhooks::new().with(webhook.failure_policy(policy))).await;
        let ask = async |name: &str, patch: Value| {
            let answer = move |_: &str, review: &Value| {
                let uid = &review["request"]["uid"];
                let response = json!({"uid": uid, "allowed": true, "patchType": "JSONPatch", "patch": patch});
                json!({"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": response})
            };
            server.serve_webhooks("lights.default.svc", answering(answer));
            create(&client, name, "red").await
        };
        let calling = "failed calling webhook \"mutate.lantern.v1.light.example.com\": ";
        for (name, patch, why) in [
            ("a", json!("[{\"op\":\"add\"}]"), "failed to call webhook: json: response.patch is not base64"),
            // {"op":"add"}
            ("b", json!("eyJvcCI6ImFkZCJ9"), "received undecodable patch in webhook response: "),
        ] {
            let outcome = ask(name, patch).await;
            if policy == FailurePolicy::Ignore {
                outcome.expect("the failure is ignored");
                continue;
            }
            let refusal = refused(outcome);
            assert!(refusal.2.contains(&format!("{calling}{why}")), "{refusal:?}");
        }
        // [{"op":"remove","path":"/none"}]
        let refusal = refused(ask("c", json!("W3sib3AiOiJyZW1vdmUiLCJwYXRoIjoiL25vbmUifV0=")).await);
        assert_eq!((refusal.0, refusal.2.contains(calling)), (500, false), "{refusal:?}");
    }
}

/// A real server that panics closes the connection.
#[tokio::test(start_paused = true)]
async fn a_service_that_panics_is_a_failed_call() {
    for policy in [FailurePolicy::Fail, FailurePolicy::Ignore] {
        let webhook = Webhook::validating(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) });
        let (server, client) = serve(Webhooks::new().with(webhook.failure_policy(policy))).await;
        server.serve_webhooks("lights.default.svc", answering(|_, _| panic!("a bug")));
        let outcome = create(&client, "panic", "red").await;
        if policy == FailurePolicy::Ignore {
            outcome.expect("the failure is ignored");
            continue;
        }
        let url = "https://lights.default.svc:443/validate-light-example-com-v1-lantern?timeout=10s";
        let expected = format!("failed to call webhook: Post \"{url}\": EOF");
        let refusal = refused(outcome);
        assert!(refusal.2.ends_with(&expected), "{refusal:?}");
    }
}
