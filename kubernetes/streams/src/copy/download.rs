use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kubernetes_client::Client;
use kubernetes_core::Str;

use super::archive::{Entries, Entry, EntryKind, EntryPath};
use super::blocking::{Blocking, BlockingThread};
use super::install::install;
use super::progress::{Copied, Counter, Observer, Progress};
use super::remote::{self, Container, RemotePath};
use super::source::RemoteArchive;
use super::staging::Staging;
use super::{Links, setters};
use crate::error::{CopyError, Error};

/// Copies a file, a link or a folder out of a container.
///
/// ```no_run
/// # use kubernetes_client::Client;
/// # use kubernetes_streams::{Download, Error};
/// # async fn example(client: &Client) -> Result<(), Error> {
/// let download = Download::new("shop", "web", "/var/log/nginx", "./logs").retries(5);
/// let copied = download.on_progress(|progress| println!("{} bytes", progress.bytes)).send(client).await?;
/// println!("{} files", copied.files);
/// # Ok(())
/// # }
/// ```
///
/// As with `cp`, if `local` is a folder, the copy is put inside it; otherwise `local` is the name of the copy.
///
/// The copy is collected in a folder next to the target, and replaces the target once it is complete. A folder is
/// merged with an existing one; then each file is replaced atomically.
///
/// # Safety from containers
///
/// A container may send anything. Absolute names and names or links that lead out of the copy are refused, and nothing
/// is written through a link. Devices and pipes are skipped. Files get the permissions of the original without setuid,
/// setgid and sticky bits, and belong to the user of this program.
///
/// # Requirements
///
/// The container needs `tar`, without which only a file can be downloaded (by `cat`), and for
/// [`retries`](Self::retries) also `sh` and `tail`. The user needs the verb `create` on `pods/exec`.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Download {
    container: Container,
    remote: Str,
    local: PathBuf,
    links: Links,
    observer: Option<Observer>,
    retries: u32,
    max_bytes: u64,
}

/// The bytes for which there may be an entry: many empty ones fill a disk, too.
const ENTRY_BYTES: u64 = 512;

/// As many entries are allowed whatever the limit of bytes.
const MIN_ENTRIES: u64 = 100;

impl Download {
    /// Creates a request to copy `remote` in a pod to `local`.
    pub fn new(
        namespace: impl AsRef<str>,
        pod: impl AsRef<str>,
        remote: impl Into<Str>,
        local: impl Into<PathBuf>,
    ) -> Self {
        Self {
            container: Container::of(namespace.as_ref(), pod.as_ref()),
            remote: remote.into(),
            local: local.into(),
            links: Links::default(),
            observer: None,
            retries: 0,
            max_bytes: u64::MAX,
        }
    }

    setters!();

    /// Sets the number of consecutive attempts, without a byte in between, to reopen a lost connection and continue the
    /// download. Defaults to 0.
    ///
    /// An output that ends before the archive does counts as a lost connection, since a kubelet may lose the end of an
    /// output and report success.
    ///
    /// This reads the beginning of the archive in the container again. If the archive differs because files have
    /// changed, the download fails ([`Error::is_changed`]).
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Limits the total size of files in bytes, and the number of files, folders and links to a 512th of that, but not to
    /// less than 100. Without it, only the disk limits the copy.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Fetches the copy.
    ///
    /// # Errors
    /// Returns an error if the path does not exist in the container or can't be read there (the error has the command's
    /// messages), if an entry is refused ([`Error::is_unsafe_entry`]), if a local file can't be written, or if the
    /// connection is lost. If the container lacks `tar` or another program, [`Error::is_program_missing`] is true.
    ///
    /// # Cancel safety
    /// If the future is dropped, the connection is closed, and the target is unchanged unless the copy was complete.
    pub async fn send(self, client: &Client) -> Result<Copied, Error> {
        let client = client.clone();
        BlockingThread::run(move |thread| self.run(thread, &client)).await
    }

