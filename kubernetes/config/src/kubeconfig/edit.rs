//! Changes one value in the text of a kubeconfig, leaving the rest unchanged.
//!
//! A YAML parser finds the place of the value, and only its bytes are replaced, so that comments, unknown keys, order
//! and style stay. The result is parsed again: if it is not the old document with the new value (because of an alias or
//! a merge key), the document is rewritten, which keeps all keys but not the comments.

use granit_parser::{Event, ScalarStyle, Span, StructureStyle};
use serde_json::{Map, Value};

use crate::yaml;
use crate::yaml::scalar::{self, Scalar};

/// One step from the document to a value.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A key of a mapping.
    Key(String),
    /// The item of a list with this `name`.
    Named(String),
}

/// The text with the value at the place, which is created if its last steps are keys.
///
/// # Errors
///
/// Returns an error if there is no such list item, or if the text has values that can't be kept. The error is a phrase
/// to follow the name of the file.
pub(crate) fn set(text: &str, steps: &[Step], value: &Value) -> Result<String, &'static str> {
    let mut expected = read(text).ok_or("has values that can't be kept; edit it by hand")?;
    set_in(&mut expected, steps, value)?;
    let minimal = replace(text, steps, value).filter(|edited| read(edited).as_ref() == Some(&expected));
    minimal.or_else(|| rewrite(text, &expected)).ok_or("has values that can't be written; edit it by hand")
}

/// The text with its first document replaced.
fn rewrite(text: &str, document: &Value) -> Option<String> {
    let text = format!("{}{}", block_lines(document).concat(), behind_first_document(text)?);
    (read(&text).as_ref() == Some(document)).then_some(text)
}

fn behind_first_document(text: &str) -> Option<&str> {
    let mut parser = yaml::parser(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.ok()?;
        if matches!(event, Event::DocumentEnd) {
            return text.get(span.start.byte_offset()?..);
        }
    }
    Some("")
}

/// The value as lines of YAML in block style, each with its terminator.
fn block_lines(value: &Value) -> Vec<String> {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            entries.iter().flat_map(|(key, value)| entry(key, value)).collect()
        }
        Value::Array(items) if !items.is_empty() => items.iter().flat_map(item).collect(),
        Value::String(text) => vec![format!("{}\n", scalar_text(text))],
        // As JSON, which is also YAML.
        other => vec![format!("{other}\n")],
    }
}

fn entry(key: &str, value: &Value) -> Vec<String> {
    let key = scalar_text(key);
    let lines = block_lines(value);
    if is_filled(value) {
        let below = lines.into_iter().map(|line| format!("  {line}"));
        std::iter::once(format!("{key}:\n")).chain(below).collect()
    } else {
        vec![format!("{key}: {}", lines.concat())]
    }
}

fn item(value: &Value) -> Vec<String> {
    let lines = block_lines(value).into_iter().enumerate();
    lines.map(|(index, line)| if index == 0 { format!("- {line}") } else { format!("  {line}") }).collect()
}

fn is_filled(value: &Value) -> bool {
    value.as_object().is_some_and(|entries| !entries.is_empty())
        || value.as_array().is_some_and(|items| !items.is_empty())
}

/// Without quotes unless they are needed.
fn scalar_text(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
        && matches!(scalar::resolve(text), Scalar::Text(_));
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

/// The first document, as kubectl reads it.
fn read(text: &str) -> Option<Value> {
    let document = yaml::first_document(text).ok()?.unwrap_or(yaml::Node::ABSENT).into_json().ok()?;
    Some(if document.is_null() { Value::Object(Map::new()) } else { document })
}

fn set_in(document: &mut Value, steps: &[Step], value: &Value) -> Result<(), &'static str> {
    let mut target = document;
    for step in steps {
        target = match step {
            Step::Key(key) => {
                if !target.is_object() {
                    *target = Value::Object(Map::new());
                }
                target.as_object_mut().ok_or("is not a mapping")?.entry(key.as_str()).or_insert(Value::Null)
            }
            Step::Named(name) => {
                let items = target.as_array_mut().map(|items| items.iter_mut()).unwrap_or_default();
                let mut named = items.filter(|item| item.get("name").and_then(Value::as_str) == Some(name));
                named.next().ok_or("no longer has the entry to change")?
            }
        };
    }
    *target = value.clone();
    Ok(())
}

/// The text with the value replaced in place; `None` if that is not straightforward.
fn replace(text: &str, steps: &[Step], value: &Value) -> Option<String> {
    let Some(root) = tree(text)? else {
        let (Step::Key(key), rest) = steps.split_first()? else { return None };
        let separator = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return Some(format!("{text}{separator}{key}: {}\n", nested(rest, value)?));
    };
    let mut node = &root;
    for (index, step) in steps.iter().enumerate() {
        match (step, node) {
            (Step::Named(name), TextNode::Sequence(items)) => {
                node = items.iter().find(|item| item.get("name").is_some_and(|(_, value)| value.is_scalar(name)))?;
            }
            (Step::Key(key), TextNode::Mapping { .. }) => match node.get(key) {
                Some((_, value)) => node = value,
                None => return node.insert(text, key, &nested(steps.get(index + 1..)?, value)?),
            },
            (Step::Key(_), TextNode::Scalar { .. }) => {
                return node.replace(text, &nested(steps.get(index..)?, value)?);
            }
            _ => return None,
        }
    }
    node.replace(text, &value.to_string())
}

