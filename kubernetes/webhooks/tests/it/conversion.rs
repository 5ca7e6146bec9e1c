//! controller-runtime's `conversion_test.go`.

use http::{Request, StatusCode};
use kubernetes_core::conversion::{ConversionError, Spoke, TrySpoke};
use kubernetes_core::{ObjectMeta, resource};
use kubernetes_webhooks::{Converter, Webhooks};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{Lantern, OldLantern, converter, post, send};

fn object(version: &str, spec: &Value) -> Value {
    let mut object = json!({
        "apiVersion": format!("light.example.com/{version}"),
        "kind": "Lantern",
        "metadata": {"name": "porch", "uid": "7", "labels": {"tier": "front"}, "future": [1]},
    });
    for (key, value) in spec.as_object().expect("an object") {
        object[key] = value.clone();
    }
    object
}

fn conversion(desired: &str, objects: &[Value]) -> Value {
    json!({
        "kind": "ConversionReview",
        "apiVersion": "apiextensions.k8s.io/v1",
        "request": {"uid": "c-1", "desiredAPIVersion": desired, "objects": objects},
    })
}

/// API servers send the first version that they know of those in the definition.
#[tokio::test]
async fn the_answer_has_the_version_of_the_review() {
    let webhooks = Webhooks::new().convert(converter());
    for version in ["v1", "v1beta1"] {
        let mut review = conversion("light.example.com/v1", &[object("v1beta1", &json!({"paint": "red"}))]);
        review["apiVersion"] = format!("apiextensions.k8s.io/{version}").into();
        let request = Request::post("/convert").header("content-type", "application/json");
        let (_, body) = send(&webhooks, request.body(review.to_string().into()).expect("a request")).await;
        let answer: Value = serde_json::from_slice(&body).expect("a review");
        assert_eq!(answer["apiVersion"], review["apiVersion"]);
        assert_eq!(answer["response"]["result"]["status"], "Success");
    }
}

/// Go's accessors take empty, absent and null fields as equal.
#[tokio::test]
async fn empty_metadata_is_as_good_as_none() {
    let mut before = object("v1beta1", &json!({"paint": "red"}));
    before["metadata"]["namespace"] = "".into();
    before["metadata"]["uid"] = Value::Null;
    let response = convert("light.example.com/v1", &[before]).await;
    assert_eq!(response["result"], json!({"status": "Success"}), "{response}");
}

/// A version that can't express an object refuses it, with the reason.
#[tokio::test]
async fn a_version_can_refuse_objects() {
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct White {
        metadata: ObjectMeta,
    }
    resource!(White: "light.example.com" / "v2" / "Lantern", "lanterns", namespaced, serde);
    impl TrySpoke for White {
        type Hub = Lantern;
        fn try_to_hub(&self) -> Result<Lantern, ConversionError> {
            Ok(Lantern { color: "white".to_owned(), ..Lantern::default() })
        }
        fn try_from_hub(hub: &Lantern) -> Result<Self, ConversionError> {
            match hub.color.as_str() {
                "white" => Ok(Self::default()),
                color => Err(ConversionError::new(format!("v2 has no color {color:?}"))),
            }
        }
    }
    let webhooks = Webhooks::new().convert(Converter::hub::<Lantern>().spoke::<White>());
    let ask = async |color: &str| {
        let body = conversion("light.example.com/v2", &[object("v1", &json!({"color": color}))]);
        post(&webhooks, "/convert", &body).await["result"].clone()
    };
    assert_eq!(ask("white").await, json!({"status": "Success"}));
    assert_eq!(ask("red").await, json!({"status": "Failure", "message": "object 0: v2 has no color \"red\""}));
}

async fn convert(desired: &str, objects: &[Value]) -> Value {
    let response = post(&Webhooks::new().convert(converter()), "/convert", &conversion(desired, objects)).await;
    assert_eq!(response["uid"], "c-1");
    response
}

/// The message of a failure.
async fn failure(desired: &str, objects: &[Value]) -> String {
    let response = convert(desired, objects).await;
    assert_eq!((&response["result"]["status"], &response["convertedObjects"]), (&json!("Failure"), &json!([])));
    response["result"]["message"].as_str().expect("a message").to_owned()
}

#[tokio::test]
async fn should_convert_spoke_to_hub_successfully() {
    let response = convert("light.example.com/v1", &[object("v1beta1", &json!({"paint": "red"}))]).await;
    assert_eq!(response["result"], json!({"status": "Success"}));
    assert_eq!(response["convertedObjects"], json!([object("v1", &json!({"color": "red", "bulbs": 1}))]));
}

#[tokio::test]
async fn should_convert_hub_to_spoke_successfully() {
    let response = convert("light.example.com/v1beta1", &[object("v1", &json!({"color": "red", "bulbs": 1}))]).await;
    assert_eq!(response["convertedObjects"], json!([object("v1beta1", &json!({"paint": "red"}))]));
}

#[tokio::test]
async fn should_convert_spoke_to_spoke_successfully() {
    let response = convert("light.example.com/v1alpha1", &[object("v1beta1", &json!({"paint": "red"}))]).await;
    assert_eq!(response["convertedObjects"], json!([object("v1alpha1", &json!({"is_red": true}))]));
}

