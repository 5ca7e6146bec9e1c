use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::Str;
use crate::json::{DecodeError, Reader};

/// The path of a value in a document (RFC 6901), such as `/metadata/labels/app`.
///
/// ```
/// use kubernetes_core::JsonPointer;
///
/// assert_eq!(JsonPointer::from(["metadata", "annotations", "example.com/a~b"]).as_str(),
///     "/metadata/annotations/example.com~1a~0b");
/// let image = JsonPointer::from("/spec/containers").index(0).key("image");
/// assert_eq!(image.as_str(), "/spec/containers/0/image");
/// assert_eq!(image.find(r#"{"spec": {"containers": [{"image": "nginx"}]}}"#)?, Some("\"nginx\""));
/// # Ok::<(), kubernetes_core::json::DecodeError>(())
/// ```
///
/// A string converts into a pointer that is already escaped, an array into one with these keys. [`FromStr`] checks the
/// text; a string that is converted, as for a `JsonPatch`, is checked when it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JsonPointer(Str);

impl JsonPointer {
    /// The whole document.
    pub const ROOT: Self = Self(Str::EMPTY);

    /// The field `key` of the value that this points to.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        let escaped = key.replace('~', "~0").replace('/', "~1");
        Self([self.0.as_str(), "/", &escaped].concat().into())
    }

    /// The element at this index of the list that this points to.
    #[must_use]
    pub fn index(self, index: usize) -> Self {
        self.key(&index.to_string())
    }

    /// The place after the last element of the list that this points to, where an element can be added.
    #[must_use]
    pub fn end(self) -> Self {
        self.key("-")
    }

    /// The pointer to the value that contains this one; `None` for the whole document.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.into()))
    }

    /// The keys and indices that lead to the value, unescaped.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = Cow<'_, str>> {
        let escaped = self.0.strip_prefix('/').map(|keys| keys.split('/'));
        escaped.into_iter().flatten().map(|key| match key.contains('~') {
            true => Cow::Owned(key.replace("~1", "/").replace("~0", "~")),
            false => Cow::Borrowed(key),
        })
    }

    /// The text, escaped.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text of the value in the JSON document `json` that this points to; `None` if there is no such value.
    ///
    /// In a `serde_json::Value`, use `value.pointer(pointer.as_str())` instead. If a key appears twice, the first wins.
    ///
    /// # Errors
    /// Returns an error if the part of the document that is read is not JSON.
    pub fn find<'a>(&self, json: &'a str) -> Result<Option<&'a str>, DecodeError> {
        let mut reader = Reader::new(json);
        for key in self.keys() {
            if !enter(&mut reader, &key)? {
                return Ok(None);
            }
        }
        reader.raw().map(Some)
    }

    /// Checks the text.
    ///
    /// # Errors
    /// Returns an error if it does not start with `/`, or has a `~` without `0` or `1`.
    pub fn check(&self) -> Result<(), InvalidJsonPointer> {
        let is_valid = (self.0.is_empty() || self.0.starts_with('/'))
            && self.0.split('~').skip(1).all(|escaped| escaped.starts_with(['0', '1']));
        if is_valid { Ok(()) } else { Err(InvalidJsonPointer(self.0.clone())) }
    }
}

/// Moves to the value at `key` of the next value, or skips that value if it has no such key.
fn enter(reader: &mut Reader<'_>, key: &str) -> Result<bool, DecodeError> {
    let mut first = true;
    match reader.token() {
        Some(b'{') => {
            reader.begin_object()?;
            while let Some(found) = reader.next_key(&mut first)? {
                if found == key {
                    return Ok(true);
                }
                reader.skip()?;
            }
        }
        Some(b'[') => {
            reader.begin_list()?;
            let mut left = list_index(key);
            while reader.next_element(&mut first)? {
                match &mut left {
                    Some(0) => return Ok(true),
                    Some(left) => *left -= 1,
                    None => {}
                }
                reader.skip()?;
            }
        }
        _ => reader.skip()?,
    }
    Ok(false)
}

/// Parses a key as the index of a list: digits without leading zeros (RFC 6901, section 4).
pub(super) fn list_index(key: &str) -> Option<usize> {
    let is_index = key == "0" || (!key.starts_with('0') && key.bytes().all(|byte| byte.is_ascii_digit()));
    key.parse().ok().filter(|_| is_index)
}

impl FromStr for JsonPointer {
    type Err = InvalidJsonPointer;

    fn from_str(escaped: &str) -> Result<Self, Self::Err> {
        let pointer = Self(escaped.into());
        pointer.check().map(|()| pointer)
    }
}

impl fmt::Display for JsonPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for JsonPointer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_str().serialize(serializer)
    }
}

impl From<&str> for JsonPointer {
    fn from(escaped: &str) -> Self {
        Self(escaped.into())
    }
}

impl From<String> for JsonPointer {
    fn from(escaped: String) -> Self {
        Self(escaped.into())
    }
}

impl<const N: usize> From<[&str; N]> for JsonPointer {
    fn from(keys: [&str; N]) -> Self {
        keys.into_iter().fold(Self::ROOT, |pointer, key| pointer.key(key))
    }
}

/// The error for a text that is not a JSON pointer.
#[derive(Clone, PartialEq, Eq)]
pub struct InvalidJsonPointer(Str);

crate::error_text!(InvalidJsonPointer);

impl InvalidJsonPointer {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.0.chars().take(80).collect();
        let more = if shown.len() < self.0.len() { "…" } else { "" };
        write!(
            f,
            "{shown:?}{more} is not a JSON pointer: expected `/` before each key, and `~0` for `~` and `~1` for `/` in keys"
        )
    }
}

impl std::error::Error for InvalidJsonPointer {}

#[cfg(test)]
mod tests {
    use super::JsonPointer;

    /// The examples of RFC 6901, section 5, and the indices of section 4.
    #[test]
    fn values_are_found_as_serde_json_finds_them() {
        let text = r#"{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7,
            "m~n": 8, "01": {"-": null}}"#;
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let pointers = [
            "",
            "/foo",
            "/foo/0",
            "/foo/1",
            "/foo/2",
            "/foo/01",
            "/foo/+1",
            "/foo/-",
            "/foo/x",
            "/",
            "/a~1b",
            "/c%d",
            "/e^f",
            "/g|h",
            "/i\\j",
            "/k\"l",
            "/ ",
            "/m~0n",
            "/01/-",
            "/01/-/x",
            "/01/",
            "/foo/99999999999999999999",
        ];
        for text_of_pointer in pointers {
            let pointer: JsonPointer = text_of_pointer.parse().unwrap();
            let found = pointer.find(text).unwrap().map(|text| serde_json::from_str(text).unwrap());
            assert_eq!(found.as_ref(), value.pointer(text_of_pointer), "{text_of_pointer}");
            assert_eq!(pointer.keys().fold(JsonPointer::ROOT, |pointer, key| pointer.key(&key)), pointer);
        }
        let parents = ["/a~1b/c", "/a~1b", ""].map(|text| JsonPointer::from(text).parent());
        assert_eq!(parents, [Some("/a~1b".into()), Some(JsonPointer::ROOT), None]);
    }

    #[test]
    fn a_text_that_is_not_a_pointer_is_refused() {
        for text in ["a", "a/b", "/~", "/~2", "/a~"] {
            let error = text.parse::<JsonPointer>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{text:?} is not a JSON pointer")), "{error}");
        }
    }
}
