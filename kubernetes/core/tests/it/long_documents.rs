//! Facts that the reader learns from a long document, or from many, change nothing about the values that are read.

use kubernetes_core::json::{self, Caches, Decode, DecodeError, Reader, Value, Writer};
use kubernetes_core::{Encoded, FieldsV1, Map, Str};

/// A value at any depth, beside others of varying length.
#[derive(Default, Debug, PartialEq)]
struct Nested {
    fields: Option<FieldsV1>,
    names: Vec<Str>,
    labels: Map<Str>,
    inner: Option<Box<Nested>>,
}

impl Value for Nested {
    const FIELDS: &'static [&'static str] = &["fields", "names", "labels", "inner"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(Self::FIELDS, &mut [&mut self.fields, &mut self.names, &mut self.labels, &mut self.inner])
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.optional("fields", &self.fields);
        writer.optional("names", &self.names);
        writer.optional("labels", &self.labels);
        writer.optional("inner", &self.inner);
    }
}

/// The length of text from which the reader remembers anything.
const LONG: usize = 4 << 10;
/// The length of text from which it shares strings, too.
const LONG_FOR_STRINGS: usize = 128 << 10;

fn list_of(longer_than: usize, objects: &[String], order: impl Iterator<Item = usize>) -> (String, Vec<usize>) {
    let order: Vec<usize> = order.collect();
    let text = format!("[{}]", order.iter().map(|index| objects[*index].as_str()).collect::<Vec<_>>().join(","));
    assert!(text.len() > longer_than, "{} bytes", text.len());
    (text, order)
}

fn assert_read_as_alone(longer_than: usize, objects: &[String], order: impl Iterator<Item = usize>) {
    let alone: Vec<Nested> = objects.iter().map(|object| json::from_str(object).unwrap()).collect();
    let (text, order) = list_of(longer_than, objects, order);
    let read: Vec<Nested> = json::from_str(&text).unwrap();
    assert_eq!(read.len(), order.len());
    let in_turn = read_in_turn(order.iter().map(|index| objects[*index].as_str()));
    for (place, index) in order.into_iter().enumerate() {
        let text = |nested: &Nested| nested.fields.as_ref().map(|fields| fields.text().into_owned());
        let response: Nested = Encoded::new(None, objects[index].clone()).decode().unwrap();
        for read in [&read[place], &in_turn[place], &response] {
            assert_eq!(read, &alone[index], "{}", objects[index]);
            assert_eq!(text(read), text(&alone[index]), "as text, too");
        }
    }
}

/// Reads documents that follow each other, as the events of a watch do.
fn read_in_turn<'a>(documents: impl Iterator<Item = &'a str>) -> Vec<Nested> {
    let mut caches = Caches::default();
    let read = |document: &str| {
        let mut reader = Reader::with_caches(document, std::mem::take(&mut caches));
        let nested = Nested::decode(&mut reader).unwrap();
        reader.end().unwrap();
        caches = reader.into_caches();
        nested
    };
    documents.map(read).collect()
}

