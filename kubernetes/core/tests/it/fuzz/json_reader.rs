use kubernetes_core::json::{self, DecodeError, Reader};
use kubernetes_core::{Json, Map};
use serde_json::Value;

/// The reader's verdict and value are serde_json's, and what it reads it writes again.
pub(super) fn check(data: &[u8]) {
    let theirs = serde_json::from_slice::<Value>(data).ok();
    let ours = Reader::from_slice(data).and_then(|mut reader| {
        let value = value(&mut reader)?;
        reader.end().map(|()| value)
    });
    assert_eq!(ours.as_ref().ok(), theirs.as_ref());
    let skipped = Reader::from_slice(data).and_then(|mut reader| reader.skip().and_then(|()| reader.end()));
    assert_eq!(skipped.is_ok(), theirs.is_some());
    if let Err(error) = ours {
        assert!(error.offset() <= data.len() && !error.to_string().is_empty());
    }
    if let Ok(map) = json::from_slice::<Map<Json>>(data) {
        let written = json::to_string(&map).unwrap();
        let expected = theirs.unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&written).unwrap(),
            if expected.is_null() { Value::Object(Default::default()) } else { expected }
        );
    }
}

/// Everything but numbers is read by the reader itself.
fn value(reader: &mut Reader<'_>) -> Result<Value, DecodeError> {
    let mut first = true;
    Ok(match reader.token() {
        Some(b'{') => {
            reader.begin_object()?;
            let mut object = serde_json::Map::new();
            while let Some(key) = reader.next_key(&mut first)? {
                let value = value(reader)?;
                object.insert(key.into_owned(), value);
            }
            Value::Object(object)
        }
        Some(b'[') => {
            reader.begin_list()?;
            let mut list = Vec::new();
            while reader.next_element(&mut first)? {
                list.push(value(reader)?);
            }
            Value::Array(list)
        }
        Some(b'"') => Value::String(reader.string()?.into_owned()),
        Some(b't' | b'f') => Value::Bool(reader.boolean()?),
        Some(b'n') if reader.null()? => Value::Null,
        _ => {
            let mut again = reader.clone();
            let text = reader.raw()?;
            let number: Value = serde_json::from_str(text).map_err(|_| reader.error("not a number"))?;
            match number.as_i64() {
                Some(integer) if number.is_i64() => assert_eq!(again.integer()?, integer),
                // The standard library rounds correctly; serde_json does only with its feature `float_roundtrip`.
                _ => assert_eq!(Ok(again.float()?), text.parse()),
            }
            number
        }
    })
}
