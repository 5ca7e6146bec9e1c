//! Tokens in files.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use kubernetes_config::MAX_FILE_BYTES;
use tokio::time::Instant;

use super::Failure;
use crate::authorization::bearer;

/// How long a token is used before its file is read again, as in client-go (`transport/token_source.go`).
const TOKEN_PERIOD: Duration = Duration::from_secs(60);

/// A token that is renewed by whoever writes the file, such as the kubelet.
pub(super) struct TokenFile {
    path: PathBuf,
    /// The last good header, and when the file was read. Locked while reading, so that one request reads for all.
    last: Mutex<Option<(HeaderValue, Instant)>>,
}

impl TokenFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, last: Mutex::new(None) }
    }

    pub(super) fn header(&self) -> Result<HeaderValue, Failure> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some((header, read_at)) = &*last
            && now.duration_since(*read_at) < TOKEN_PERIOD
        {
            return Ok(header.clone());
        }
        // Blocking, as the file is small and local, and read once a minute.
        let header = match (read(&self.path), &*last) {
            (Ok(header), _) => header,
            (Err(error), Some((header, _))) => {
                tracing::warn!(path = %self.path.display(), %error, "can't read the token again; using the last one");
                header.clone()
            }
            (Err(error), None) => {
                return Err(Failure::with_source(format!("can't read the token in {}", self.path.display()), error));
            }
        };
        *last = Some((header.clone(), now));
        Ok(header)
    }

    /// What the file has by now, if that is not what was refused.
    pub(super) fn replace(&self, refused: &HeaderValue) -> Option<HeaderValue> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((header, _)) = &*last
            && header != refused
        {
            return Some(header.clone());
        }
        let header = read(&self.path).ok().filter(|header| header != refused)?;
        *last = Some((header.clone(), Instant::now()));
        Some(header)
    }
}

fn read(path: &Path) -> io::Result<HeaderValue> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE_BYTES).read_to_string(&mut text)?;
    bearer(text.trim()).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidData, "the token is empty, or contains a line break or control character")
    })
}
