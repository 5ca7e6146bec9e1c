//! `Warning` headers, in which the API server reports deprecated versions and doubtful objects.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use http::header::WARNING;
use http::{Extensions, HeaderMap, Method};

use crate::error::RequestLine;
use crate::sync::lock;

/// How many different texts are remembered, so that each is logged once.
const MOST_TEXTS: usize = 1000;

/// A warning in a server's response, for example about a deprecated version or a field without effect.
///
/// Passed to the function set with [`ClientBuilder::on_warning`](crate::ClientBuilder::on_warning). Kubernetes only
/// uses the code 299; others are ignored, as in client-go's `rest/warnings.go`.
#[derive(Clone, Copy, Debug)]
pub struct Warning<'a> {
    text: &'a str,
    agent: &'a str,
    line: &'a RequestLine,
}

impl Warning<'_> {
    /// The text of the warning.
    pub fn text(&self) -> &str {
        self.text
    }

    /// The program that warns; `-` is the API server itself.
    pub fn agent(&self) -> &str {
        self.agent
    }

    /// The method of the request.
    pub fn method(&self) -> &Method {
        self.line.method()
    }

    /// The path of the request, without its query.
    pub fn path(&self) -> &str {
        self.line.path()
    }
}

pub(crate) type Handler = Arc<dyn Fn(&Warning<'_>) + Send + Sync>;

/// The handling of warnings.
#[derive(Clone)]
pub(crate) enum Warnings {
    /// Each text is logged once.
    Logged(Arc<Mutex<HashSet<String>>>),
    Handled(Handler),
}

impl Default for Warnings {
    fn default() -> Self {
        Self::Logged(Arc::default())
    }
}

/// Marks a response whose warnings were handled, for clients that wrap another.
#[derive(Clone)]
struct Handled;

impl Warnings {
    pub(crate) fn handle(&self, headers: &HeaderMap, extensions: &mut Extensions, line: &RequestLine) {
        if !headers.contains_key(WARNING) || extensions.insert(Handled).is_some() {
            return;
        }
        for header in headers.get_all(WARNING) {
            let mut rest = std::str::from_utf8(header.as_bytes()).unwrap_or_default().trim();
            while let Some((parsed, remainder)) = parse(rest) {
                rest = remainder;
                if parsed.code == "299" && !parsed.text.is_empty() {
                    self.handle_one(&Warning { text: &parsed.text, agent: parsed.agent, line });
                }
            }
        }
    }

    fn handle_one(&self, warning: &Warning<'_>) {
        match self {
            Self::Handled(handler) => handler(warning),
            Self::Logged(seen) => {
                let mut seen = lock(seen);
                if seen.contains(warning.text) || seen.len() >= MOST_TEXTS {
                    return;
                }
                seen.insert(warning.text.to_owned());
                drop(seen);
                tracing::warn!(method = %warning.method(), path = warning.path(), "server: {}", warning.text);
            }
        }
    }
}

struct Parsed<'a> {
    code: &'a str,
    agent: &'a str,
    text: String,
}

/// The first warning of a header (RFC 7234, §5.5: `code agent "text" ["date"]`), and what follows its comma. `None` at
/// the end, or if it is malformed; what follows can't be told apart then.
fn parse(header: &str) -> Option<(Parsed<'_>, &str)> {
    let (code, rest) = header.split_once(' ')?;
    let (agent, rest) = rest.split_once(' ')?;
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_digit()) || agent.is_empty() {
        return None;
    }
    let (text, rest) = quoted(rest)?;
    if text.chars().any(char::is_control) {
        return None;
    }
    let rest = rest.trim_start();
    let rest = if rest.starts_with('"') { quoted(rest)?.1.trim_start() } else { rest };
    let rest = match rest.strip_prefix(',') {
        Some(rest) => rest.trim_start(),
        None if rest.is_empty() => rest,
        None => return None,
    };
    Some((Parsed { code, agent, text }, rest))
}

/// A quoted string with its escapes undone, and what follows it.
fn quoted(input: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut escaped = false;
    for (at, character) in input.strip_prefix('"')?.char_indices() {
        match character {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return Some((text, input.get(at + 2..)?)),
            other => {
                escaped = false;
                text.push(other);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn all(mut header: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        while let Some((parsed, rest)) = parse(header) {
            found.push((parsed.agent.to_owned(), parsed.text));
            header = rest;
        }
        found
    }

    #[test]
    fn reads_warnings_as_apimachinery_does() {
        let cases: &[(&str, &[(&str, &str)])] = &[
            (r#"299 - "deprecated""#, &[("-", "deprecated")]),
            (r#"299 kube "a \"quoted\" \\ text""#, &[("kube", r#"a "quoted" \ text"#)]),
            (r#"299 - "ünïcode", 299 - "two""#, &[("-", "ünïcode"), ("-", "two")]),
            (r#"299 - "a" "Wed, 21 Oct 2015 07:28:00 GMT",299 x "b""#, &[("-", "a"), ("x", "b")]),
            (r#"299 - "first", garbage"#, &[("-", "first")]),
            (r#"299 - "unterminated"#, &[]),
            (r#"299 - "ends in escape\"#, &[]),
            ("29x - \"text\"", &[]),
            ("299 -", &[]),
            ("299  \"no agent\"", &[]),
            ("299 - \"a\u{7}bell\"", &[]),
            (r#"299 - "a" junk"#, &[]),
            (r#"299 - "a" "unterminated date"#, &[]),
            ("", &[]),
        ];
        for (header, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|(a, t)| ((*a).to_owned(), (*t).to_owned())).collect();
            assert_eq!(all(header), expected, "{header}");
        }
    }
}
