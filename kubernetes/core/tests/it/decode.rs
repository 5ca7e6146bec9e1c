//! Types without a default value.

use kubernetes_core::json::{self, Decode, DecodeError, Reader, Value, Writer};
use kubernetes_core::{Deleted, List, Map, ObjectMeta, ReadRequest, Str};
use serde::{Deserialize, Serialize};

/// As a derive would write it: a required value of any type, and an optional one in a box.
#[derive(Debug, PartialEq)]
struct Pair<T> {
    left: T,
    next: Option<Box<Pair<T>>>,
}

impl<T: Value> Decode for Pair<T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (mut left, mut next) = (None::<T>, None::<Self>);
        reader.fields(Self::FIELDS, &mut [&mut left, &mut next])?;
        Ok(Self { left: reader.required("left", left)?, next: next.map(Box::new) })
    }
}

impl<T: Value> Value for Pair<T> {
    const FIELDS: &'static [&'static str] = &["left", "next"];

    fn write_fields(&self, writer: &mut Writer) {
        writer.required("left", &self.left);
        if let Some(next) = &self.next {
            writer.required("next", &**next);
        }
    }
}

#[derive(Debug, PartialEq)]
enum Mode {
    Full,
    Increment,
}

impl Decode for Mode {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match &*reader.string()? {
            "Full" => Ok(Self::Full),
            "Increment" => Ok(Self::Increment),
            other => Err(reader.error(format!("expected Full or Increment, found {other:?}"))),
        }
    }
}

impl Value for Mode {
    fn write(&self, writer: &mut Writer) {
        writer.string(match self {
            Self::Full => "Full",
            Self::Increment => "Increment",
        });
    }
}

#[test]
fn a_type_without_a_default_value_stands_wherever_a_value_can() {
    let text = r#"{"a":[{"left":"Full","next":{"left":"Increment"}}],"b":[]}"#;
    let lists: Map<Vec<Pair<Mode>>> = json::from_str(text).unwrap();
    assert_eq!(lists["a"][0].next.as_ref().map(|next| &next.left), Some(&Mode::Increment));
    assert_eq!(json::to_string(&lists).unwrap(), text);

    assert_eq!(json::from_str::<Option<Mode>>("null").unwrap(), None);
    assert_eq!(json::from_str::<Option<Pair<i32>>>(r#"{"left":7,"next":null}"#).unwrap().unwrap().left, 7);
}

#[test]
fn a_required_field_that_is_missing_is_named_with_its_place() {
    for (text, message) in [
        (r#"[{"next":{"left":"Full"}}]"#, "[0]: the required field `left` is missing at byte 25"),
        (r#"[{"left":null}]"#, "[0]: the required field `left` is missing at byte 14"),
        (r#"[{"left":"Full","next":{}}]"#, "[0].next: the required field `left` is missing at byte 25"),
        (r#"[null]"#, "[0]: the required field `left` is missing at byte 5"),
        (r#"[{"left":"Half"}]"#, "[0].left: expected Full or Increment, found \"Half\" at byte 15"),
    ] {
        assert_eq!(json::from_str::<Vec<Pair<Mode>>>(text).unwrap_err().to_string(), message);
    }
    // A null where an enum is read through `Pair` is absent; alone it is an error.
    assert!(json::from_str::<Mode>("null").is_err());
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Backup {
    metadata: ObjectMeta,
    schedule: Schedule,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Schedule {
    Daily,
    Cron(Str),
}

kubernetes_core::resource!(Backup: "example.com" / "v1" / "Backup", "backups", namespaced, watch, serde_no_default);

#[test]
fn a_resource_without_a_default_value_is_listed_and_deleted() {
    let request = ReadRequest::<Backup>::namespaced("shop", "db");
    assert_eq!(format!("{:?}", request.request()), "GET /apis/example.com/v1/namespaces/shop/backups/db");

    let item = r#"{"apiVersion":"example.com/v1","kind":"Backup","metadata":{"name":"db"},"schedule":"Daily"}"#;
    let text = format!(r#"{{"apiVersion":"example.com/v1","kind":"BackupList","metadata":{{}},"items":[{item}]}}"#);
    let list: List<Backup> = json::from_str(&text).unwrap();
    assert_eq!((list.items[0].name(), &list.items[0].schedule), ("db", &Schedule::Daily));
    assert_eq!(json::to_string(&list).unwrap(), text);
    assert_eq!(json::from_str::<Deleted<Backup>>(item).unwrap().object().unwrap(), list.items[0]);

    let error = json::from_str::<List<Backup>>(r#"{"items":[{"metadata":{"name":"db"}}]}"#).unwrap_err();
    assert!(error.to_string().starts_with("items[0]: missing field `schedule`"), "{error}");
    let error = json::from_str::<Backup>(r#"{"kind":"Pod"}"#).unwrap_err().to_string();
    assert_eq!(error, "kind: expected \"Backup\", found \"Pod\" at byte 13");
}
