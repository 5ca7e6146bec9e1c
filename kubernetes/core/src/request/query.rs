use crate::{Str, percent};

/// The query parameters of a request, in the order in which they were first set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(&'static str, Str)>);

impl Query {
    /// Sets a parameter, replacing an earlier value.
    pub fn set(&mut self, name: &'static str, value: impl Into<QueryValue>) {
        let value = value.into().0;
        match self.0.iter_mut().find(|(existing, _)| *existing == name) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((name, value)),
        }
    }

    /// Sets a parameter that may be repeated (`command=ls&command=-l`), replacing earlier values.
    pub fn set_all<V: Into<QueryValue>>(&mut self, name: &'static str, values: impl IntoIterator<Item = V>) {
        self.remove(name);
        self.0.extend(values.into_iter().map(|value| (name, value.into().0)));
    }

    /// Removes a parameter.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(existing, _)| *existing != name);
    }

    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(existing, _)| *existing == name).map(|(_, value)| value.as_str())
    }

    /// Whether no parameter is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parameters as they appear after the `?`.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.0 {
            if !text.is_empty() {
                text.push('&');
            }
            text.push_str(name);
            text.push('=');
            text.extend(percent::encode(value));
        }
        text
    }
}

/// The value of a query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryValue(Str);

impl From<bool> for QueryValue {
    fn from(value: bool) -> Self {
        Self(Str::from_static(if value { "true" } else { "false" }))
    }
}

macro_rules! from_number {
    ($($number:ty),*) => {$(
        impl From<$number> for QueryValue {
            fn from(value: $number) -> Self {
                Self(value.to_string().into())
            }
        }
    )*};
}
from_number!(i32, i64, u32, u64);

macro_rules! from_text {
    ($($text:ty),*) => {$(
        impl From<$text> for QueryValue {
            fn from(value: $text) -> Self {
                Self(value.into())
            }
        }
    )*};
}
from_text!(&str, String, &String, &Str);

impl From<Str> for QueryValue {
    fn from(value: Str) -> Self {
        Self(value)
    }
}
