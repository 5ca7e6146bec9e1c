use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The progress of a copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The number of bytes of files so far. Those of an upload count when they are read, shortly before they are sent.
    pub bytes: u64,
    /// The number of bytes of all files, if it is known, as for uploads.
    pub total_bytes: Option<u64>,
    /// The number of files so far, including the current one.
    pub files: u64,
    /// The name of the current file, folder or link, relative to the source.
    pub path: PathBuf,
}

/// Counts what was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Copied {
    /// The bytes of all files.
    pub bytes: u64,
    /// The files.
    pub files: u64,
    /// The folders.
    pub directories: u64,
    /// The symbolic and hard links.
    pub links: u64,
    /// The number of skipped devices, sockets, pipes and unwanted links.
    pub skipped: u64,
}

/// The caller's function for progress.
#[derive(Clone)]
pub(super) struct Observer(Arc<dyn Fn(&Progress) + Send + Sync>);

impl Observer {
    pub(super) fn new(observe: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// Counts the copied files, and reports progress.
#[derive(Debug, Default)]
pub(super) struct Counter {
    progress: Progress,
    copied: Copied,
    observer: Option<Observer>,
}

impl Counter {
    pub(super) fn new(observer: Option<Observer>, total_bytes: Option<u64>) -> Self {
        Self { observer, progress: Progress { total_bytes, ..Progress::default() }, copied: Copied::default() }
    }

    pub(super) fn file(&mut self, path: &Path) {
        self.copied.files += 1;
        self.progress.files += 1;
        self.entry(path);
    }

    pub(super) fn directory(&mut self, path: &Path) {
        self.copied.directories += 1;
        self.entry(path);
    }

    pub(super) fn link(&mut self, path: &Path) {
        self.copied.links += 1;
        self.entry(path);
    }

    pub(super) fn skip(&mut self) {
        self.copied.skipped += 1;
    }

    pub(super) fn bytes(&mut self, count: u64) {
        self.copied.bytes = self.copied.bytes.saturating_add(count);
        self.progress.bytes = self.copied.bytes;
        self.tell();
    }

    fn entry(&mut self, path: &Path) {
        path.clone_into(&mut self.progress.path);
        self.tell();
    }

    fn tell(&self) {
        if let Some(Observer(observe)) = &self.observer {
            observe(&self.progress);
        }
    }

    pub(super) fn copied(&self) -> Copied {
        self.copied
    }
}
