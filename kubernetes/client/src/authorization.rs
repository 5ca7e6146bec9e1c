//! What goes into the `Authorization` header.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use kubernetes_config::{Credentials, MAX_FILE_BYTES};
use tokio::time::Instant;

use crate::Error;

/// How long a token is used before its file is read again, as in client-go (`transport/token_source.go`).
const TOKEN_PERIOD: Duration = Duration::from_secs(60);

/// The header, or how to make it. Without `Debug`: it holds secrets.
pub(crate) enum Authorization {
    None,
    Fixed(HeaderValue),
    TokenFile(TokenFile),
}

impl Authorization {
    pub(crate) fn new(credentials: Credentials) -> Result<Self, Error> {
        match credentials {
            Credentials::None => Ok(Self::None),
            Credentials::Token(token) => bearer(token.expose())
                .map(Self::Fixed)
                .ok_or_else(|| Error::build("the token is empty, or contains a line break or control character")),
            Credentials::TokenFile(path) => Ok(Self::TokenFile(TokenFile { path, last: Mutex::new(None) })),
            Credentials::Basic { username, password } => {
                let encoded = STANDARD.encode(format!("{username}:{}", password.expose()));
                sensitive(&format!("Basic {encoded}"))
                    .map(Self::Fixed)
                    .ok_or_else(|| Error::build("user name and password make no valid header"))
            }
            // `Credentials` may grow; leaving a kind out would make the request anonymous.
            _ => Err(Error::build("this kind of credentials is not supported")),
        }
    }

    /// The header to send now.
    pub(crate) fn header(&self) -> io::Result<Option<HeaderValue>> {
        match self {
            Self::None => Ok(None),
            Self::Fixed(value) => Ok(Some(value.clone())),
            Self::TokenFile(file) => file.header().map(Some),
        }
    }
}

/// A token that is renewed by whoever writes the file, such as the kubelet.
pub(crate) struct TokenFile {
    path: PathBuf,
    /// The last good header, and when the file was read. Locked while reading, so that one request reads for all.
    last: Mutex<Option<(HeaderValue, Instant)>>,
}

impl TokenFile {
    fn header(&self) -> io::Result<HeaderValue> {
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
                return Err(io::Error::new(error.kind(), format!("{}: {error}", self.path.display())));
            }
        };
        *last = Some((header.clone(), now));
        Ok(header)
    }
}

fn read(path: &Path) -> io::Result<HeaderValue> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE_BYTES).read_to_string(&mut text)?;
    bearer(text.trim()).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidData, "the token is empty, or contains a line break or control character")
    })
}

fn bearer(token: &str) -> Option<HeaderValue> {
    if token.is_empty() { None } else { sensitive(&format!("Bearer {token}")) }
}

/// A value that is never shown by `Debug`, and never put into HTTP/2's compression table.
fn sensitive(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}