/// The value below the keys, as JSON, which is also YAML.
fn nested(steps: &[Step], value: &Value) -> Option<String> {
    steps.iter().rev().try_fold(value.to_string(), |inner, step| match step {
        Step::Key(key) => Some(format!("{{{}: {inner}}}", Value::from(key.as_str()))),
        Step::Named(_) => None,
    })
}

/// A value and where it is, as byte offsets.
enum TextNode {
    Scalar { value: String, start: usize, end: usize, is_block: bool, after_key: Option<usize> },
    Sequence(Vec<TextNode>),
    Mapping { start: usize, column: usize, flow: bool, entries: Vec<(TextNode, TextNode)> },
    Alias,
}

impl TextNode {
    /// The last entry with the key, since that one wins.
    fn get(&self, key: &str) -> Option<&(TextNode, TextNode)> {
        let Self::Mapping { entries, .. } = self else { return None };
        entries.iter().rev().find(|(name, _)| name.is_scalar(key))
    }

    fn is_scalar(&self, text: &str) -> bool {
        matches!(self, Self::Scalar { value, .. } if value == text)
    }

    fn replace(&self, text: &str, value: &str) -> Option<String> {
        let Self::Scalar { start, end, is_block, after_key, .. } = self else { return None };
        let old = text.get(*start..*end)?;
        if !is_block && !old.is_empty() {
            return Some(format!("{}{value}{}", text.get(..*start)?, text.get(*end..)?));
        }
        // If nothing or a block indicator follows the key, the value starts at the colon; a block extends to the next
        // key.
        let colon = (*after_key)? + text.get((*after_key)?..)?.find(':')? + 1;
        let (rest, line_end) = match old.rsplit_once('\n') {
            Some((_, indent)) => (text.get(end.checked_sub(indent.len())?..)?, "\n"),
            None if *is_block => (text.get(*end..)?, ""),
            None => (text.get(colon..)?, ""),
        };
        Some(format!("{} {value}{line_end}{rest}", text.get(..colon)?))
    }

    fn insert(&self, text: &str, key: &str, value: &str) -> Option<String> {
        let Self::Mapping { start, column, flow, entries } = self else { return None };
        let separator = match (flow, entries.is_empty()) {
            (true, true) => String::new(),
            (true, false) => ", ".to_owned(),
            (false, _) => format!("\n{}", " ".repeat(*column)),
        };
        let at = if *flow { start + 1 } else { *start };
        let key = if *flow { Value::from(key).to_string() } else { key.to_owned() };
        Some(format!("{}{key}: {value}{separator}{}", text.get(..at)?, text.get(at..)?))
    }
}

/// A collection that is not complete yet.
struct OpenCollection {
    node: TextNode,
    key: Option<(TextNode, usize)>,
}

/// The nodes of the first document; `Some(None)` if the text has none.
fn tree(text: &str) -> Option<Option<TextNode>> {
    let mut parser = yaml::parser(text);
    let mut open: Vec<OpenCollection> = Vec::new();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.ok()?;
        let complete = match event {
            Event::Scalar(value, style, ..) => scalar(value.into_owned(), style, span)?,
            Event::Alias(_) => TextNode::Alias,
            Event::SequenceStart(..) => {
                open.push(OpenCollection { node: TextNode::Sequence(Vec::new()), key: None });
                continue;
            }
            Event::MappingStart(style, ..) => {
                open.push(OpenCollection { node: mapping(style, span)?, key: None });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop()?.node,
            Event::DocumentEnd | Event::StreamEnd => return Some(None),
            _ => continue,
        };
        let Some(parent) = open.last_mut() else { return Some(Some(complete)) };
        parent.add(complete, span)?;
    }
    Some(None)
}

impl OpenCollection {
    fn add(&mut self, mut child: TextNode, span: Span) -> Option<()> {
        match &mut self.node {
            TextNode::Sequence(items) => items.push(child),
            TextNode::Mapping { start, column, flow, entries } => match self.key.take() {
                None => {
                    if entries.is_empty() && !*flow {
                        (*start, *column) = (span.start.byte_offset()?, span.start.col());
                    }
                    self.key = Some((child, span.end.byte_offset()?));
                }
                Some((key, key_end)) => {
                    if let TextNode::Scalar { after_key, .. } = &mut child {
                        *after_key = Some(key_end);
                    }
                    entries.push((key, child));
                }
            },
            TextNode::Scalar { .. } | TextNode::Alias => return None,
        }
        Some(())
    }
}

fn scalar(value: String, style: ScalarStyle, span: Span) -> Option<TextNode> {
    let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
    let (start, end) = (span.start.byte_offset()?, span.end.byte_offset()?);
    Some(TextNode::Scalar { value, start, end, is_block, after_key: None })
}

fn mapping(style: StructureStyle, span: Span) -> Option<TextNode> {
    let flow = matches!(style, StructureStyle::Flow);
    Some(TextNode::Mapping { start: span.start.byte_offset()?, column: span.start.col(), flow, entries: Vec::new() })
}
