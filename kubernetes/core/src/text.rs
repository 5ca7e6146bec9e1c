//! Makes text from servers safe to show on a terminal.

/// The maximum number of bytes of a server's message that are shown.
pub const MAX_MESSAGE_BYTES: usize = 8 * 1024;

/// The text on one line without terminal control sequences, cut to at most `max` bytes.
pub fn printable(text: &str, max: usize) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        for character in word.chars().filter(|character| !is_control(*character)) {
            if line.len() + character.len_utf8() > max {
                line.push('…');
                return line;
            }
            line.push(character);
        }
    }
    line
}

/// Whether this is a control character, or one that changes the direction of text.
fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn shows_one_line_without_control_characters() {
        for (text, expected) in [
            ("plain text", "plain text"),
            (" two\n\n\tlines \r\n", "two lines"),
            ("\u{1b}[31mred\u{7}\u{202e}", "[31mred"),
            ("", ""),
            ("exactly 16 bytes", "exactly 16 bytes"),
            ("more than 16 bytes", "more than 16 byt…"),
            ("fünfzehn Zeichen", "fünfzehn Zeiche…"),
        ] {
            assert_eq!(printable(text, 16), expected);
        }
    }
}
