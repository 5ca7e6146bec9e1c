//! The first document of a YAML file as a tree, with aliases and merge keys resolved.
//!
//! A tree instead of serde: derives over a YAML crate's deserializer, with its dependencies, took an eighth of the time
//! that a program spent on compiling the SDK.

pub(crate) mod scalar;

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::{Map, Value};

use scalar::Scalar;

/// The maximum depth of nested values, which protects the stack.
const MAX_DEPTH: usize = 64;

/// The maximum size of the tree in bytes, approximately: aliases can expand to many times the size of the file.
const MAX_SIZE: usize = 64 << 20;

/// The size of a node without its text.
const NODE_SIZE: usize = 64;

/// A value and its line, even if it is the target of an alias.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) line: Option<u64>,
    pub(crate) content: Content,
}

#[derive(Clone)]
pub(crate) enum Content {
    Scalar(Scalar),
    List(Vec<Node>),
    /// The last of equal keys wins.
    Mapping(Vec<(String, Node)>),
}

/// An error and its place. The message quotes nothing from the file, which may have secrets.
pub(crate) struct Fault {
    pub(crate) line: Option<u64>,
    /// The path of the value; empty for the document.
    pub(crate) field: String,
    pub(crate) message: &'static str,
}

impl Fault {
    pub(crate) fn new(line: Option<u64>, message: &'static str) -> Self {
        Self { line, field: String::new(), message }
    }

    /// The same error, from the mapping that has it at the key.
    pub(crate) fn in_key(mut self, key: &str) -> Self {
        self.field = match self.field.as_str() {
            "" => key.to_owned(),
            field if field.starts_with('[') => format!("{key}{field}"),
            field => format!("{key}.{field}"),
        };
        self
    }

    /// The same error, from the list.
    pub(crate) fn in_item(mut self, index: usize) -> Self {
        let separator = if self.field.is_empty() { "" } else { "." };
        self.field = format!("[{index}]{separator}{}", self.field);
        self
    }
}

impl From<ScanError> for Fault {
    fn from(error: ScanError) -> Self {
        let message = match error.kind() {
            ErrorKind::UnknownAnchor => "an alias refers to an anchor that does not exist",
            _ => "is not valid YAML; check indentation, quotes and colons",
        };
        Self::new(Some(error.marker().line() as u64).filter(|line| *line > 0), message)
    }
}

impl Node {
    /// The value of empty text.
    pub(crate) const ABSENT: Self = Self { line: None, content: Content::Scalar(Scalar::Null) };

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.content, Content::Scalar(Scalar::Null))
    }

    /// The value as JSON, if it has a JSON form.
    pub(crate) fn into_json(self) -> Result<Value, Fault> {
        Ok(match self.content {
            Content::Scalar(scalar) => {
                scalar.into_json().ok_or_else(|| Fault::new(self.line, "a number that JSON can't represent"))?
            }
            Content::List(items) => Value::Array(items.into_iter().map(Self::into_json).collect::<Result<_, _>>()?),
            Content::Mapping(entries) => {
                let mut map = Map::new();
                for (key, value) in entries {
                    map.insert(key, value.into_json()?);
                }
                Value::Object(map)
            }
        })
    }

    fn extent(&self) -> Extent {
        let (text, children) = match &self.content {
            Content::Scalar(scalar) => (scalar.text_length(), Extent::default()),
            Content::List(items) => (0, Extent::of(items.iter())),
            Content::Mapping(entries) => {
                (entries.iter().map(|(key, _)| key.len()).sum(), Extent::of(entries.iter().map(|(_, value)| value)))
            }
        };
        Extent { size: children.size + text + NODE_SIZE, depth: children.depth + 1 }
    }
}

/// The size of a node.
#[derive(Clone, Copy, Default)]
struct Extent {
    size: usize,
    depth: usize,
}

impl Extent {
    fn of<'a>(nodes: impl Iterator<Item = &'a Node>) -> Self {
        nodes
            .map(Node::extent)
            .fold(Self::default(), |all, node| Self { size: all.size + node.size, depth: all.depth.max(node.depth) })
    }
}

/// The first document, as client-go reads it; the rest is ignored. `None` if there is none.
pub(crate) fn first_document(text: &str) -> Result<Option<Node>, Fault> {
    let mut composer = Composer { parser: parser(text), anchors: HashMap::new(), size: 0 };
    loop {
        match composer.next()? {
            None | Some((Event::DocumentEnd | Event::StreamEnd, _)) => return Ok(None),
            Some((Event::StreamStart | Event::DocumentStart(..), _)) => {}
            Some((event, span)) => return composer.node(event, span, 1).map(Some),
        }
    }
}

/// A parser like kubectl's; it skips comments, since it would limit their number.
pub(crate) fn parser(text: &str) -> Parser<'_, StrInput<'_>> {
    let mut options = Options::default();
    // Another crate may have enabled them for the whole program.
    options.emit_comments = false;
    // As in kubectl, a token may end with the file.
    options.block_scalar_eof_without_line_feed = true;
    Parser::new_from_str_with_options(text, options)
}

