//! Bearer tokens, which must be valid in a header.

use std::io;
use std::path::Path;

use crate::files::{MAX_FILE_BYTES, read_regular};

/// Checks that the file holds a token: text that is not just white space.
pub(crate) fn check_file(path: &Path) -> io::Result<()> {
    let text = String::from_utf8(read_regular(path, MAX_FILE_BYTES)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the token is not valid UTF-8"))?;
    match is_header_text(text.trim()) {
        _ if text.trim().is_empty() => Err(io::Error::new(io::ErrorKind::InvalidData, "the token is empty")),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the token contains a line break or another character not allowed in a header",
        )),
        true => Ok(()),
    }
}

/// Whether the text is valid in an HTTP header.
pub(crate) fn is_header_text(text: &str) -> bool {
    http::HeaderValue::from_str(text).is_ok()
}
