//! The reader's verdict and value are serde_json's; the normal form of what is null, absent or unknown is Go's.

use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::{Engine, alphabet};
use kubernetes_core::json::{self, DecodeError, Reader};
use kubernetes_core::{ByteString, IntOrString, Json, Map, Quantity, Str};
use proptest::prelude::*;

use crate::{Part, Widget};

fn verdict(bytes: &[u8]) -> Result<(), DecodeError> {
    let mut reader = Reader::from_slice(bytes)?;
    reader.skip()?;
    reader.end()
}

fn assert_same_verdict(bytes: &[u8]) {
    let ours = verdict(bytes);
    let theirs = serde_json::from_slice::<serde_json::Value>(bytes);
    assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?}: {ours:?} {theirs:?}", String::from_utf8_lossy(bytes));
    // Models, maps and lists have loops of their own.
    let in_map = json::from_slice::<Map<Json>>(bytes).is_ok();
    let in_list = json::from_slice::<Vec<Json>>(bytes).is_ok();
    let in_model = json::from_slice::<Anything>(bytes).is_ok();
    let theirs = theirs.as_ref();
    let is = |test: fn(&serde_json::Value) -> bool| theirs.is_ok_and(|value| test(value) || value.is_null());
    assert_eq!(in_map, is(serde_json::Value::is_object), "a map: {:?}", String::from_utf8_lossy(bytes));
    assert_eq!(in_list, is(serde_json::Value::is_array), "a list: {:?}", String::from_utf8_lossy(bytes));
    assert_eq!(in_model, is(serde_json::Value::is_object), "a model: {:?}", String::from_utf8_lossy(bytes));
}

/// A model that knows no field.
#[derive(Default)]
struct Anything;

impl json::Value for Anything {}

#[test]
fn texts_at_the_edge_of_the_grammar_get_the_verdict_of_serde_json() {
    let texts = [
        "",
        " ",
        "{}",
        "[]",
        "{",
        "[",
        "]",
        "}",
        "{]",
        "[}",
        "{,}",
        "[,]",
        "[1,]",
        "{\"a\":1,}",
        "[1 2]",
        "{\"a\" 1}",
        "{\"a\":}",
        "{a:1}",
        "{1:1}",
        "[[1],]",
        "nul",
        "nulll",
        "null",
        "true",
        "tru",
        "falsey",
        "True",
        "0",
        "-0",
        "-",
        "01",
        "-01",
        "1.",
        ".1",
        "1.0",
        "1e",
        "1e+",
        "1e5",
        "1E-5",
        "1e400",
        "-1e400",
        "1e-400",
        "1e99999999999",
        "18446744073709551616",
        "123456789012345678901234567890",
        "+1",
        "0x10",
        "NaN",
        "Infinity",
        "1 ",
        " 1",
        "1\n\t\r",
        "\"",
        "\"a",
        "\"a\"b",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u123g\"",
        "\"\\u0041\"",
        "\"\\ud800\"",
        "\"\\ud800x\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud83d\\ude00\"",
        "\"\\udc00\"",
        "\"\\udc00\\ud800\"",
        "\"\u{1}\"",
        "\"\t\"",
        "\"\u{7f}\"",
        "\"\\/\\b\\f\\n\\r\\t\"",
        "\u{feff}{}",
        "{}x",
        "{} {}",
        "/* */1",
        "'a'",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,},}",
        "{\"a\":1 , }",
        "{ , \"a\":1}",
        "[\"\\u00e9\",\"é\"]",
        "\u{a0}1",
        "-1",
        "--1",
        "1-",
        "[1,,2]",
        "{\"a\":1 \"b\":2}",
        "{\"\":0}",
    ];
    for text in texts {
        assert_same_verdict(text.as_bytes());
    }
    for bytes in [&b"\"\xff\""[..], b"\"\xc3\"", b"\xff", b"[\"\xed\xa0\x80\"]"] {
        assert_same_verdict(bytes);
    }
}

#[test]
fn nesting_is_limited_where_serde_json_limits_it() {
    for depth in [126, 127, 128, 129, 100_000] {
        assert_same_verdict("[".repeat(depth).as_bytes());
        assert_same_verdict(format!("{}{}", "[".repeat(depth), "]".repeat(depth)).as_bytes());
        assert_same_verdict(format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)).as_bytes());
    }
}