#[tokio::test]
async fn fields_that_a_version_cant_hold_come_back_from_an_annotation() {
    let before = object("v1", &json!({"color": "red", "bulbs": 7}));
    let old = convert("light.example.com/v1beta1", std::slice::from_ref(&before)).await["convertedObjects"].clone();
    assert!(old[0]["metadata"]["annotations"].as_object().is_some_and(|annotations| annotations.len() == 1), "{old}");
    let after = convert("light.example.com/v1", &[old[0].clone()]).await;
    assert_eq!(after["convertedObjects"][0], before);
}

#[tokio::test]
async fn objects_come_back_in_their_order_or_none_does() {
    let colors: Vec<String> = (0..100).map(|index| format!("color-{index}")).collect();
    let mut objects: Vec<Value> = colors.iter().map(|color| object("v1beta1", &json!({"paint": color}))).collect();
    let response = convert("light.example.com/v1", &objects).await;
    let converted = response["convertedObjects"].as_array().expect("a list").iter();
    assert!(converted.map(|object| object["color"].as_str().expect("a color")).eq(&colors));
    objects[70]["paint"] = json!(7);
    let message = failure("light.example.com/v1", &objects).await;
    assert!(message.starts_with("object 70: ") && message.contains("paint"), "{message}");
}

#[tokio::test]
async fn should_return_error_when_objects_belong_to_different_api_groups() {
    let message = failure("other.example.com/v1", &[object("v1beta1", &json!({}))]).await;
    assert!(message.contains("not of the same API group"), "{message}");
}

#[tokio::test]
async fn should_return_error_when_objects_are_of_same_type() {
    let message = failure("light.example.com/v1", &[object("v1", &json!({}))]).await;
    assert!(message.contains("is already at version light.example.com/v1"), "{message}");
}

#[tokio::test]
async fn should_return_error_when_there_is_no_converter() {
    let mut torch = object("v1beta1", &json!({}));
    torch["kind"] = "Torch".into();
    assert!(
        failure("light.example.com/v1", &[torch])
            .await
            .contains("there is no converter for light.example.com/v1beta1, Kind=Torch")
    );
    let message = failure("light.example.com/v3", &[object("v1", &json!({}))]).await;
    assert!(message.contains("no version v3; known versions: v1alpha1, v1beta1, v1"), "{message}");
}

#[tokio::test]
async fn should_return_error_on_panic_in_conversion() {
    let message = failure("light.example.com/v1", &[object("v1beta1", &json!({"paint": "panic"}))]).await;
    assert_eq!(message, "internal error occurred during conversion");
}

/// A conversion that renames is refused here, with the reason.
#[tokio::test]
async fn of_metadata_only_labels_and_annotations_may_change() {
    // The functions of `core` copy metadata, so that a type has to change it while it is written.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Renaming {
        #[serde(serialize_with = "rename")]
        metadata: ObjectMeta,
    }
    fn rename<S: serde::Serializer>(metadata: &ObjectMeta, serializer: S) -> Result<S::Ok, S::Error> {
        let mut metadata = metadata.clone();
        metadata.name = Some("other".into());
        metadata.serialize(serializer)
    }
    resource!(Renaming: "light.example.com" / "v2" / "Lantern", "lanterns", namespaced, serde);
    impl Spoke for Renaming {
        type Hub = Lantern;
        fn to_hub(&self) -> Lantern {
            Lantern::default()
        }
        fn from_hub(_: &Lantern) -> Self {
            Self::default()
        }
    }
    let webhooks = Webhooks::new().convert(Converter::hub::<Lantern>().spoke::<Renaming>());
    let body = conversion("light.example.com/v2", &[object("v1", &json!({}))]);
    let message = post(&webhooks, "/convert", &body).await["result"]["message"].clone();
    assert_eq!(message, "object 0: the conversion has changed metadata.name");
}

#[tokio::test]
async fn a_request_that_cant_be_read_is_a_bad_request() {
    let webhooks = Webhooks::new().convert(converter()).max_conversion_bytes(100);
    let request = |body: String| {
        Request::post("/convert").header("content-type", "application/json").body(body.into()).expect("a request")
    };
    for (body, expected) in [
        ("{", StatusCode::BAD_REQUEST),
        (r#"{"kind": "ConversionReview", "apiVersion": "apiextensions.k8s.io/v1"}"#, StatusCode::BAD_REQUEST),
        (r#"{"kind": "AdmissionReview", "request": {}}"#, StatusCode::BAD_REQUEST),
        (&" ".repeat(101), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        assert_eq!(send(&webhooks, request(body.to_owned())).await.0, expected, "{body}");
    }
}

#[test]
#[should_panic(expected = "two versions v1beta1")]
fn should_return_error_if_same_spoke_is_specified_twice() {
    let _ = Converter::hub::<Lantern>().spoke::<OldLantern>().spoke::<OldLantern>();
}

#[test]
#[should_panic(
    expected = "other.example.com/v1, Kind=Lantern can't be a version of light.example.com/v1, Kind=Lantern"
)]
fn should_return_error_if_spoke_does_not_have_the_same_groupkind_as_the_hub() {
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Other {
        metadata: ObjectMeta,
    }
    resource!(Other: "other.example.com" / "v1" / "Lantern", "lanterns", namespaced, serde);
    impl Spoke for Other {
        type Hub = Lantern;
        fn to_hub(&self) -> Lantern {
            Lantern::default()
        }
        fn from_hub(_: &Lantern) -> Self {
            Self::default()
        }
    }
    let _ = Converter::hub::<Lantern>().spoke::<Other>();
}
