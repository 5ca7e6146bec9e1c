use kubernetes_core::json::{self, DecodeError, Reader, Writer};
use kubernetes_core::{FieldsV1, Map, Str};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// Documents as a model, each line alone, and all of them in one list that is long enough for the reader to expect the
/// fields in the order in which they came before, or also to share strings.
pub(super) fn check(data: &[u8]) {
    const EXPECTS_ORDERS: usize = 17 << 10;
    const SHARES_STRINGS: usize = 129 << 10;
    let mut texts = Vec::new();
    let mut nodes = Vec::new();
    // serde_json does not tell -0, an integer, from -0.0.
    let lines = data.split(|byte| *byte == b'\n').filter(|line| !line.windows(2).any(|two| two == b"-0"));
    for line in lines.take(16) {
        let ours = json::from_slice::<Node>(line);
        let theirs = serde_json::from_slice::<Tree>(line).ok().and_then(|tree| node(&tree));
        assert_eq!(ours.as_ref().ok(), theirs.as_ref(), "{}", String::from_utf8_lossy(line));
        let Ok(node) = ours else { continue };
        let again: Node = json::from_str(&json::to_string(&node).unwrap()).unwrap();
        assert_eq!(again, node);
        texts.push(std::str::from_utf8(line).unwrap());
        nodes.push(node);
    }
    let length: usize = texts.iter().map(|text| text.len() + 1).sum();
    // A line that is nested as deep as may be is too deep in a list.
    if length < 8 || texts.iter().any(|text| text.bytes().filter(|byte| b"[{".contains(byte)).count() > 120) {
        return;
    }
    let all = texts.join(",");
    // Most runs stay quick.
    let long_enough = if data.len().is_multiple_of(4) { SHARES_STRINGS } else { EXPECTS_ORDERS };
    let times = long_enough.div_ceil(length).max(1);
    let long = format!("[{}]", vec![all.as_str(); times].join(","));
    let read: Vec<Node> = json::from_str(&long).unwrap();
    assert_eq!(read.len(), nodes.len() * times);
    for (index, node) in read.iter().enumerate() {
        assert_eq!(*node, nodes[index % nodes.len()], "{all}");
    }
}

/// A model with a field of each kind.
#[derive(Clone, Debug, Default, PartialEq)]
struct Node {
    a: Str,
    size: Option<i64>,
    sizes: Vec<i32>,
    on: bool,
    node: Option<Box<Node>>,
    nodes: Vec<Node>,
    tags: Map<Str>,
    raw: Option<FieldsV1>,
}

impl json::Value for Node {
    const FIELDS: &'static [&'static str] = &["a", "size", "sizes", "on", "node", "nodes", "tags", "raw"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(
            Self::FIELDS,
            &mut [
                &mut self.a,
                &mut self.size,
                &mut self.sizes,
                &mut self.on,
                &mut self.node,
                &mut self.nodes,
                &mut self.tags,
                &mut self.raw,
            ],
        )
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.required("a", &self.a);
        writer.optional("size", &self.size);
        writer.optional("sizes", &self.sizes);
        writer.required("on", &self.on);
        writer.optional("node", &self.node);
        writer.optional("nodes", &self.nodes);
        writer.optional("tags", &self.tags);
        writer.optional("raw", &self.raw);
    }
}

/// The model that a document is, or `None` if one of its fields does not fit.
fn node(tree: &Tree) -> Option<Node> {
    let mut node = Node::default();
    for (key, value) in tree.object()? {
        match key.as_str() {
            "a" => node.a = value.text()?,
            "size" => node.size = if matches!(value, Tree::Null) { None } else { Some(value.integer()?) },
            "sizes" => node.sizes = value.list(|item| item.integer()?.try_into().ok())?,
            "on" => {
                node.on = match value {
                    Tree::Null => false,
                    Tree::Boolean(on) => *on,
                    _ => return None,
                }
            }
            "node" => node.node = if matches!(value, Tree::Null) { None } else { Some(Box::new(self::node(value)?)) },
            "nodes" => node.nodes = value.list(self::node)?,
            "tags" => {
                let tags = value.object()?.iter().map(|(key, value)| Some((key.as_str(), value.text()?)));
                node.tags = tags.collect::<Option<Vec<_>>>()?.into_iter().collect();
            }
            "raw" => node.raw = Some(value.any().into()).filter(|_| !matches!(value, Tree::Null)),
            _ => {}
        }
    }
    Some(node)
}

/// A document as serde_json reads it, with the keys that are there twice.
enum Tree {
    Null,
    Boolean(bool),
    Integer(i64),
    OtherNumber(Number),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    fn any(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(boolean) => (*boolean).into(),
            Self::Integer(integer) => (*integer).into(),
            Self::OtherNumber(number) => number.clone().into(),
            Self::Text(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(Self::any).collect(),
            Self::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), value.any())).collect(),
        }
    }

    fn object(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Null => Some(&[]),
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    fn list<T>(&self, item: impl Fn(&Self) -> Option<T>) -> Option<Vec<T>> {
        match self {
            Self::Null => Some(Vec::new()),
            Self::List(items) => items.iter().map(item).collect(),
            _ => None,
        }
    }

    fn text(&self) -> Option<Str> {
        match self {
            Self::Null => Some(Str::EMPTY),
            Self::Text(text) => Some(text.as_str().into()),
            _ => None,
        }
    }

    fn integer(&self) -> Option<i64> {
        match self {
            Self::Null => Some(0),
            Self::Integer(integer) => Some(*integer),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(i64::try_from(value).map_or_else(|_| Tree::OtherNumber(value.into()), Tree::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Number::from_f64(value).map_or(Tree::Null, Tree::OtherNumber))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut fields = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            fields.push(entry);
        }
        Ok(Tree::Object(fields))
    }
}
