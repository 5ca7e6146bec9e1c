use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::error::{Error, Result};

/// The form of a pinned description: sorted keys, each member on its own line, and an indentation of one space, so that
/// versions can be compared line by line, however the server wrote them. `jq --sort-keys --indent 1` produces the same.
///
/// ```
/// let text = kubernetes_codegen::normal_form("a.json", br#"{"b": [1], "a": {}}"#)?;
/// assert_eq!(text, "{\n \"a\": {},\n \"b\": [\n  1\n ]\n}\n");
/// # Ok::<(), kubernetes_codegen::Error>(())
/// ```
///
/// # Errors
/// Returns an error if the text is not JSON.
pub fn normal_form(source: &str, bytes: &[u8]) -> Result<String> {
    let error = |message: &str, error| Error::new(message).in_file(source).caused_by(error);
    let mut value: Value = serde_json::from_slice(bytes).map_err(|cause| error("it is not valid JSON", cause))?;
    // Values are sorted already, unless another crate turned that off for the whole build.
    value.sort_all_objects();
    let mut text = Vec::with_capacity(bytes.len());
    let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b" "));
    value.serialize(&mut serializer).map_err(|cause| error("it can't be written as JSON", cause))?;
    text.push(b'\n');
    String::from_utf8(text).map_err(|cause| Error::new("JSON is UTF-8").in_file(source).caused_by(cause))
}
