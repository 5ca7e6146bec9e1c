//! Reading files with a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The size, 8 MiB, above which no kubeconfig, certificate, key, token or other file is read.
pub const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// The whole file; pipes are read too, since a kubeconfig may come from a process substitution.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let message = format!("the file is larger than {MAX_FILE_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// Whether the file holds a token: text that is not only white space.
pub(crate) fn check_token(path: &Path) -> io::Result<()> {
    let text = String::from_utf8(read(path)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the token is not UTF-8 text"))?;
    match is_header_text(text.trim()) {
        _ if text.trim().is_empty() => Err(io::Error::new(io::ErrorKind::InvalidData, "the token is empty")),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the token contains a line break or another character that no header can hold",
        )),
        true => Ok(()),
    }
}

/// Whether an HTTP header can hold the text.
pub(crate) fn is_header_text(text: &str) -> bool {
    http::HeaderValue::from_str(text).is_ok()
}
