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
/// A local folder gets the copy inside of it, as with `cp`; another name is that of the copy.
///
/// The copy is gathered in a folder beside the target, and takes the target's place once it is complete. A folder is merged with
/// one that is there; then each file is replaced at once.
///
/// # Safety from containers
///
/// A container decides what it sends. So names that are absolute or lead out of the copy are refused, as are links out of
/// it, and nothing is written through a link. Devices and pipes are left out. Files get the permissions of the original
/// without setuid, setgid and sticky bits, and belong to the user of this program.
///
/// # Needs
///
/// The container needs `tar`, without which only a file can be downloaded (by `cat`), and for [`retries`](Self::retries)
/// also `sh` and `tail`. The user needs the verb `create` on `pods/exec`.
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

impl Download {
    /// Copies `remote` in a pod to `local`.
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

    /// How many times in a row, without a byte between them, a lost connection is reopened to continue where it broke
    /// off. Defaults to 0.
    ///
    /// This reads the beginning of the archive again in the container. If the files have changed meanwhile so that the
    /// archive is another, the download fails ([`Error::is_changed`]).
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The most bytes of files that are taken. Without it, there is no limit but the disk.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Fetches the copy.
    ///
    /// # Errors
    /// If the path does not exist in the container or can't be read there (the error has the command's messages), what
    /// comes is refused ([`Error::is_unsafe_entry`]), a local file can't be written, or the connection is lost.
    /// [`Error::is_program_missing`] says that the container lacks `tar` or another program.
    ///
    /// # Cancel safety
    /// When the future is dropped, the connection is closed, and the target stays as it was, unless the copy was complete.
    pub async fn send(self, client: &Client) -> Result<Copied, Error> {
        let client = client.clone();
        BlockingThread::run(move |thread| self.run(thread, &client)).await
    }

    fn run(&self, thread: &BlockingThread, client: &Client) -> Result<Copied, Error> {
        let path = RemotePath::parse(&self.remote)?;
        let target = self.target(&path);
        let mut staging = Staging::beside(&target, self.links)?;
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
            _ => self.local.clone(),
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
        let mut count = 0_u64;
        loop {
            let entry = match entries.next() {
                Ok(Some(entry)) => entry,
                Ok(None) => break,
                Err(error) => return Err(explain_end(entries.into_inner(), CopyError::archive(error))),
            };
            count += 1;
            let unasked = || CopyError::refused(&entry.path, "is not a name below what was asked for");
            let below = EntryPath::parse(&entry.path).and_then(|path| path.below(root)).ok_or_else(unasked)?;
            if counter.copied().bytes.saturating_add(entry.size) > self.max_bytes {
                return Err(CopyError::too_large(self.max_bytes));
            }
            if let Err(error) = staging.add(&entry, &below, root, &mut entries, counter) {
                return Err(if error.is_transfer() { explain_end(entries.into_inner(), error) } else { error });
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

/// The reason why an archive is not whole: tar's own, if it has one.
fn explain_end(mut archive: RemoteArchive<'_>, error: Error) -> Error {
    if !error.is_cut_short() {
        return error;
    }
    archive.end().err().unwrap_or(error)
}