pub(crate) fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_document_is_read_and_written_unchanged(value in any_json()) {
        let read: Json = json::from_str(&value.to_string()).unwrap();
        prop_assert_eq!(read.as_str(), value.to_string());
    }

    #[test]
    fn a_damaged_document_gets_the_verdict_of_serde_json(
        value in any_json(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut bytes = value.to_string().into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        assert_same_verdict(&bytes);
    }

    #[test]
    fn any_string_is_read_as_serde_json_reads_it(text in any::<String>(), ascii in any::<bool>()) {
        let mut encoded = serde_json::to_string(&text).unwrap();
        if ascii {
            encoded = encoded.encode_utf16().map(|unit| {
                if unit < 0x80 { char::from(unit as u8).to_string() } else { format!("\\u{unit:04x}") }
            }).collect();
        }
        let read: Str = json::from_str(&encoded).unwrap();
        prop_assert_eq!(&read, &text);
        prop_assert_eq!(serde_json::from_str::<String>(&json::to_string(&read).unwrap()).unwrap(), text);
    }

    #[test]
    fn numbers_are_exact(integer in any::<i64>(), float in any::<f64>().prop_filter("finite", |f| f.is_finite())) {
        prop_assert_eq!(json::from_str::<i64>(&integer.to_string()).unwrap(), integer);
        let written = json::to_string(&float).unwrap();
        prop_assert_eq!(json::from_str::<f64>(&written).unwrap().to_bits(), float.to_bits());
        // Also by way of serde, as users' own types are read.
        prop_assert_eq!(json::from_str::<Json>(&written).unwrap().decode::<f64>().unwrap().to_bits(), float.to_bits());
    }
}

#[test]
fn null_reads_as_empty_and_what_is_unknown_is_skipped() {
    let widget: Widget = json::from_str(
        r#"{"kind": "Widget", "apiVersion": "example.com/v1", "metadata": null, "size": null, "parts": null,
            "tags": null, "lid": null, "weight": null, "unknown": {"deep": [1, {"parts": 3}]}}"#,
    )
    .unwrap();
    assert_eq!(widget, Widget::default());
    assert_eq!(
        json::to_string(&widget).unwrap(),
        r#"{"apiVersion":"example.com/v1","kind":"Widget","metadata":{},"size":0,"parts":[]}"#
    );
    assert_eq!(json::from_str::<Widget>("{}").unwrap(), Widget::default(), "a missing required field is zero");
}

#[test]
fn of_duplicate_keys_the_last_one_counts() {
    let widget: Widget = json::from_str(
        r#"{"size": 1, "size": 2, "parts": [{"name": "a"}], "parts": [{"name": "b"}], "tags": {"x": "1"},
            "tags": {"y": "2", "y": "3"}, "lid": {"name": "a", "ready": true}, "lid": {"name": "b"}}"#,
    )
    .unwrap();
    assert_eq!(widget.size, 2);
    assert_eq!(widget.parts, [Part { name: "b".into(), ready: None }]);
    assert_eq!(widget.tags, [("y", "3")].into());
    assert_eq!(*widget.lid.unwrap(), Part { name: "b".into(), ready: None });
}

