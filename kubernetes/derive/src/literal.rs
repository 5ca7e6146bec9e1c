//! Values in attributes: Rust's literals, lists `["a", 1]` and objects `{"a": 1}`, which become JSON.

use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::{Error, Ident, Lit, Result, Token, braced, bracketed, token};

/// JSON text, and its place.
pub(crate) struct Json {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// Reads a value.
pub(crate) fn json(input: ParseStream<'_>) -> Result<Json> {
    let span = input.span();
    let mut text = String::new();
    value(input, &mut text)?;
    Ok(Json { text, span })
}

/// Reads a number.
pub(crate) fn number(input: ParseStream<'_>) -> Result<Json> {
    let value = json(input)?;
    match value.text.as_bytes().first() {
        Some(b'-' | b'0'..=b'9') => Ok(value),
        _ => Err(Error::new(value.span, "expected a number")),
    }
}

fn value(input: ParseStream<'_>, text: &mut String) -> Result<()> {
    if input.peek(token::Bracket) {
        let items;
        bracketed!(items in input);
        return list(&items, text);
    }
    if input.peek(token::Brace) {
        let fields;
        braced!(fields in input);
        return object(&fields, text);
    }
    if input.peek(Ident) {
        let word: Ident = input.parse()?;
        if word != "null" {
            return Err(Error::new(word.span(), "expected a literal, a list [...], an object {...} or null"));
        }
        text.push_str("null");
        return Ok(());
    }
    if input.peek(Token![-]) {
        input.parse::<Token![-]>()?;
        text.push('-');
    }
    scalar(&input.parse()?, text)
}

fn scalar(literal: &Lit, text: &mut String) -> Result<()> {
    match literal {
        Lit::Str(value) => string(&value.value(), text),
        Lit::Bool(value) => text.push_str(if value.value { "true" } else { "false" }),
        Lit::Int(value) => text.push_str(value.base10_digits()),
        Lit::Float(value) => {
            let digits = value.base10_digits();
            text.push_str(digits);
            if digits.ends_with('.') {
                text.push('0');
            }
        }
        other => return Err(Error::new(other.span(), "expected a string, a number or a boolean")),
    }
    Ok(())
}

fn list(items: ParseStream<'_>, text: &mut String) -> Result<()> {
    text.push('[');
    while !items.is_empty() {
        value(items, text)?;
        if items.is_empty() {
            break;
        }
        items.parse::<Token![,]>()?;
        if !items.is_empty() {
            text.push(',');
        }
    }
    text.push(']');
    Ok(())
}

fn object(fields: ParseStream<'_>, text: &mut String) -> Result<()> {
    text.push('{');
    while !fields.is_empty() {
        let key: syn::LitStr = fields.parse()?;
        string(&key.value(), text);
        fields.parse::<Token![:]>()?;
        text.push(':');
        value(fields, text)?;
        if fields.is_empty() {
            break;
        }
        fields.parse::<Token![,]>()?;
        if !fields.is_empty() {
            text.push(',');
        }
    }
    text.push('}');
    Ok(())
}

/// Appends a JSON string.
pub(crate) fn string(value: &str, text: &mut String) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            control if control < ' ' => text.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use syn::parse::Parser;

    #[test]
    fn values_become_json() {
        for (value, expected) in [
            ("3", "3"),
            ("-1_000i64", "-1000"),
            ("2.", "2.0"),
            ("true", "true"),
            ("null", "null"),
            (r#""a \"b\"\n""#, r#""a \"b\"\n""#),
            (r#"["a", 1, [],]"#, r#"["a",1,[]]"#),
            (r#"{"a": {"b": -0.5}, "c": [null]}"#, r#"{"a":{"b":-0.5},"c":[null]}"#),
        ] {
            let json = super::json.parse_str(value).unwrap();
            assert_eq!(json.text, expected, "{value}");
        }
        for value in ["a", "-", "[1 2]", "{a: 1}", "'a'"] {
            assert!(super::json.parse_str(value).is_err(), "{value}");
        }
    }
}