struct Composer<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// Complete nodes, by anchor number.
    anchors: HashMap<usize, (Node, Extent)>,
    size: usize,
}

impl<'a> Composer<'a> {
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Fault> {
        Ok(self.parser.next_event().transpose()?)
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Fault> {
        let line = Some(span.start.line() as u64).filter(|line| *line > 0);
        let text = if let Event::Scalar(text, ..) = &event { text.len() } else { 0 };
        self.size += text + NODE_SIZE;
        Self::check(self.size, depth, line)?;
        let (anchor, content) = match event {
            Event::Alias(anchor) => return self.alias(anchor, depth, line),
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, Content::Scalar(typed(&text, style, tag.as_deref(), line)?))
            }
            Event::SequenceStart(_, anchor, _) => (anchor, Content::List(self.items(depth)?)),
            Event::MappingStart(_, anchor, _) => (anchor, Content::Mapping(self.entries(depth)?)),
            _ => return Err(Fault::new(line, "a value is missing")),
        };
        let node = Node { line, content };
        if anchor > 0 {
            let extent = node.extent();
            self.size += extent.size;
            Self::check(self.size, depth, line)?;
            self.anchors.insert(anchor, (node.clone(), extent));
        }
        Ok(node)
    }

    fn check(size: usize, depth: usize, line: Option<u64>) -> Result<(), Fault> {
        if size > MAX_SIZE || depth > MAX_DEPTH {
            return Err(Fault::new(line, "too deeply nested, or too many values or aliases for a kubeconfig"));
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, depth: usize, line: Option<u64>) -> Result<Node, Fault> {
        let (node, extent) = self.anchors.get(&anchor).ok_or_else(|| Fault::new(line, "an alias refers to itself"))?;
        self.size += extent.size;
        Self::check(self.size, depth + extent.depth, line)?;
        Ok(node.clone())
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Node>, Fault> {
        let mut items = Vec::new();
        while let Some((event, span)) = self.next()? {
            match event {
                Event::SequenceEnd => break,
                event => items.push(self.node(event, span, depth + 1)?),
            }
        }
        Ok(items)
    }

    /// Merged entries are at the position of their `<<`.
    fn entries(&mut self, depth: usize) -> Result<Vec<(String, Node)>, Fault> {
        let mut entries = Vec::new();
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let is_merge = is_merge_key(&event);
            let key = self.node(event, span, depth + 1)?;
            let Some((event, span)) = self.next()? else { break };
            let value = self.node(event, span, depth + 1)?;
            if is_merge {
                merge(&mut entries, value)?;
            } else {
                entries.push((key_text(key)?, value));
            }
        }
        Ok(entries)
    }
}

/// A scalar by its tag (text if YAML has no such tag); the type of a plain scalar without a tag follows from its form.
fn typed(text: &str, style: ScalarStyle, tag: Option<&Tag>, line: Option<u64>) -> Result<Scalar, Fault> {
    let core = tag.and_then(Tag::core_suffix);
    let is_text = core.map_or(tag.is_some() || style != ScalarStyle::Plain, |core| core == "str");
    let scalar = if is_text { Scalar::Text(text.to_owned()) } else { scalar::resolve(text) };
    if tag.and_then(|tag| tag.suffix_in_namespace("tag:yaml.org,2002:")).as_deref() == Some("binary") {
        return Err(Fault::new(line, "a binary value; write it as text"));
    }
    if core.is_some_and(|core| !scalar.fits(core)) {
        return Err(Fault::new(line, "a value does not fit its tag"));
    }
    Ok(scalar)
}

fn is_merge_key(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<")
}

/// Adds the entries of a mapping, or of several in a list, of which the first takes precedence.
fn merge(entries: &mut Vec<(String, Node)>, value: Node) -> Result<(), Fault> {
    let sources = match value {
        Node { content: Content::List(items), .. } => items,
        mapping => vec![mapping],
    };
    for source in sources.into_iter().rev() {
        let Content::Mapping(mut merged) = source.content else {
            return Err(Fault::new(source.line, "the value of << must be a mapping"));
        };
        entries.append(&mut merged);
    }
    Ok(())
}

/// As in kubectl, which converts YAML to JSON, a number or a boolean becomes a string.
fn key_text(key: Node) -> Result<String, Fault> {
    match key.content {
        Content::Scalar(Scalar::Text(text)) => Ok(text),
        Content::Scalar(scalar) if scalar != Scalar::Null => {
            let json = scalar.into_json().ok_or_else(|| Fault::new(key.line, "a key that JSON can't represent"))?;
            Ok(json.to_string())
        }
        _ => Err(Fault::new(key.line, "a key that JSON can't represent")),
    }
}
