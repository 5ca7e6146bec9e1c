//! CBOR as a real API server writes it, and what it may not be.
//!
//! `tests/data/cbor/*.cbor` are answers of kube-apiserver v1.37.2 with the gate CBORServingAndStorage, beside what the
//! same request was answered with `Accept: application/json`.

use http::HeaderValue;
use kubernetes_core::{ByteString, Encoded, Map, MicroTime, ObjectMeta, Status, Str, cbor, json};
use proptest::prelude::*;
use serde_json::Value;

use crate::Widget;

const ANSWERS: [(&[u8], &str); 6] = [
    (include_bytes!("../data/cbor/namespaces.cbor"), include_str!("../data/cbor/namespaces.json")),
    (include_bytes!("../data/cbor/config_map.cbor"), include_str!("../data/cbor/config_map.json")),
    (include_bytes!("../data/cbor/event.cbor"), include_str!("../data/cbor/event.json")),
    (include_bytes!("../data/cbor/crd.cbor"), include_str!("../data/cbor/crd.json")),
    (include_bytes!("../data/cbor/widget.cbor"), include_str!("../data/cbor/widget.json")),
    (include_bytes!("../data/cbor/not_found.cbor"), include_str!("../data/cbor/not_found.json")),
];

const WATCH: &[u8] = include_bytes!("../data/cbor/watch.cbor");

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn answers_of_a_server_are_the_same_document_as_in_json() {
    for (binary, text) in ANSWERS {
        assert!(binary.starts_with(&cbor::SELF_DESCRIBED));
        let json = cbor::to_json(binary).unwrap();
        assert_eq!(value(&json), value(text));
        assert_eq!(value(&cbor::to_json(&cbor::from_json(text).unwrap()).unwrap()), value(text));
    }
}