#[test]
fn what_does_not_fit_is_an_error_with_its_path() {
    let cases = [
        (r#"{"parts": [{}, {"name": 5}]}"#, "parts[1].name: expected a string, found a number at byte 24"),
        (r#"{"size": "5"}"#, "size: expected an integer, found a string at byte 9"),
        (r#"{"size": 1.5}"#, "size: expected an integer, found 1.5 at byte 9"),
        (r#"{"size": 2147483648}"#, "size: 2147483648 does not fit a 32-bit integer at byte 19"),
        (r#"{"size": 9223372036854775808}"#, "size: 9223372036854775808 does not fit a 64-bit integer at byte 9"),
        (r#"{"tags": {"a.b/c": 1}}"#, "tags[\"a.b/c\"]: expected a string, found a number at byte 19"),
        (r#"{"tags": []}"#, "tags: expected an object, found a list at byte 9"),
        (r#"{"lid": {"ready": "yes"}}"#, "lid.ready: expected a boolean, found a string at byte 18"),
        (r#"{"kind": "Gadget"}"#, "kind: expected \"Widget\", found \"Gadget\" at byte 17"),
        (r#"{"parts": ["#, "parts: the document ends inside an object or list at byte 11"),
        (r#"[]"#, "expected an object, found a list at byte 0"),
        (r#"{} x"#, "text after the end of the document at byte 3"),
    ];
    for (text, message) in cases {
        assert_eq!(json::from_str::<Widget>(text).unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn a_million_elements_are_read() {
    let text = format!("[{}1]", "1,".repeat(999_999));
    assert_eq!(json::from_str::<Vec<i64>>(&text).unwrap().len(), 1_000_000);
}

#[test]
fn bytes_of_every_length_are_written_as_base64_and_read_back() {
    let as_go =
        GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));
    for length in (0..200).chain([767, 768, 769, 1535, 1536, 1537, 10_000]) {
        let bytes = ByteString((0..length).map(|index: usize| (index * 151 + length) as u8).collect());
        let written = json::to_string(&bytes).unwrap();
        assert_eq!(written, format!("\"{}\"", STANDARD.encode(&*bytes)));
        assert_eq!(json::from_str::<ByteString>(&written).unwrap(), bytes);
        for at in [0, length / 2, length].map(|at| at.min(written.len().saturating_sub(3))) {
            for bad in ["%", "-", " ", "é", "="] {
                let mut inside = written.trim_matches('"').to_owned();
                inside.replace_range(at..inside.len().min(at + 1), bad);
                let read = json::from_str::<ByteString>(&format!("\"{inside}\"")).map(|bytes| bytes.0).ok();
                assert_eq!(read, as_go.decode(&inside).ok(), "{inside}");
            }
        }
    }
}

#[test]
fn special_types_read_what_go_reads() {
    assert_eq!(json::from_str::<IntOrString>("80").unwrap(), IntOrString::Int(80));
    assert_eq!(json::from_str::<IntOrString>("\"http\"").unwrap(), IntOrString::from("http"));
    assert_eq!(json::from_str::<IntOrString>("null").unwrap(), IntOrString::Int(0));
    assert!(json::from_str::<IntOrString>("true").is_err());
    assert_eq!(json::from_str::<Quantity>("5").unwrap(), Quantity::from("5"));
    assert_eq!(json::to_string(&json::from_str::<Quantity>("0.5").unwrap()).unwrap(), "\"0.5\"");
    assert_eq!(json::from_str::<ByteString>("\"AAEC\\r\\n/w==\"").unwrap().0, [0, 1, 2, 255]);
    assert_eq!(json::from_str::<ByteString>("\"aGl=\"").unwrap().0, *b"hi", "bits behind the last byte do not count");
    assert!(["aGk", "aGk==", "_-8="].iter().all(|text| json::from_str::<ByteString>(&format!("\"{text}\"")).is_err()));
    assert_eq!(json::from_str::<ByteString>("null").unwrap(), ByteString::default());
    assert_eq!(json::from_str::<ByteString>(r#" "AA\u0045C" "#).unwrap().0, [0, 1, 2]);
    assert!(json::from_str::<ByteString>("\"AAEC\n\"").unwrap_err().to_string().contains("control character"));
    assert!(json::from_str::<ByteString>("\"AAEC").unwrap_err().to_string().contains("ends inside a string"));
    assert!(json::from_str::<ByteString>("\"%\"").unwrap_err().to_string().contains("not base64"));
    assert_eq!(json::from_str::<Map<Vec<Str>>>(r#"{"a": null, "b": ["c"]}"#).unwrap()["b"], ["c"]);
    assert_eq!(
        json::from_str::<Json>("{\"a\": 1, \"b\": 2}").unwrap(),
        json::from_str::<Json>("{\"b\":2,\"a\":1}").unwrap()
    );
    assert_eq!(json::from_str::<Option<Json>>("null").unwrap(), None);
}

#[test]
fn of_a_key_that_appears_twice_the_last_value_counts_as_a_whole() {
    let twice = |first: &str, second: &str| json::from_str::<Widget>(&format!("{{{first},{second}}}")).unwrap();
    let once = |field: &str| json::from_str::<Widget>(&format!("{{{field}}}")).unwrap();
    for (first, second) in [
        (r#""metadata":{"name":"a","labels":{"x":"1"}}"#, r#""metadata":{"uid":"b"}"#),
        (r#""metadata":{"name":"a"}"#, r#""metadata":null"#),
        (r#""size":1"#, r#""size":null"#),
        (r#""parts":[{"name":"a","ready":true},{}]"#, r#""parts":[{"name":"b"}]"#),
        (r#""tags":{"a":"1","b":"2"}"#, r#""tags":{"a":"3"}"#),
        (r#""lid":{"name":"a","ready":true}"#, r#""lid":{"name":"b"}"#),
        (r#""lid":{"name":"a"}"#, r#""lid":null"#),
    ] {
        assert_eq!(twice(first, second), once(second), "{first} and then {second}");
    }
}

#[test]
fn a_long_list_reads_as_its_objects_do_alone_whatever_order_their_fields_have() {
    let name = r#""name":"lid""#;
    let fields = [
        vec![name, r#""ready":true"#],
        vec![r#""ready":false"#, name],
        vec![r#""ready":null"#, r#""other":[{"name":1}]"#, name],
        vec![r#" "name" : "spaced""#, r#""ready":true"#],
        vec![r#""n\u0061me":"escaped""#, r#""ready":true"#],
        vec![r#""name2":1"#, r#""nam":2"#, r#""":3"#, name],
        vec![name, r#""name":"again""#],
        vec![],
    ];
    let objects: Vec<String> = fields.iter().map(|fields| format!("{{{}}}", fields.join(","))).collect();
    let alone: Vec<Part> = objects.iter().map(|object| json::from_str(object).unwrap()).collect();
    // Each follows on each, and the document is long enough for the reader to expect an order.
    let mut order: Vec<usize> = (0..objects.len()).flat_map(|a| (0..objects.len()).flat_map(move |b| [a, b])).collect();
    order.extend_from_within(..);
    order.extend_from_within(..);
    order.extend_from_within(..);
    let document = format!("[{}]", order.iter().map(|index| objects[*index].as_str()).collect::<Vec<_>>().join(","));
    assert!(document.len() > 16 << 10);
    let read: Vec<Part> = json::from_str(&document).unwrap();
    assert_eq!(read.len(), order.len());
    for (read, index) in read.iter().zip(&order) {
        assert_eq!(*read, alone[*index], "{}", objects[*index]);
    }
}
