//! Makes untrusted text safe to show: descriptions, servers and file names may contain anything.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Escapes characters that control a terminal or change the visual order of text. Line breaks and tabs stay.
///
/// Everything that the programs print passes through this function. Its result is valid inside a JSON string.
///
/// ```
/// assert_eq!(kubernetes_codegen::printable("\u{1b}[2J\u{202e}a\n"), "\\u001b[2J\\u202ea\n");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    escape(text, |character| is_unsafe(character) && !matches!(character, '\n' | '\t'))
}

/// The text on one line: like [`printable`], but with line breaks escaped, too.
pub(crate) fn single_line(text: &str) -> Cow<'_, str> {
    escape(text, is_unsafe)
}

/// Whether a character controls a terminal, ends a line, or changes the order of text: control characters, Unicode's
/// line separators, bidirectional controls (UAX #9), and invisible tags.
pub(crate) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{e0000}'..='\u{e007f}')
}

fn escape(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_escaped(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // A String takes everything.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unsafe_characters_are_escaped() {
        for text in ["", "plain", "日本 – é 👩‍👩‍👧", "a\n\tb"] {
            assert_eq!(printable(text), text);
        }
        assert_eq!(printable("a\r\u{7f}\u{9b}b"), "a\\u000d\\u007f\\u009bb");
        assert_eq!(printable("\u{2066}\u{e0041}"), "\\u2066\\udb40\\udc41");
        assert_eq!(single_line("a\nb\u{2028}c\u{85}\t"), "a\\u000ab\\u2028c\\u0085\\u0009");
        let json = format!("\"{}\"", printable("\u{e0041}\u{202e}"));
        assert_eq!(serde_json::from_str::<String>(&json).expect("it is JSON"), "\u{e0041}\u{202e}");
    }
}
