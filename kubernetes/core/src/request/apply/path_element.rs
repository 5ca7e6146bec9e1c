use std::borrow::Cow;
use std::fmt;

use crate::json::{self, Tree, Value as _, Writer};
use crate::{Map, Str};

/// A step of a path in a [`FieldSet`](super::FieldSet), in the form of `FieldsV1`: `f:name` for a field, and for items
/// of lists `k:{…}` (by key), `v:…` (by value) or `i:0` (by index).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathElement(Str);

/// The parts of a [`PathElement`].
#[derive(Clone, Debug, PartialEq)]
pub enum Step<'a> {
    /// A field of an object.
    Field(&'a str),
    /// The item of a list whose fields have these values.
    Keys(Map<Tree>),
    /// The item of a list with this value.
    Value(Tree),
    /// The item of a list at this index.
    Index(usize),
}

impl PathElement {
    /// A field of an object.
    pub fn field(name: &str) -> Self {
        Self(["f:", name].concat().into())
    }

    /// The item of a list whose fields have these values.
    ///
    /// ```
    /// use kubernetes_core::json::Tree;
    /// use kubernetes_core::{Map, PathElement};
    ///
    /// let keys = Map::from_iter([("name", Tree::String("web".into()))]);
    /// assert_eq!(PathElement::keys(&keys).as_str(), r#"k:{"name":"web"}"#);
    /// ```
    pub fn keys(keys: &Map<Tree>) -> Self {
        let mut writer = Writer::new();
        keys.write(&mut writer);
        Self::written("k:", writer)
    }

    /// The item of a list with this value.
    pub fn value(value: &Tree) -> Self {
        let mut value = value.clone();
        value.sort_keys();
        let mut writer = Writer::new();
        value.write(&mut writer);
        Self::written("v:", writer)
    }

    /// The item of a list at this index.
    pub fn index(index: usize) -> Self {
        Self(format!("i:{index}").into())
    }

    fn written(kind: &str, writer: Writer) -> Self {
        // A tree can always be written.
        Self([kind, &writer.finish().unwrap_or_default()].concat().into())
    }

    /// Parses the form of `FieldsV1`; `None` for an element of an unknown kind.
    ///
    /// Keys and values are normalized, whatever their order, spaces and escapes were, so that equal elements have equal
    /// texts.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, Cow<'static, str>> {
        if !matches!(text.get(..2), Some("f:" | "k:" | "v:" | "i:")) {
            return Ok(None);
        }
        let element = Self(text.into());
        match element.step() {
            Some(Step::Keys(keys)) => Ok(Some(Self::keys(&keys))),
            Some(Step::Value(value)) => Ok(Some(Self::value(&value))),
            Some(Step::Index(index)) => Ok(Some(Self::index(index))),
            Some(Step::Field(_)) => Ok(Some(element)),
            None => {
                let shown: String = text.chars().take(80).collect();
                Err(format!("{shown:?} is not an element of a set of fields").into())
            }
        }
    }

    /// The form of `FieldsV1`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts; `None` if the text is not a valid element.
    pub fn step(&self) -> Option<Step<'_>> {
        let (kind, rest) = self.0.split_at_checked(2)?;
        match kind {
            "f:" => Some(Step::Field(rest)),
            "k:" => json::from_str(rest).ok().filter(|keys: &Map<Tree>| !keys.is_empty()).map(Step::Keys),
            "v:" => json::from_str(rest).ok().map(Step::Value),
            "i:" => rest.parse().ok().map(Step::Index),
            _ => None,
        }
    }
}

impl Step<'_> {
    /// Whether this step leads to `item`, which has this index in its list.
    pub(super) fn is_item(&self, index: usize, item: &Tree) -> bool {
        match self {
            Self::Keys(keys) => keys.iter().all(|(key, value)| item.get(key) == Some(value)),
            Self::Value(value) => item == value,
            Self::Index(place) => index == *place,
            Self::Field(_) => false,
        }
    }
}

impl fmt::Display for PathElement {
    /// Like Go's `PathElement.String`: `.name`, `[name="web"]`, `[="value"]`, `[0]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step() {
            Some(Step::Field(name)) => write!(f, ".{name}"),
            Some(Step::Keys(keys)) => {
                let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={}", value.to_text())).collect();
                write!(f, "[{}]", keys.join(","))
            }
            Some(Step::Value(value)) => write!(f, "[={}]", value.to_text()),
            Some(Step::Index(index)) => write!(f, "[{index}]"),
            None => write!(f, "[{}]", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::FieldSet;
    use crate::{FieldsV1, json};

    #[test]
    fn the_form_of_keys_and_values_does_not_matter() {
        let set = |text: &str| {
            let fields: FieldsV1 = json::from_str(&format!(r#"{{"f:a":{{{text}:{{}}}}}}"#)).unwrap();
            FieldSet::from_fields_v1(&fields).unwrap()
        };
        for (written, other) in [
            (r#""k:{\"name\":\"web\",\"port\":80}""#, r#""k:{ \"port\": 80, \"n\\u0061me\" : \"web\" }""#),
            (r#""v:{\"a\":[1,{\"b\":2,\"c\":3}]}""#, r#""v: {\"a\": [1, {\"c\": 3, \"b\": 2}]}""#),
            (r#""v:\"a/b\"""#, r#""v:\"a\\/b\"""#),
            (r#""i:7""#, r#""i:007""#),
        ] {
            assert_eq!(set(other), set(written), "{other}");
            assert!(set(other).difference(&set(written)).is_empty());
            assert_eq!(set(other).to_fields_v1().text(), format!(r#"{{"f:a":{{{written}:{{}}}}}}"#));
        }
        assert_ne!(set(r#""k:{\"a\":1}""#), set(r#""k:{\"a\":\"1\"}""#));
    }
}