    fn run(&self, thread: &BlockingThread, client: &Client) -> Result<Copied, Error> {
        let path = RemotePath::parse(&self.remote)?;
        let target = self.target(&path);
        let mut staging = Staging::new(&target, self.links)?;
        let mut counter = Counter::new(self.observer.clone(), None);
        match self.fetch_archive(thread, client, &path, &mut staging, &mut counter) {
            Err(error) if error.is_program_missing() && path.file_name().is_some() => {
                tracing::debug!(%error, "the container has no tar: the path is read as a file");
                self.fetch_file(thread, client, &mut staging, &mut counter).map_err(|fallback| {
                    if fallback.is_program_missing() || fallback.is_of_folder() { error } else { fallback }
                })?;
            }
            fetched => fetched?,
        }
        let moved = install(&staging.root(), &target)?;
        staging.protect(&target, &moved)?;
        Ok(counter.copied())
    }

    /// The name of the copy.
    fn target(&self, path: &RemotePath) -> PathBuf {
        match path.file_name() {
            Some(name) if self.local.is_dir() => self.local.join(name),
            // It may be a link to a folder.
            None => fs::canonicalize(&self.local).unwrap_or_else(|_| self.local.clone()),
            Some(_) => self.local.clone(),
        }
    }

    fn fetch_archive(
        &self,
        thread: &BlockingThread,
        client: &Client,
        path: &RemotePath,
        staging: &mut Staging,
        counter: &mut Counter,
    ) -> Result<(), Error> {
        let follows_links = self.links == Links::Follow;
        let archive = RemoteArchive::open(thread, client, &self.container, path, follows_links, self.retries)?;
        let mut entries = Entries::new(archive);
        let root = Path::new(path.file_name().unwrap_or_default());
        let (mut count, max_entries) = (0_u64, (self.max_bytes / ENTRY_BYTES).max(MIN_ENTRIES));
        loop {
            let entry = match entries.next() {
                Ok(Some(entry)) => entry,
                Ok(None) => break,
                Err(error) => return Err(entries.into_inner().explain(CopyError::archive(error))),
            };
            count += 1;
            let unasked = || CopyError::refused(&entry.path, "is not a name below what was asked for");
            let below = EntryPath::parse(&entry.path).and_then(|path| path.below(root)).ok_or_else(unasked)?;
            let bytes = counter.copied().bytes.saturating_add(entry.size);
            if bytes > self.max_bytes {
                return Err(CopyError::too_large(self.max_bytes));
            }
            if count > max_entries {
                return Err(CopyError::too_many(max_entries));
            }
            if let Err(error) = staging.add(&entry, &below, root, &mut entries, counter) {
                return Err(if error.is_transfer() { entries.into_inner().explain(error) } else { error });
            }
        }
        entries.into_inner().finish()?;
        if count == 0 { Err(CopyError::archive(io::Error::other("it is empty"))) } else { Ok(()) }
    }

    /// Reads a file by `cat`.
    fn fetch_file(
        &self,
        thread: &BlockingThread,
        client: &Client,
        staging: &mut Staging,
        counter: &mut Counter,
    ) -> Result<(), Error> {
        let remote = remote::plain(&self.remote);
        let mut process = thread.wait(self.container.exec(["cat", &remote]).start(client))??;
        let stdout = process.stdout().ok_or_else(Error::closed)?;
        let messages = thread.spawn(remote::read_messages(process.stderr()));
        let root = EntryPath::parse(b".").ok_or_else(Error::closed)?;
        let entry = Entry { path: Vec::new(), kind: EntryKind::File, mode: 0o644, size: 0 };
        let mut content = io::Read::take(Blocking { thread, io: stdout }, self.max_bytes);
        staging.add(&entry, &root, Path::new(""), &mut content, counter)?;
        if content.limit() == 0 && io::Read::read(content.get_mut(), &mut [0]).map_err(CopyError::transfer)? > 0 {
            return Err(CopyError::too_large(self.max_bytes));
        }
        drop(content);
        let messages = thread.wait(messages)?.unwrap_or_default();
        thread.wait(remote::finish(&process, messages))?
    }
}