#[test]
fn documents_that_follow_each_other_share_what_they_have_in_common() {
    let document = |uid: usize| {
        let fields =
            format!(r#"{{"f:metadata":{{"f:ownerReferences":{{"k:{{\"uid\":\"{uid}\"}}":{{}}}}}},"f:spec":{{}}}}"#);
        format!(r#"{{"fields":{fields},"names":["registry.example.com/web:v1.31.0"],"labels":{{"a":"{uid}"}}}}"#)
    };
    let documents: Vec<String> = (0..2000).map(document).collect();
    let read = read_in_turn(documents.iter().map(String::as_str));
    assert_eq!(read[1998].names[0].as_ptr(), read[1999].names[0].as_ptr(), "the same memory");
    for (document, read) in documents.iter().zip(&read) {
        assert_eq!(&json::to_string(read).unwrap(), document);
    }
}

#[test]
fn texts_that_repeat_are_told_from_texts_that_nearly_do() {
    let fields = [
        r#"{"f:metadata":{"f:labels":{"f:app":{}}}}"#,
        r#"{"f:metadata":{"f:labels":{"f:app":{}},"f:name":{}}}"#,
        r#"{"f:metadata":{"f:labels":{"f:apq":{}}}}"#,
        r#"{"f:metadata": {"f:labels":{"f:app":{}}}}"#,
        r#"{"f:metadata":{"f:labels":{"f:app":{}}}} "#,
        r#"{"f:metadata":{"f:annotations":{"f:app":{}}}}"#,
        r#"{}"#,
        r#"null"#,
        r#""a string that is as long as any object here""#,
        r#"[{"f:metadata":{"f:labels":{"f:app":{}}}}]"#,
        "12345678901234567890123456789012",
        "123456789012345678901234567890123",
    ];
    let objects: Vec<String> = fields.iter().map(|fields| format!(r#"{{"fields":{fields}}}"#)).collect();
    let count = objects.len();
    assert_read_as_alone(
        LONG,
        &objects,
        (0..count * count * 4).map(|index| if index % 2 == 0 { index / 2 } else { index / 2 / count } % count),
    );
}

#[test]
fn strings_that_repeat_are_told_from_strings_that_nearly_do() {
    // The reader looks at both ends and the middle first: these differ elsewhere, in length, or in how they are written.
    let base = "registry.example.com/a/very/long/path/of/an/image/that/is/often/named:v1.31.0";
    let mut names: Vec<String> = (0..base.len())
        .map(|at| base.chars().enumerate().map(|(index, letter)| if index == at { 'X' } else { letter }).collect())
        .collect();
    names.extend((0..base.len()).map(|length| base[..length].to_owned()));
    names.extend(
        ["é", r"\u00e9", r"\n", r#"\""#, r"\\", r"\\n", r"\ud83d\ude00"]
            .map(|part| format!("{part}{base}{part}{base}")),
    );
    names.extend([r"\n".repeat(30), r"\\".repeat(30), "😀".repeat(9)]);
    let objects: Vec<String> =
        names.iter().map(|name| format!(r#"{{"names":["{name}","{name}"],"labels":{{"{name}":"{name}"}}}}"#)).collect();
    for object in &objects {
        let theirs: serde_json::Value = serde_json::from_str(object).unwrap();
        let (name, ours) = (&theirs["names"][0], json::from_str::<Nested>(object).unwrap());
        assert_eq!(
            (ours.names[0].as_str(), ours.labels.keys().next().unwrap().as_str()),
            (name.as_str().unwrap(), name.as_str().unwrap())
        );
    }
    let count = objects.len();
    // Long enough to share strings, which happens when one comes for the second time, and again for the third.
    assert_read_as_alone(LONG_FOR_STRINGS, &objects, (0..count * 8).map(|index| index % count));
    assert_read_as_alone(LONG_FOR_STRINGS, &objects, (0..count * 8).map(|index| index / 8));
}

#[test]
fn a_damaged_string_is_an_error_among_others_that_repeat() {
    let good = format!(r#"{{"names":["{}\n{}"]}}"#, "a".repeat(40), "b".repeat(40));
    let text = vec![good.as_str(); 2000].join(",");
    assert!(text.len() > LONG_FOR_STRINGS);
    assert_eq!(json::from_str::<Vec<Nested>>(&format!("[{text}]")).unwrap().len(), 2000);
    for (from, to) in [(r"\n", r"\x"), (r"\n", "\n"), (r"\n", r"\ud800"), ("b\"]", "b]"), ("b\"]}", "b\"}")] {
        let broken = good.replace(from, to);
        assert_ne!(broken, good);
        let error = json::from_str::<Vec<Nested>>(&format!("[{text},{broken}]")).unwrap_err().to_string();
        assert!(error.starts_with("[2000]"), "{error}");
        assert!(serde_json::from_str::<serde_json::Value>(&broken).is_err());
    }
}

#[test]
fn lists_and_maps_are_read_whatever_length_the_one_before_had() {
    let objects: Vec<String> = [0, 1, 2, 3, 4, 5, 8, 9, 40, 255, 256, 300]
        .iter()
        .map(|length| {
            let names: Vec<String> = (0..*length).map(|index| format!("\"name-{index}\"")).collect();
            let labels: Vec<String> = (0..*length).map(|index| format!("\"{:03}\":\"{index}\"", 999 - index)).collect();
            format!(r#"{{"names":[{}],"labels":{{{}}}}}"#, names.join(","), labels.join(","))
        })
        .collect();
    let count = objects.len();
    assert_read_as_alone(LONG, &objects, (0..count * count).flat_map(|index| [index / count, index % count]));
    let read: Vec<Nested> = json::from_str(&list_of(LONG, &objects, (0..count).cycle().take(5 * count)).0).unwrap();
    assert!(read.iter().all(|nested| nested.names.capacity() == nested.names.len()), "none is larger than it must be");
}

#[test]
fn a_repeated_text_is_nested_too_deep_where_it_is() {
    let deep = format!(r#"{}{{"f:metadata":{{"f:labels":{{}}}}}}{}"#, r#"{"a":"#.repeat(20), "}".repeat(20));
    for depth in [2, 100, 103, 104, 105, 106, 110] {
        let text =
            format!("{}{}{}", r#"{"inner":"#.repeat(depth), format_args!(r#"{{"fields":{deep}}}"#), "}".repeat(depth));
        let padding = vec![format!(r#"{{"fields":{deep}}}"#); 100].join(",");
        let text = format!("[{padding},{text}]");
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        assert_eq!(json::from_str::<Vec<Nested>>(&text).is_ok(), theirs.is_ok(), "at depth {depth}");
    }
}

#[test]
fn a_damaged_repetition_is_an_error() {
    let object = r#"{"fields":{"f:metadata":{"f:labels":{"f:app":{}}}}}"#;
    let text = vec![object; 400].join(",");
    assert!(json::from_str::<Vec<Nested>>(&format!("[{text}]")).is_ok());
    for cut in 1..object.len() {
        let broken = format!("[{text},{}]", &object[..object.len() - cut]);
        assert!(json::from_str::<Vec<Nested>>(&broken).is_err(), "{cut} bytes are missing");
    }
    let error = json::from_str::<Vec<Nested>>(&format!("[{text},{}]", object.replace("{}}", "{]}"))).unwrap_err();
    assert!(error.to_string().starts_with("[400].fields: expected a key"), "{error}");
}
