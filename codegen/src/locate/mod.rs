//! Where in a JSON or YAML text a JSON pointer leads, so that a problem can show its surroundings.

mod yaml;

pub(crate) use yaml::locate_yaml;

/// A place in a text, counted from 1 as editors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// The place of the value that a pointer (RFC 6901) leads to, or of the last of its parents that is there.
pub(crate) fn locate(text: &str, pointer: &str) -> Location {
    let mut scanner = Scanner { text: text.as_bytes(), at: 0 };
    scanner.space();
    let mut found = scanner.at;
    for token in tokens(pointer) {
        if !scanner.enter(&token) {
            break;
        }
        found = scanner.at;
    }
    let before = text.get(..found).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    Location { line: before.matches('\n').count() + 1, column }
}

/// Whether a pointer leads somewhere.
pub(crate) fn exists(text: &str, pointer: &str) -> bool {
    let mut scanner = Scanner { text: text.as_bytes(), at: 0 };
    scanner.space();
    tokens(pointer).all(|token| scanner.enter(&token))
}

fn tokens(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"))
}

/// The line of a place with those around it, numbered, and a mark under the column. Long lines are cut.
pub(crate) fn excerpt(text: &str, location: Location) -> String {
    const AROUND: usize = 2;
    const WIDTH: usize = 100;
    let first = location.line.saturating_sub(AROUND).max(1);
    let mut excerpt = String::new();
    for (index, line) in text.lines().enumerate().skip(first - 1).take(location.line + AROUND + 1 - first) {
        let is_here = index + 1 == location.line;
        // In a text without line breaks the place is far to the right.
        let skipped = if is_here { (location.column - 1).saturating_sub(WIDTH / 2) } else { 0 };
        let shown: String = line.chars().skip(skipped).take(WIDTH).collect();
        excerpt.push_str(&format!("{:>7} | {shown}\n", index + 1));
        if is_here {
            excerpt.push_str(&format!("        | {}^\n", " ".repeat(location.column - 1 - skipped)));
        }
    }
    excerpt
}

/// Steps through JSON text; at invalid JSON it stops early, which makes the place less exact.
struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b':')) {
            self.at += 1;
        }
    }

    /// Goes to the member or item of the value that begins here.
    fn enter(&mut self, token: &str) -> bool {
        let is_object = match self.peek() {
            Some(b'{') => true,
            Some(b'[') => false,
            _ => return false,
        };
        self.at += 1;
        for index in 0_usize.. {
            self.space();
            if matches!(self.peek(), None | Some(b'}' | b']')) {
                return false;
            }
            let is_wanted = if is_object {
                let key = self.skip_string();
                self.space();
                serde_json::from_slice::<String>(key).is_ok_and(|key| key == token)
            } else {
                token.parse() == Ok(index)
            };
            if is_wanted {
                return true;
            }
            self.skip();
        }
        false
    }

    /// Skips the value that begins here.
    fn skip(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.skip_string();
                    if depth == 0 {
                        return;
                    }
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    if depth <= 1 {
                        self.at += depth;
                        return;
                    }
                    depth -= 1;
                    self.at += 1;
                }
                b',' if depth == 0 => return,
                _ => self.at += 1,
            }
        }
    }

    /// Skips a string, and gives it with its quotes.
    fn skip_string(&mut self) -> &'a [u8] {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                break;
            }
        }
        self.text.get(start..self.at).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\n \"a/b\": [1, {\"c\\\"\": \"]}\"}, \"ä\", {\"d\": true}],\n \"e\": {\"f\": -1.5e3}\n}\n";

    #[test]
    fn places() {
        let table = [
            ("", (1, 1)),
            ("/a~1b", (2, 9)),
            ("/a~1b/0", (2, 10)),
            ("/a~1b/1/c\"", (2, 21)),
            ("/a~1b/3/d", (2, 39)),
            ("/e/f", (3, 13)),
            ("/e/gone", (3, 7)),
            ("/a~1b/9", (2, 9)),
            ("/gone", (1, 1)),
        ];
        for (pointer, (line, column)) in table {
            assert_eq!(locate(TEXT, pointer), Location { line, column }, "{pointer}");
        }
        for broken in ["", "{", "{\"a", "[[[[", "{\"a\": \"\\", "]"] {
            locate(broken, "/a/0/b");
        }
    }

    #[test]
    fn excerpts() {
        let expected = "      1 | {\n      2 |  \"a/b\": [1, {\"c\\\"\": \"]}\"}, \"ä\", {\"d\": true}],\n      3 |  \"e\": \
                        {\"f\": -1.5e3}\n        |             ^\n      4 | }\n";
        assert_eq!(excerpt(TEXT, locate(TEXT, "/e/f")), expected);
        let long = format!("[{}true]", "1,".repeat(500));
        let shown = excerpt(&long, locate(&long, "/500"));
        let (line, mark) = shown.split_once('\n').expect("two lines");
        assert_eq!(line.find("true"), mark.find('^'));
    }
}
