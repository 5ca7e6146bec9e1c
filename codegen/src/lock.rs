use std::fs;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::description::Content;
use crate::error::{Error, Result};

/// What pins a description: `scripts/swagger.lock.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The version of Kubernetes, as `v1.37.2`.
    pub kubernetes: String,
    /// Where the description comes from.
    pub source: String,
    /// The SHA-256 of the file, in hexadecimal; of a folder, that of its documents, one after the other by their names.
    pub sha256: String,
}

impl Lock {
    /// What pins these bytes.
    pub fn of(kubernetes: &str, source: &str, bytes: &[u8]) -> Self {
        Self { kubernetes: kubernetes.to_owned(), source: source.to_owned(), sha256: sha256([bytes]) }
    }

    /// The text of the lock file.
    pub fn to_toml(&self) -> String {
        let Self { kubernetes, source, sha256 } = self;
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        format!(
            "# Pins scripts/swagger.json. The generator refuses a description whose hash is another one.\n\
             kubernetes = {}\nsource = {}\nsha256 = {}\n",
            quoted(kubernetes),
            quoted(source),
            quoted(sha256),
        )
    }

    /// Reads a lock file.
    ///
    /// # Errors
    /// If it can't be read, or is no TOML with just these keys.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|error| Error::io("read", path, error))?;
        toml::from_str(&text).map_err(|error| {
            let message = "it needs the keys `kubernetes`, `source` and `sha256`, all strings";
            Error::new(message).in_file(path.display()).caused_by(error)
        })
    }

    /// Makes sure that a description is the one that this lock pins.
    ///
    /// # Errors
    /// If it has another hash; the message has both hashes, and the way out.
    pub fn verify(&self, content: &Content<'_>, description: &Path, lock: &Path) -> Result<()> {
        let found = match content {
            Content::Swagger(bytes) => sha256([*bytes]),
            Content::OpenApi(documents) => sha256(documents.iter().map(|(_, bytes)| bytes.as_slice())),
        };
        if found.eq_ignore_ascii_case(&self.sha256) {
            return Ok(());
        }
        let message = format!(
            "its sha256 is {found}, but {} pins {}. Restore the file, or, if the new description is meant, write its \
             sha256 (and its version of Kubernetes) into the lock file",
            lock.display(),
            self.sha256,
        );
        Err(Error::new(message).in_file(description.display()))
    }
}

fn sha256<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let lock = Lock::of("v1.37.2", "a \"file\"\nof two lines", b"{}");
        assert_eq!(toml::from_str::<Lock>(&lock.to_toml()).expect("it is TOML"), lock);
        assert_eq!(lock.sha256, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }
}
