use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ciborium::Value as Cbor;
use kubernetes_core::cbor;
use serde_json::Value;

/// An accepted document is the one that another decoder reads, survives being written, and is one document however
/// it arrives.
pub(super) fn check(data: &[u8]) {
    let documents = split(data);
    let theirs = decoded(data);
    let ours = cbor::to_json(data);
    match (&ours, &theirs) {
        (Ok(text), theirs) => {
            // Three bytes of half a float may take 25 characters and a comma.
            assert!(text.len() <= data.len() * 9);
            assert_eq!(documents.len(), 1);
            assert_eq!(documents[0].len(), data.len());
            let Ok(value) = serde_json::from_str::<Value>(text) else { panic!("{text}") };
            assert_eq!(Some(as_doubles(&value)), theirs.as_ref().map(as_doubles), "{text}");
            written(text, &value);
        }
        // That decoder also takes what Go's refuses, and has another limit of depth.
        (Err(error), Some(theirs)) => {
            let refused = ["nested deeper", "more than 64 bits", "chunk of another kind", "a simple value other"];
            let error = error.to_string();
            assert!(refused.iter().any(|why| error.contains(why)), "{error} {theirs}");
        }
        (Err(_), None) => {}
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        written(text, &value);
    }
}

/// A written text is read as the same document, here and by the other decoder.
fn written(text: &str, value: &Value) {
    let binary = cbor::from_json(text).unwrap();
    let again = cbor::to_json(&binary).unwrap();
    assert_eq!(as_doubles(&serde_json::from_str(&again).unwrap()), as_doubles(value), "{text} {again}");
    assert_eq!(decoded(&binary).as_ref().map(as_doubles), Some(as_doubles(value)), "{text}");
}

/// The documents of a sequence, which are the same whether it comes at once or byte by byte.
fn split(data: &[u8]) -> Vec<bytes::Bytes> {
    let mut whole = cbor::Sequence::new(data.len());
    whole.push(data);
    let mut bytewise = cbor::Sequence::new(data.len());
    let mut documents = Vec::new();
    let mut failed = false;
    for byte in data {
        bytewise.push(&[*byte]);
        match bytewise.next_document() {
            Ok(document) => documents.extend(document),
            Err(_) => {
                failed = true;
                break;
            }
        }
    }
    for document in &documents {
        assert_eq!(whole.next_document().unwrap().as_ref(), Some(document));
    }
    match whole.next_document() {
        Ok(document) => assert!(document.is_none() && !failed),
        // The size of a string shows only when its head is complete, and then it is refused both ways.
        Err(_) => assert!(failed),
    }
    documents
}

/// The document as another decoder reads it, or `None` if there is no such JSON.
fn decoded(data: &[u8]) -> Option<Value> {
    let mut rest = data;
    let value: Cbor = ciborium::from_reader(&mut rest).ok()?;
    if rest.is_empty() { to_json(&value, None) } else { None }
}

/// `base` is the tag that says how byte strings are written.
fn to_json(value: &Cbor, base: Option<u64>) -> Option<Value> {
    Some(match value {
        Cbor::Integer(integer) => match (i64::try_from(*integer), u64::try_from(*integer)) {
            (Ok(integer), _) => integer.into(),
            (_, Ok(integer)) => integer.into(),
            _ => (i128::from(*integer) as f64).into(),
        },
        Cbor::Bytes(bytes) => text(bytes, base).into(),
        Cbor::Float(float) => serde_json::Number::from_f64(*float)?.into(),
        Cbor::Text(text) => text.as_str().into(),
        Cbor::Bool(boolean) => (*boolean).into(),
        Cbor::Null => Value::Null,
        Cbor::Tag(1..=3, _) => return None,
        Cbor::Tag(tag @ 21..=23, value) => to_json(value, Some(*tag))?,
        Cbor::Tag(_, value) => to_json(value, base)?,
        Cbor::Array(items) => Value::Array(items.iter().map(|item| to_json(item, base)).collect::<Option<_>>()?),
        Cbor::Map(entries) => {
            let mut object = serde_json::Map::new();
            for (key, value) in entries {
                let Value::String(key) = to_json(key, base)? else { return None };
                object.insert(key, to_json(value, base)?);
            }
            Value::Object(object)
        }
        _ => return None,
    })
}

fn text(bytes: &[u8], base: Option<u64>) -> String {
    match base {
        Some(21) => URL_SAFE_NO_PAD.encode(bytes),
        Some(22) => STANDARD.encode(bytes),
        Some(23) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        _ => {
            let chunks = bytes.utf8_chunks();
            chunks.map(|chunk| chunk.valid().to_owned() + &"\u{FFFD}".repeat(chunk.invalid().len())).collect()
        }
    }
}

/// A float without a fraction is written without one, as Go does, and so reads as an integer.
fn as_doubles(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Array(list) => list.iter().map(as_doubles).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), as_doubles(value))).collect(),
        other => other.clone(),
    }
}
