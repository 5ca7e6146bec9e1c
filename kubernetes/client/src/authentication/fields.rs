//! JSON objects of plugins and providers, of which some fields count.

use serde_json::{Map, Value};

/// Without `Debug`, as what it holds is secret.
#[derive(Default)]
pub(crate) struct Fields(Map<String, Value>);

/// The key whose value is of another type.
pub(crate) struct WrongType(pub(crate) &'static str);

impl Fields {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json).map(Self)
    }

    /// A text; `null` and absence read alike.
    pub(crate) fn text(&mut self, key: &'static str) -> Result<Option<String>, WrongType> {
        match self.0.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(WrongType(key)),
        }
    }

    /// A text, unless it is missing or none.
    pub(crate) fn text_or_none(&mut self, key: &'static str) -> Option<String> {
        self.text(key).unwrap_or_default()
    }

    /// The texts in a list, of which there are none if it is missing or none.
    pub(crate) fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(Value::Array(items)) = self.0.remove(key) else { return Vec::new() };
        let texts = items.into_iter().filter_map(|item| if let Value::String(text) = item { Some(text) } else { None });
        texts.collect()
    }

    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        self.0.get(key)?.as_f64()
    }

    /// An object in this one; `null` and absence read alike.
    pub(crate) fn object(&mut self, key: &'static str) -> Result<Option<Self>, WrongType> {
        match self.0.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self(fields))),
            Some(_) => Err(WrongType(key)),
        }
    }
}
