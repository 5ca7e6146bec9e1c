//! The meaning of plain scalars, by the rules of kubectl's YAML library.
//!
//! The rules are those of YAML 1.1: `resolve.go` of `sigs.k8s.io/yaml/goyaml.v2`.

use serde_json::{Number, Value};

/// Without `Debug`, as it may be a secret.
#[derive(Clone, PartialEq)]
pub(crate) enum Scalar {
    Null,
    Bool(bool),
    Number(Number),
    /// An infinity or NaN.
    NotFinite,
    Text(String),
}

impl Scalar {
    /// The value, if it has a JSON form.
    pub(crate) fn into_json(self) -> Option<Value> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::String(text),
            Self::NotFinite => return None,
        })
    }

    /// Whether the value has the type of a tag of YAML's core schema.
    pub(crate) fn fits(&self, core_tag: &str) -> bool {
        match self {
            Self::Null => core_tag == "null",
            Self::Bool(_) => core_tag == "bool",
            Self::Number(number) => core_tag == "float" || core_tag == "int" && !number.is_f64(),
            Self::NotFinite => core_tag == "float",
            Self::Text(_) => core_tag == "str",
        }
    }

    pub(crate) fn text_length(&self) -> usize {
        if let Self::Text(text) = self { text.len() } else { 0 }
    }
}

pub(crate) fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        _ if is_not_finite(text) => Scalar::NotFinite,
        _ => number(text).map_or_else(|| Scalar::Text(text.to_owned()), Scalar::Number),
    }
}

fn is_not_finite(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']);
    matches!(unsigned.unwrap_or(text), ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return None;
    }
    // Go ignores underscores; in a text that starts with a point, only between digits.
    if text.starts_with('.') && (text.ends_with('_') || text.as_bytes().windows(2).any(is_lone_underscore)) {
        return None;
    }
    let digits = text.replace('_', "");
    integer(&digits).or_else(|| float(&digits))
}

fn is_lone_underscore(pair: &[u8]) -> bool {
    pair.contains(&b'_') && !pair.iter().any(u8::is_ascii_digit)
}

/// Like Go's `strconv.ParseInt` and `ParseUint` with base 0.
fn integer(text: &str) -> Option<Number> {
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (radix, digits) = match unsigned.get(..2).unwrap_or_default() {
        "0x" | "0X" => (16, &unsigned[2..]),
        "0o" | "0O" => (8, &unsigned[2..]),
        "0b" | "0B" => (2, &unsigned[2..]),
        prefix if prefix.starts_with('0') => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if !digits.starts_with(|first: char| first.is_ascii_hexdigit()) {
        return None;
    }
    let signed = i64::from_str_radix(&format!("{sign}{digits}"), radix).ok().map(Number::from);
    signed.or_else(|| u64::from_str_radix(digits, radix).ok().filter(|_| sign.is_empty()).map(Number::from))
}

fn float(text: &str) -> Option<Number> {
    // Rust would also accept `inf` and `nan`.
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|_| is_decimal).and_then(Number::from_f64)
}
