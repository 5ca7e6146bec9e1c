//! Metrics have the names of controller-runtime's.

use kubernetes_serving::MetricsText;
use kubernetes_webhooks::{AdmissionRequest, Denied, Webhooks};
use serde_json::{Value, json};

use crate::support::{Lantern, VALIDATE, converter, lantern, post, review};

#[tokio::test]
async fn requests_and_panics_are_counted() {
    let webhooks = Webhooks::new()
        .validate(|request: AdmissionRequest<Lantern>| async move {
            assert!(request.object.is_some_and(|lantern| lantern.color != "black"), "a bug");
            Ok::<(), Denied>(())
        })
        .convert(converter());
    for color in ["red", "black", "blue"] {
        post(&webhooks, VALIDATE, &review("CREATE", &lantern(color), &Value::Null)).await;
    }
    let object =
        json!({"apiVersion": "light.example.com/v1beta1", "kind": "Lantern", "metadata": {}, "paint": "panic"});
    let conversion = json!({"kind": "ConversionReview", "apiVersion": "apiextensions.k8s.io/v1",
        "request": {"uid": "1", "desiredAPIVersion": "light.example.com/v1", "objects": [object]}});
    post(&webhooks, "/convert", &conversion).await;
    let mut text = MetricsText::default();
    webhooks.metrics()(&mut text);
    let text = text.to_string();
    for line in [
        r#"controller_runtime_webhook_requests_total{code="200",webhook="/validate-light-example-com-v1-lantern"} 3"#,
        r#"controller_runtime_webhook_requests_total{code="500",webhook="/convert"} 0"#,
        r#"controller_runtime_webhook_requests_total{code="200",webhook="/convert"} 1"#,
        r#"controller_runtime_webhook_requests_in_flight{webhook="/convert"} 0"#,
        r#"controller_runtime_webhook_latency_seconds_count{webhook="/validate-light-example-com-v1-lantern"} 3"#,
        r#"controller_runtime_webhook_panics_total 1"#,
        r#"controller_runtime_conversion_webhook_panics_total 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}
