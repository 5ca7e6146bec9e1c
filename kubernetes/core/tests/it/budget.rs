//! How much memory a document may take when it is decoded.

#[cfg(feature = "cbor")]
use http::HeaderValue;
use kubernetes_core::json::{self, Budget, Reader, Value};
use kubernetes_core::meta::v1::OwnerReference;
use kubernetes_core::{Encoded, List, Map, ObjectMeta, Raw, Str};

use crate::{Part, Widget};

const OVER: &str = "takes more memory than its budget";

fn decode<V: Value>(text: &str, budget: Budget) -> Result<V, json::DecodeError> {
    V::decode(&mut Reader::new(text).with_budget(budget))
}

fn repeated(element: &str, count: usize) -> String {
    vec![element; count].join(",")
}

#[test]
fn a_list_of_empty_objects_is_refused_with_its_place() {
    let text = format!(r#"{{"metadata":{{}},"items":[{}]}}"#, repeated("{}", 1_000_000));
    let error = json::from_str::<List<Widget>>(&text).unwrap_err();
    assert!(error.to_string().contains(OVER), "{error}");
    assert!(error.path().starts_with("items["), "{error}");
    assert_eq!(Encoded::new(None, text.clone()).decode::<List<Widget>>().unwrap_err().to_string(), error.to_string());

    let encoded = Encoded::new(None, text).with_budget(Budget::UNLIMITED);
    assert_eq!(encoded.decode::<List<Widget>>().unwrap().items.len(), 1_000_000);
}

#[test]
fn boxes_maps_and_lists_within_lists_count() {
    let none = Budget::new(0, 100);
    let boxed = decode::<Option<Box<ObjectMeta>>>("{}", none).unwrap_err();
    let map = decode::<Map<ObjectMeta>>(r#"{"a":{}}"#, none).unwrap_err();
    let nested = decode::<Vec<Vec<Vec<i64>>>>(&format!("[[[{}]]]", repeated("1", 100)), none).unwrap_err();
    for error in [&boxed, &map, &nested] {
        assert!(error.to_string().contains(OVER), "{error}");
    }
    assert_eq!(nested.path(), "[0][0][4]", "the list had room for four elements, and was to have room for eight");
}

#[test]
fn memory_that_is_given_back_does_not_count() {
    // Each inner list grows to 128 elements for 65, and shrinks.
    let text = format!("[{}]", repeated(&format!("[{}]", repeated("1", 65)), 100));
    let kept = 100 * (65 * size_of::<i64>() + size_of::<Vec<i64>>());
    let lists: Vec<Vec<i64>> = decode(&text, Budget::new(0, kept + 4096)).unwrap();
    assert_eq!(lists.iter().map(Vec::len).sum::<usize>(), 6500);
    assert!(decode::<Vec<Vec<i64>>>(&text, Budget::new(0, kept - 4096)).is_err());
}

#[test]
fn a_long_list_does_not_make_short_ones_large() {
    // The first list of the field has 255 parts, and those after it one each: what the reader expects is bounded by the
    // rest of the text.
    let part = r#"{"parts":[{"name":"a"}]}"#;
    let long = format!(r#"{{"parts":[{}]}}"#, repeated(r#"{"name":"a"}"#, 255));
    let text = format!(r#"{{"items":[{long},{}]}}"#, repeated(part, 1000));
    let list: List<Widget> = decode(&text, Budget::new(0, 1 << 20)).unwrap();
    assert!(list.items[1..].iter().all(|widget| widget.parts.capacity() == 1));
    assert_eq!(list.items[1].parts[0], Part { name: "a".into(), ready: None });
}

#[test]
fn a_long_list_in_one_response_takes_nothing_of_the_budget_of_the_next() {
    let response = |parts: usize| {
        let padding = "x".repeat(1024);
        Encoded::new(None, format!(r#"{{"parts":[{}],"x":"{padding}"}}"#, repeated(r#"{"name":"a"}"#, parts)))
    };
    assert_eq!(response(255).decode::<Widget>().unwrap().parts.len(), 255);
    let short = response(1).with_budget(Budget::new(0, size_of::<Part>()));
    assert_eq!(short.decode::<Widget>().unwrap().parts.len(), 1);
}

#[test]
fn the_metadata_of_raw_objects_counts() {
    let owners = repeated("{}", 100);
    let item = format!(r#"{{"metadata":{{"ownerReferences":[{owners}]}}}}"#);
    let text = format!(r#"{{"items":[{}]}}"#, repeated(&item, 100));
    let owners = 100 * 100 * size_of::<OwnerReference>();
    let error = decode::<List<Raw<Widget>>>(&text, Budget::new(0, owners)).unwrap_err();
    assert!(error.to_string().contains(OVER), "{error}");
    assert_eq!(decode::<List<Raw<Widget>>>(&text, Budget::new(0, 2 * owners)).unwrap().items.len(), 100);
}

#[test]
fn strings_take_no_more_than_the_text() {
    let text = format!(r#"{{"a":"{}"}}"#, "x".repeat(1 << 20));
    let texts: Map<Str> = decode(&text, Budget::new(0, 1024)).unwrap();
    assert_eq!(texts["a"].len(), 1 << 20);
}

#[cfg(feature = "cbor")]
#[test]
fn the_budget_of_cbor_is_that_of_its_bytes() {
    let text = format!("[{}]", repeated("{}", 1_000_000));
    let bytes = kubernetes_core::cbor::from_json(&text).unwrap();
    assert!(bytes.len() < 2_000_100);
    let encoded = Encoded::new(HeaderValue::from_static("application/cbor"), bytes);
    for error in [
        encoded.decode::<Vec<Widget>>().unwrap_err(),
        kubernetes_core::cbor::from_slice::<Vec<Widget>>(encoded.bytes()).unwrap_err(),
    ] {
        assert!(error.to_string().contains(OVER), "{error}");
    }
    let numbers = kubernetes_core::cbor::from_json(&format!("[{}]", repeated("-1", 1_000_000))).unwrap();
    let numbers = Encoded::new(HeaderValue::from_static("application/cbor"), numbers).with_budget(Budget::new(9, 0));
    assert!(numbers.decode::<Vec<i64>>().unwrap_err().to_string().contains(OVER), "the text of 3 MB counts");
    assert_eq!(numbers.with_budget(Budget::new(12, 0)).decode::<Vec<i64>>().unwrap().len(), 1_000_000);
    let unlimited = encoded.with_budget(Budget::UNLIMITED);
    assert_eq!(unlimited.decode::<Vec<Widget>>().unwrap().len(), 1_000_000);
}