#[test]
fn models_are_read() {
    let status: Status = cbor::from_slice(ANSWERS[5].0).unwrap();
    assert!(status.is_not_found());
    #[derive(Default, PartialEq, Debug)]
    struct Object {
        metadata: ObjectMeta,
        binary: Map<ByteString>,
        data: Map<Str>,
        event_time: MicroTime,
    }
    impl json::Value for Object {
        const FIELDS: &'static [&'static str] = &["metadata", "binaryData", "data", "eventTime"];

        fn read_fields(&mut self, reader: &mut json::Reader<'_>) -> Result<(), json::DecodeError> {
            reader
                .fields(Self::FIELDS, &mut [&mut self.metadata, &mut self.binary, &mut self.data, &mut self.event_time])
        }
        fn write_fields(&self, writer: &mut json::Writer) {
            writer.required("metadata", &self.metadata);
            writer.optional("binaryData", &self.binary);
            writer.optional("data", &self.data);
            writer.required("eventTime", &self.event_time);
        }
    }
    let map: Object = cbor::from_slice(ANSWERS[1].0).unwrap();
    assert_eq!(map.binary["bytes"].0, [0, 1, 2, 0xFD, 0xFE, 0xFF]);
    assert_eq!(map.data["text"], "grüße \"quoted\"\n");
    assert_eq!(map.metadata.name.as_deref(), Some("binary"));
    let event: Object = cbor::from_slice(ANSWERS[2].0).unwrap();
    assert_eq!(event.event_time.to_string(), "2026-11-23T08:30:00.123456Z");
    for object in [map, event] {
        assert_eq!(cbor::from_slice::<Object>(&cbor::to_vec(&object).unwrap()).unwrap(), object);
    }
    let error = cbor::from_slice::<Widget>(&cbor::from_json(r#"{"parts": [{}, {"name": 5}]}"#).unwrap()).unwrap_err();
    assert_eq!(error.path(), "parts[1].name");
}

#[test]
fn a_watch_is_split_into_its_events_however_it_is_cut() {
    let text: Vec<Value> = include_str!("../data/cbor/watch.json").lines().map(value).collect();
    for size in [1, 2, 3, 7, 64, 1000, WATCH.len()] {
        let mut sequence = cbor::Sequence::new(1 << 20);
        let mut events = Vec::new();
        for chunk in WATCH.chunks(size) {
            sequence.push(chunk);
            while let Some(document) = sequence.next_document().unwrap() {
                events.push(value(&cbor::to_json(&document).unwrap()));
            }
        }
        assert!(sequence.is_empty());
        // The bookmark that a watch ends with has the version of that moment.
        assert_eq!((events.len(), &events[..2]), (text.len(), &text[..2]), "in chunks of {size}");
        assert_eq!(events[2]["type"], "BOOKMARK");
    }
}

#[test]
fn a_sequence_is_limited() {
    let mut sequence = cbor::Sequence::new(100);
    sequence.push(&bytes("5A FFFFFFFF 00"));
    let error = sequence.next_document().unwrap_err().to_string();
    assert_eq!(error, "a document of more than 100 bytes at byte 0");
    let mut sequence = cbor::Sequence::new(100);
    for _ in 0..101 {
        sequence.push(&[0x81]);
    }
    assert!(sequence.next_document().is_err());
    let mut sequence = cbor::Sequence::new(1 << 20);
    sequence.push(&[0x9F; 200]);
    assert!(sequence.next_document().unwrap_err().to_string().contains("nested deeper"));
    for wrong in ["FF", "1C", "82 00 FF", "DF"] {
        let mut sequence = cbor::Sequence::new(100);
        sequence.push(&bytes(wrong));
        assert!(sequence.next_document().is_err(), "{wrong}");
    }
}

/// From RFC 8949, appendix A, and its rules on validity.
#[test]
fn every_form_of_a_value_is_read() {
    let cases = [
        ("00", "0"),
        ("17", "23"),
        ("1818", "24"),
        ("1903E8", "1000"),
        ("1A000F4240", "1000000"),
        ("1BFFFFFFFFFFFFFFFF", "18446744073709551615"),
        ("20", "-1"),
        ("3903E7", "-1000"),
        ("3B7FFFFFFFFFFFFFFF", "-9223372036854775808"),
        ("F90000", "0"),
        ("F98000", "-0"),
        ("F93C00", "1"),
        ("F93E00", "1.5"),
        ("F97BFF", "65504"),
        ("F90001", "5.960464477539063e-8"),
        ("F90400", "0.00006103515625"),
        ("F9C400", "-4"),
        ("FA47C35000", "100000"),
        ("FA7F7FFFFF", "3.4028234663852886e38"),
        ("FB3FF199999999999A", "1.1"),
        ("FB7E37E43C8800759C", "1e300"),
        ("F4", "false"),
        ("F5", "true"),
        ("F6", "null"),
        ("40", "\"\""),
        ("4161", "\"a\""),
        ("62C3BC", "\"ü\""),
        ("41FF", "\"\u{FFFD}\""),
        ("44 61F09F62", "\"a\u{FFFD}\u{FFFD}b\""),
        ("D6 4401020304", "\"AQIDBA==\""),
        ("D5 42FBFF", "\"-_8\""),
        ("D7 42FBFF", "\"fbff\""),
        ("D6 6161", "\"a\""),
        ("D6 A1 4161 82 4161 D5 41FB", "{\"YQ==\":[\"YQ==\",\"-w\"]}"),
        ("A1 C6 4161 D6 C6 41FF", "{\"a\":\"/w==\"}"),
        ("C0 6161", "\"a\""),
        ("D9D9F7 D9D9F7 01", "1"),
        ("DB1111111111111111 01", "1"),
        ("80", "[]"),
        ("83010203", "[1,2,3]"),
        ("9F 01 82 02 03 9F 04 FF FF", "[1,[2,3],[4]]"),
        ("A0", "{}"),
        ("A2 4161 01 6162 82 02 F6", "{\"a\":1,\"b\":[2,null]}"),
        ("BF 6161 01 7F 6162 6163 FF 9F FF FF", "{\"a\":1,\"bc\":[]}"),
        ("5F 42 6162 41 63 FF", "\"abc\""),
        ("7F 6161 60 FF", "\"a\""),
        ("5F FF", "\"\""),
    ];
    for (hex, json) in cases {
        assert_eq!(cbor::to_json(&bytes(hex)).unwrap(), json, "{hex}");
    }
}

/// The server reads integers as Go's int64, and refuses larger ones; in JSON it takes them for doubles.
#[test]
fn integers_are_sent_as_such_as_far_as_the_server_takes_them() {
    let cases = [
        ("9223372036854775807", "1B7FFFFFFFFFFFFFFF"),
        ("9223372036854775808", "FB43E0000000000000"),
        ("18446744073709551615", "FB43F0000000000000"),
        ("18446744073709551616", "FB43F0000000000000"),
        ("-9223372036854775808", "3B7FFFFFFFFFFFFFFF"),
        ("-9223372036854775809", "FBC3E0000000000000"),
    ];
    for (json, hex) in cases {
        assert_eq!(cbor::from_json(json).unwrap()[3..], bytes(hex), "{json}");
    }
}

#[test]
fn what_is_no_document_is_an_error() {
    let cases = [
        ("", "the document ends too early at byte 0"),
        ("18", "the document ends too early at byte 0"),
        ("0000", "bytes after the end of the document at byte 1"),
        ("42 61", "the document ends inside a string at byte 1"),
        ("5BFFFFFFFFFFFFFFFF", "the document ends inside a string at byte 9"),
        ("82 01", "the document ends too early at byte 2"),
        ("9BFFFFFFFFFFFFFFFF 01", "the document ends too early at byte 10"),
        ("A1 01 02", "a key that is not a string at byte 2"),
        ("A1 6161", "the document ends too early at byte 3"),
        ("BF 6161 FF", "not CBOR: a break where nothing can end at byte 3"),
        ("FF", "not CBOR: a break where nothing can end at byte 0"),
        ("C0 FF", "not CBOR: a break where nothing can end at byte 1"),
        ("1C", "not CBOR: a head with a reserved value at byte 0"),
        ("1F", "not CBOR: a head with a reserved value at byte 0"),
        ("DF", "not CBOR: a head with a reserved value at byte 0"),
        ("F7", "a simple value other than true, false and null at byte 1"),
        ("F820", "a simple value other than true, false and null at byte 2"),
        ("F97C00", "a number that is infinite or NaN at byte 3"),
        ("F97E00", "a number that is infinite or NaN at byte 3"),
        ("FB7FF0000000000000", "a number that is infinite or NaN at byte 9"),
        ("C1 00", "a time encoded as a number, which Kubernetes does not use at byte 1"),
        ("C2 4101", "a number with more than 64 bits at byte 1"),
        ("61FF", "a text that is not valid UTF-8 at byte 2"),
        ("7F 4161 FF", "not CBOR: a string with a chunk of another kind at byte 2"),
        ("5F 5F FF FF", "not CBOR: a string with a chunk of another kind at byte 2"),
    ];
    for (hex, message) in cases {
        assert_eq!(cbor::to_json(&bytes(hex)).unwrap_err().to_string(), message, "{hex}");
    }
    for opening in [0x81, 0x9F, 0xBF] {
        let message = cbor::to_json(&vec![opening; 100_000]).unwrap_err().to_string();
        assert!(message.contains("nested deeper") || message.contains("not a string"), "{message}");
    }
    assert!(cbor::to_json(&vec![0xC6; 1_000_000]).unwrap_err().to_string().contains("too early"), "tags do not nest");
    assert!(cbor::from_json("{\"a\": ").is_err());
    assert!(cbor::from_json(&"[".repeat(1000)).is_err());
}

proptest! {
    #[test]
    fn any_json_survives(value in crate::json::any_json()) {
        let text = value.to_string();
        let binary = cbor::from_json(&text).unwrap();
        let back: Value = serde_json::from_str(&cbor::to_json(&binary).unwrap()).unwrap();
        prop_assert_eq!(as_numbers_go(back), as_numbers_go(value));
        let mut sequence = cbor::Sequence::new(binary.len());
        sequence.push(&binary);
        prop_assert_eq!(sequence.next_document().unwrap().map(|document| document.len()), Some(binary.len()));
    }

    #[test]
    fn any_bytes_are_a_document_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(json) = cbor::to_json(&bytes) {
            prop_assert!(serde_json::from_str::<Value>(&json).is_ok(), "{}", json);
            let mut sequence = cbor::Sequence::new(64);
            sequence.push(&bytes);
            prop_assert_eq!(sequence.next_document().unwrap().map(|document| document.len()), Some(bytes.len()));
        }
    }
}

/// A float without a fraction is written without one, as Go does, and so reads as an integer.
fn as_numbers_go(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Array(list) => list.into_iter().map(as_numbers_go).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, as_numbers_go(value))).collect(),
        other => other,
    }
}

#[test]
fn an_encoded_document_is_decoded_by_its_media_type() {
    let labels: Map<Str> = [("app", "web")].into();
    let encoded = Encoded::new(HeaderValue::from_static("application/cbor"), cbor::to_vec(&labels).unwrap());
    assert_eq!(encoded.decode::<Map<Str>>().unwrap(), labels);
    assert_eq!(encoded.to_json().unwrap(), r#"{"app":"web"}"#);
}
