use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use kubernetes_core::conversion::Spoke;
use kubernetes_core::json::{self, DecodeError, Reader, Tree, Value, Writer};
use kubernetes_core::{Json, Map, ObjectMeta, Str, resource};
use kubernetes_webhooks::{Converter, Webhooks};
use tower_service::Service as _;

/// Any body is answered: by all objects in their order and in the desired version, by a failure without any, or by 400.
pub(crate) fn check(body: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut webhooks = Webhooks::new().convert(Converter::hub::<New>().spoke::<Old>());
    let request = Request::post("/convert").header("content-type", "application/json");
    let request = request.body(Full::new(Bytes::copy_from_slice(body))).unwrap();
    let response = runtime.block_on(webhooks.call(request)).unwrap();
    if response.status() == 400 {
        return;
    }
    assert_eq!(response.status(), 200);
    let body_back = runtime.block_on(response.into_body().collect()).unwrap().to_bytes();
    let (sent, review): (Tree, Tree) = (json::from_slice(body).unwrap(), json::from_slice(&body_back).unwrap());
    let uid = sent.at("/request/uid").and_then(Tree::as_str).unwrap_or_default();
    assert_eq!(review.at("/response/uid").and_then(Tree::as_str), Some(uid));
    let Some(Tree::List(objects)) = review.at("/response/convertedObjects") else { panic!("a list") };
    if review.at("/response/result/status").and_then(Tree::as_str) != Some("Success") {
        assert!(objects.is_empty());
        let message = review.at("/response/result/message").and_then(Tree::as_str);
        assert!(message.is_some_and(|message| message != "internal error occurred during conversion"));
        return;
    }
    let Some(Tree::List(before)) = sent.at("/request/objects") else { return assert!(objects.is_empty()) };
    assert_eq!(objects.len(), before.len());
    for (before, after) in before.iter().zip(objects) {
        assert_eq!(after.at("/apiVersion"), sent.at("/request/desiredAPIVersion"));
        assert_eq!(after.at("/kind"), before.at("/kind"));
        let Some(Tree::Object(metadata)) = before.at("/metadata") else { continue };
        for (key, value) in metadata.iter().filter(|(key, _)| key != "labels" && key != "annotations") {
            assert_eq!(after.get("metadata").and_then(|metadata| metadata.get(key)), Some(value), "{key}");
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
struct New {
    metadata: ObjectMeta,
    colors: Vec<Str>,
    tags: Map<Str>,
    any: Option<Json>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Old {
    metadata: ObjectMeta,
    color: Str,
}

impl Value for New {
    const FIELDS: &'static [&'static str] = &["apiVersion", "kind", "metadata", "colors", "tags", "any"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let (mut version, mut kind) = (json::Constant("light.example.com/v1"), json::Constant("Lantern"));
        reader.fields(
            Self::FIELDS,
            &mut [&mut version, &mut kind, &mut self.metadata, &mut self.colors, &mut self.tags, &mut self.any],
        )
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.type_meta("light.example.com/v1", "Lantern");
        writer.required("metadata", &self.metadata);
        writer.optional("colors", &self.colors);
        writer.optional("tags", &self.tags);
        writer.optional("any", &self.any);
    }
}

impl Value for Old {
    const FIELDS: &'static [&'static str] = &["apiVersion", "kind", "metadata", "color"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let (mut version, mut kind) = (json::Constant("light.example.com/v1beta1"), json::Constant("Lantern"));
        reader.fields(Self::FIELDS, &mut [&mut version, &mut kind, &mut self.metadata, &mut self.color])
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.type_meta("light.example.com/v1beta1", "Lantern");
        writer.required("metadata", &self.metadata);
        writer.required("color", &self.color);
    }
}

resource!(New: "light.example.com" / "v1" / "Lantern", "lanterns", namespaced);
resource!(Old: "light.example.com" / "v1beta1" / "Lantern", "lanterns", namespaced);

impl Spoke for Old {
    type Hub = New;

    fn to_hub(&self) -> New {
        New { colors: vec![self.color.clone()], ..New::default() }
    }

    fn from_hub(hub: &New) -> Self {
        Self { color: hub.colors.first().cloned().unwrap_or_default(), ..Self::default() }
    }
}
