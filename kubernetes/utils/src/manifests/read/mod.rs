//! Reads manifests from files, folders, streams and texts.

mod documents;
mod folder;
mod places;

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{ManifestError, Problem, ProblemKind};
use super::{Manifest, Manifests};

/// Reads manifests from several sources, within limits; created by [`Manifests::reader`].
///
/// ```no_run
/// # fn example() -> Result<(), kubernetes_utils::manifests::ManifestError> {
/// use kubernetes_utils::manifests::Manifests;
///
/// let manifests = Manifests::reader().recursive(true).path("deploy").path("extra.yaml").read()?;
/// println!("{} objects", manifests.len());
/// # Ok(())
/// # }
/// ```
///
/// Files are read in [`read`](Self::read), with blocking calls.
#[must_use = "a reader does nothing until `read` is called"]
pub struct ManifestReader<'a> {
    sources: Vec<Source<'a>>,
    recursive: bool,
    max_bytes: u64,
    max_objects: usize,
}

enum Source<'a> {
    Path(PathBuf),
    Stdin,
    Text(Arc<str>, &'a str),
    Reader(Arc<str>, Box<dyn Read + 'a>),
}

impl<'a> ManifestReader<'a> {
    /// The default limit on the total size, 32 MiB; see [`max_bytes`](Self::max_bytes).
    pub const MAX_BYTES: u64 = 32 << 20;

    /// The default limit on the number of objects; see [`max_objects`](Self::max_objects).
    pub const MAX_OBJECTS: usize = 100_000;

    pub(super) fn new() -> Self {
        let (max_bytes, max_objects) = (Self::MAX_BYTES, Self::MAX_OBJECTS);
        Self { sources: Vec::new(), recursive: false, max_bytes, max_objects }
    }

    /// Adds a file or a folder. A folder stands for its `.yaml`, `.yml` and `.json` files, sorted by name.
    pub fn path(mut self, path: impl AsRef<Path>) -> Self {
        self.sources.push(Source::Path(path.as_ref().to_owned()));
        self
    }

    /// Adds standard input.
    pub fn stdin(mut self) -> Self {
        self.sources.push(Source::Stdin);
        self
    }

    /// Adds a text; errors refer to it by `name`.
    pub fn text(mut self, name: impl Into<Arc<str>>, text: &'a str) -> Self {
        self.sources.push(Source::Text(name.into(), text));
        self
    }

    /// Adds a stream; errors refer to it by `name`.
    pub fn reader(mut self, name: impl Into<Arc<str>>, reader: impl Read + 'a) -> Self {
        self.sources.push(Source::Reader(name.into(), Box::new(reader)));
        self
    }

    /// Sets whether nested folders are read. Links to folders are not followed.
    pub fn recursive(mut self, recursive: bool) -> Self {
        self.recursive = recursive;
        self
    }

    /// Limits the total size in bytes; 32 MiB by default.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Limits the total number of objects; 100,000 by default.
    pub fn max_objects(mut self, objects: usize) -> Self {
        self.max_objects = objects;
        self
    }

    /// Reads all sources in the order in which they were added.
    ///
    /// # Errors
    /// Returns all problems: files that can't be read, folders without manifests, exceeded limits, texts that are not
    /// YAML or JSON, and documents that are not objects.
    pub fn read(self) -> Result<Manifests, ManifestError> {
        let mut state = Reading {
            bytes_left: self.max_bytes,
            max_bytes: self.max_bytes,
            max_objects: self.max_objects,
            manifests: Vec::new(),
            problems: Vec::new(),
        };
        for source in self.sources {
            match source {
                Source::Text(name, text) => state.text(&name, text),
                Source::Reader(name, reader) => state.stream(&name, reader),
                Source::Stdin => state.stream(&"<stdin>".into(), std::io::stdin().lock()),
                Source::Path(path) => match folder::files(&path, self.recursive, self.max_objects) {
                    Ok(files) => files.iter().for_each(|file| state.file(file)),
                    Err(problem) => state.problems.push(problem),
                },
            }
        }
        if state.problems.is_empty() { Ok(Manifests(state.manifests)) } else { Err(ManifestError::new(state.problems)) }
    }
}

struct Reading {
    bytes_left: u64,
    max_bytes: u64,
    max_objects: usize,
    manifests: Vec<Manifest>,
    problems: Vec<Problem>,
}

impl Reading {
    fn file(&mut self, path: &Path) {
        let name: Arc<str> = path.display().to_string().into();
        match kubernetes_config::read_file(path, self.bytes_left) {
            Ok(bytes) => self.bytes(&name, &bytes),
            Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => self.too_large(&name),
            // The message starts with the path.
            Err(error) => {
                let message = format!("can't read the manifest {error}");
                self.problems.push(Problem::new(ProblemKind::Unreadable, None, message).caused_by(error));
            }
        }
    }

    fn stream(&mut self, name: &Arc<str>, reader: impl Read) {
        let mut bytes = Vec::new();
        match reader.take(self.bytes_left.saturating_add(1)).read_to_end(&mut bytes) {
            Ok(_) if bytes.len() as u64 > self.bytes_left => self.too_large(name),
            Ok(_) => self.bytes(name, &bytes),
            Err(error) => {
                let message = format!("can't read {name}: {error}");
                self.problems.push(Problem::new(ProblemKind::Unreadable, None, message).caused_by(error));
            }
        }
    }

    fn too_large(&mut self, name: &str) {
        let message = format!("{name}: there are more than {} bytes of manifests", self.max_bytes);
        self.problems.push(Problem::new(ProblemKind::TooLarge, None, message));
    }

    fn bytes(&mut self, name: &Arc<str>, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.text(name, text),
            Err(error) => {
                let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
                let message = format!("{name}:{line}: the text is not valid UTF-8");
                self.problems.push(Problem::new(ProblemKind::Syntax, None, message).caused_by(error));
            }
        }
    }

    fn text(&mut self, name: &Arc<str>, text: &str) {
        if text.len() as u64 > self.bytes_left {
            return self.too_large(name);
        }
        self.bytes_left -= text.len() as u64;
        // Like Go's YAML reader, ignores a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let most = self.max_objects.saturating_sub(self.manifests.len());
        match documents::read(name, text, most) {
            Ok(objects) => {
                let manifests = objects.into_iter();
                self.manifests
                    .extend(manifests.map(|(object, location)| Manifest { object, location: Some(location) }));
            }
            Err(problems) => self.problems.extend(problems),
        }
    }
}

impl fmt::Debug for ManifestReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManifestReader")
            .field("sources", &self.sources.len())
            .field("recursive", &self.recursive)
            .field("max_bytes", &self.max_bytes)
            .field("max_objects", &self.max_objects)
            .finish_non_exhaustive()
    }
}
