use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::description::Content;
use crate::error::{Error, Result};
use crate::input::read_text;
use crate::version::check_version;

/// The lock file that pins a description: `scripts/swagger.lock.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The version of Kubernetes, such as `v1.37.2`.
    pub kubernetes: String,
    /// The origin of the description.
    pub source: String,
    /// The hexadecimal SHA-256 of the file. For a folder, it covers the documents sorted by name: for each the length
    /// of the name, the name, the length of the text (64 bits, big-endian) and the text.
    pub sha256: String,
}

impl Lock {
    /// Returns the lock that pins these bytes.
    pub fn of(kubernetes: &str, source: &str, bytes: &[u8]) -> Self {
        Self { kubernetes: kubernetes.to_owned(), source: source.to_owned(), sha256: sha256(bytes) }
    }

    /// The text of the lock file.
    pub fn to_toml(&self) -> String {
        let Self { kubernetes, source, sha256 } = self;
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        format!(
            "# Pins scripts/swagger.json. The generator refuses a description with another hash.\n\
             kubernetes = {}\nsource = {}\nsha256 = {}\n",
            quoted(kubernetes),
            quoted(source),
            quoted(sha256),
        )
    }

    /// Reads a lock file.
    ///
    /// # Errors
    /// Returns an error if the file can't be read, is not TOML with exactly these keys, or has no valid version of
    /// Kubernetes.
    pub fn read(path: &Path) -> Result<Self> {
        let lock: Self = toml::from_str(&read_text(path)?).map_err(|error| {
            let message = "it needs the keys `kubernetes`, `source` and `sha256`, all strings";
            Error::new(message).in_file(path.display()).caused_by(error)
        })?;
        check_version(&lock.kubernetes).map_err(|error| error.in_file(path.display()))?;
        Ok(lock)
    }

    /// Checks that a description is the one that this lock pins.
    ///
    /// # Errors
    /// Returns an error if the hash differs; the message has both hashes and the solution.
    pub fn verify(&self, content: &Content<'_>, description: &Path, lock: &Path) -> Result<()> {
        let found = match content {
            Content::Document(bytes) => sha256(bytes),
            Content::Documents(documents) => hash_of(documents),
        };
        if found.eq_ignore_ascii_case(&self.sha256) {
            return Ok(());
        }
        let message = format!(
            "its sha256 is {found}, but {} pins {}. Restore the file or, to use the new description, write its \
             sha256 (and its version of Kubernetes) into the lock file",
            lock.display(),
            self.sha256,
        );
        Err(Error::new(message).in_file(description.display()))
    }
}

/// The lengths distinguish folders whose concatenated texts are equal.
fn hash_of(documents: &[(String, Vec<u8>)]) -> String {
    let mut digest = Sha256::new();
    for (path, text) in documents {
        // Where the folder is does not matter.
        let name = Path::new(path).file_name().unwrap_or_default();
        for part in [name.as_encoded_bytes(), text] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    }
    hexadecimal(&digest.finalize())
}

/// The SHA-256 of some bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_lock_is_read() {
        let lock = Lock::of("v1.37.2", "a \"file\"\nof two lines", b"{}");
        assert_eq!(toml::from_str::<Lock>(&lock.to_toml()).expect("it is TOML"), lock);
        assert_eq!(lock.sha256, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }

    #[test]
    fn the_hash_of_a_folder_has_names_and_boundaries() {
        let hash = |documents: &[(&str, &str)]| {
            let documents: Vec<_> =
                documents.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
            hash_of(&documents)
        };
        let first = hash(&[("there/a", "{}"), ("there/b", "[]")]);
        assert_eq!(hash(&[("here/a", "{}"), ("here/b", "[]")]), first, "wherever the folder is");
        assert_ne!(hash(&[("a", "{}"), ("c", "[]")]), first, "another name");
        assert_ne!(hash(&[("a", "{}["), ("b", "]")]), first, "another boundary");
        assert_ne!(hash(&[("a", "[]"), ("b", "{}")]), first, "swapped");
    }
}
