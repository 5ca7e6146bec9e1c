use std::borrow::Cow;
use std::fmt;

use crate::ObjectKey;

/// The error for a document that can't be decoded, with the reason and the place.
///
/// ```
/// use kubernetes_core::{Map, json};
///
/// let error = json::from_str::<Map<Vec<i32>>>(r#"{"ports": [80, "x"]}"#).unwrap_err();
/// assert_eq!(error.path(), "ports[1]");
/// assert_eq!(error.to_string(), "ports[1]: expected an integer, found a string at byte 15");
/// ```
pub struct DecodeError(Box<Inner>);

struct Inner {
    message: Cow<'static, str>,
    offset: usize,
    /// Innermost first: the path grows while the error travels outwards.
    path: Vec<Segment>,
    /// The object of a list that the error is in.
    object: Option<ObjectKey>,
}

enum Segment {
    Field(Box<str>),
    Index(usize),
}

impl DecodeError {
    /// Creates an error with `message`, found `offset` bytes into the document.
    #[cold]
    pub fn new(message: impl Into<Cow<'static, str>>, offset: usize) -> Self {
        let message = match message.into() {
            Cow::Owned(message) => Cow::Owned(shortened(&message)),
            message => message,
        };
        Self(Box::new(Inner { message, offset, path: Vec::new(), object: None }))
    }

    pub(super) fn message(&self) -> &str {
        &self.0.message
    }

    /// The same error, one level further out: inside the field `key`.
    #[cold]
    #[must_use]
    pub fn in_field(mut self, key: &str) -> Self {
        self.0.path.push(Segment::Field(shortened(key).into()));
        self
    }

    /// The same error, one level further out: inside element `index` of a list.
    #[cold]
    #[must_use]
    pub fn in_index(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }

    /// The same error, found in a part of the document that starts at `start`.
    #[cold]
    #[must_use]
    pub(crate) fn behind(mut self, start: usize) -> Self {
        self.0.offset += start;
        self
    }

    /// The same error, attributed to this object of a list.
    #[cold]
    pub(crate) fn in_object(mut self, object: ObjectKey) -> Self {
        self.0.object = Some(object);
        self
    }

    /// The index of the failing element in the list `field`, if that is the outermost field.
    pub(crate) fn index_in(&self, field: &str) -> Option<usize> {
        match self.0.path.as_slice() {
            [.., Segment::Index(index), Segment::Field(name)] if **name == *field => Some(*index),
            _ => None,
        }
    }

    /// Whether the error is at a path or below it. The steps of the path are fields, or `None` for the items of a list.
    #[doc(hidden)]
    pub fn is_within<'p>(&self, path: impl IntoIterator<Item = Option<&'p str>>) -> bool {
        let mut segments = self.0.path.iter().rev();
        path.into_iter().all(|step| match (segments.next(), step) {
            (Some(Segment::Field(name)), Some(step)) => **name == *step,
            (Some(Segment::Index(_)), None) => true,
            _ => false,
        })
    }

    /// The object of a list that can't be decoded, identified by its namespace and name in the document.
    pub fn object(&self) -> Option<&ObjectKey> {
        self.0.object.as_ref()
    }

    /// The place in the document, such as `items[3].spec.containers[0].ports`; empty at the root.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.0.path.iter().rev() {
            match segment {
                Segment::Index(index) => path.push_str(&format!("[{index}]")),
                Segment::Field(key)
                    if key.is_empty() || key.contains(|c: char| c.is_control() || ".[]\"/".contains(c)) =>
                {
                    path.push_str(&format!("[{key:?}]"));
                }
                Segment::Field(key) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                }
            }
        }
        path
    }

    /// The offset into the document in bytes.
    pub fn offset(&self) -> usize {
        self.0.offset
    }
}

crate::error_text!(DecodeError);

impl DecodeError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        write!(f, "{} at byte {}", self.0.message, self.0.offset)?;
        match &self.0.object {
            Some(object) => write!(f, ", in {}", shown(object)),
            None => Ok(()),
        }
    }
}

/// Longer names and values from a document are cut, as they may have any length.
const MAX_SHOWN: usize = 512;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The object's key in a form that is safe to show: the document may have anything there.
fn shown(object: &ObjectKey) -> String {
    object.to_string().chars().filter(|character| !character.is_control()).take(320).collect()
}

impl std::error::Error for DecodeError {}

/// The error for a value that can't be written as JSON.
pub struct EncodeError(Box<str>);

impl EncodeError {
    /// Creates an error with this message.
    pub fn new(message: impl Into<Box<str>>) -> Self {
        Self(message.into())
    }
}

crate::error_text!(EncodeError);

impl EncodeError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value can't be encoded: {}", self.0)
    }
}

impl std::error::Error for EncodeError {}
