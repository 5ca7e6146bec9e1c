use super::SELF_DESCRIBED;
use super::head::{BREAK, BYTES, Head, LIST, MAP, NEGATIVE, UNSIGNED};
use crate::json::{DecodeError, Reader};

/// The same document as CBOR, with the [self-described tag](SELF_DESCRIBED).
///
/// Strings are written as byte strings, as the server does: it reads these as text, or as base64 in fields of bytes.
/// Objects and lists have indefinite lengths, so nothing needs to be counted in advance.
///
/// # Errors
/// Returns an error if the text is not JSON.
pub fn from_json(text: &str) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend(SELF_DESCRIBED);
    let mut reader = Reader::new(text);
    value(&mut reader, &mut bytes)?;
    reader.end()?;
    Ok(bytes)
}

/// The reader tracks the depth, which limits recursion.
fn value(reader: &mut Reader<'_>, bytes: &mut Vec<u8>) -> Result<(), DecodeError> {
    let mut first = true;
    match reader.token() {
        Some(b'{') => {
            reader.begin_object()?;
            Head::write_indefinite(bytes, MAP);
            while let Some(key) = reader.next_key(&mut first)? {
                string(&key, bytes);
                value(reader, bytes).map_err(|error| error.in_field(&key))?;
            }
            bytes.push(BREAK);
        }
        Some(b'[') => {
            reader.begin_list()?;
            Head::write_indefinite(bytes, LIST);
            let mut index = 0;
            while reader.next_element(&mut first)? {
                value(reader, bytes).map_err(|error| error.in_index(index))?;
                index += 1;
            }
            bytes.push(BREAK);
        }
        Some(b'"') => string(&reader.string()?, bytes),
        Some(b't' | b'f') => bytes.push(if reader.boolean()? { 0xF5 } else { 0xF4 }),
        Some(b'n') if reader.null()? => bytes.push(0xF6),
        Some(b'-' | b'0'..=b'9') => number(reader, bytes)?,
        _ => return Err(reader.expected("a value")),
    }
    Ok(())
}

fn string(text: &str, bytes: &mut Vec<u8>) {
    Head::write(bytes, BYTES, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

/// Signed 64-bit integers stay integers; other numbers become doubles. The server reads integers as Go's `int64` and
/// refuses larger ones (`IntDecConvertSignedOrFail`), although it reads them as doubles in JSON.
fn number(reader: &mut Reader<'_>, bytes: &mut Vec<u8>) -> Result<(), DecodeError> {
    let text = reader.raw()?;
    if let Ok(integer) = text.parse::<i64>() {
        match u64::try_from(integer) {
            Ok(unsigned) => Head::write(bytes, UNSIGNED, unsigned),
            Err(_) => Head::write(bytes, NEGATIVE, integer.unsigned_abs() - 1),
        }
    } else {
        bytes.push(0xFB);
        let float: f64 = text.parse().map_err(|_| reader.error("not a number"))?;
        bytes.extend(float.to_be_bytes());
    }
    Ok(())
}
