use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use kubernetes_client::Client;
use kubernetes_core::Str;
use tokio::io::AsyncWriteExt;

use super::archive::ArchiveWriter;
use super::blocking::{Blocking, BlockingThread};
use super::progress::{Copied, Counter, Observer, Progress};
use super::remote::{self, Container, RemotePath};
use super::{Links, PERMISSIONS, setters, upload_script};
use crate::error::{CopyError, Error};
use crate::process::Stdin;

/// Copies a file, a link or a folder into a container.
///
/// ```no_run
/// # use kubernetes_client::Client;
/// # use kubernetes_streams::{Error, Upload};
/// # async fn example(client: &Client) -> Result<(), Error> {
/// let copied = Upload::new("shop", "web", "./site", "/usr/share/nginx/html").container("nginx").send(client).await?;
/// println!("{} files, {} bytes", copied.files, copied.bytes);
/// # Ok(())
/// # }
/// ```
///
/// As with `cp`, if the target is a folder, the copy is put inside it; otherwise the target is the name of the copy. A
/// target that ends with `/` must be a folder.
///
/// The copy is collected in a folder next to the target, and replaces the target once it is complete, so a lost
/// connection leaves nothing half-written. A folder is merged with an existing one, in which the copy is collected; then
/// each file is replaced atomically, unless another file system is mounted below. If the command is killed meanwhile,
/// the folder that collects the copy, `.upload-XXXXXX`, remains.
///
/// Nothing is replaced if a file would take the place of a folder, a folder that of a file or a link, or if the
/// container's user can't write to a folder. A target that is itself a link to a folder is followed.
///
/// Files and new folders keep their permissions without setuid, setgid and sticky bits, and belong to the container's
/// user; existing folders do not change. Names may have any bytes except zero, but if the name of the source is not
/// UTF-8, the target must be named in full. BusyBox's `tar` fills folders without the owner's write permission only as
/// root; the upload of others fails, and changes nothing.
///
/// The container needs `sh`, `mktemp`, `mv`, `rm`, and `tar`, without which only a file can be uploaded (by `cat`, `wc`
/// and `chmod`); the server must run Kubernetes 1.30 or later. The user needs the verb `create` on `pods/exec`.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Upload {
    container: Container,
    local: PathBuf,
    remote: Str,
    links: Links,
    observer: Option<Observer>,
}

impl Upload {
    /// Creates a request to copy `local` to `remote` in a pod.
    pub fn new(
        namespace: impl AsRef<str>,
        pod: impl AsRef<str>,
        local: impl Into<PathBuf>,
        remote: impl Into<Str>,
    ) -> Self {
        Self {
            container: Container::of(namespace.as_ref(), pod.as_ref()),
            local: local.into(),
            remote: remote.into(),
            links: Links::default(),
            observer: None,
        }
    }

    setters!();

    /// Sends the copy.
    ///
    /// # Errors
    /// Returns an error if a local file can't be read, if the server refuses to run the command, or if the command
    /// fails, for example because of missing space or permissions (the error has its messages). If the container lacks
    /// `tar` or another program, [`Error::is_program_missing`] is true.
    ///
    /// # Cancel safety
    /// If the future is dropped, the connection is closed, and the target is unchanged unless the copy was complete.
    pub async fn send(self, client: &Client) -> Result<Copied, Error> {
        let client = client.clone();
        BlockingThread::run(move |thread| self.run(thread, &client)).await
    }

    fn run(&self, thread: &BlockingThread, client: &Client) -> Result<Copied, Error> {
        let read_error = |error| CopyError::local("read", &self.local, error);
        let metadata = match self.links {
            Links::Follow => fs::metadata(&self.local),
            Links::Keep | Links::Skip => fs::symlink_metadata(&self.local),
        };
        let metadata = metadata.map_err(read_error)?;
        let total = match &self.observer {
            Some(_) => Some(super::archive::total_bytes(&self.local, self.links)?),
            None => None,
        };
        match self.send_archive(thread, client, Counter::new(self.observer.clone(), total)) {
            Err(error) if error.is_program_missing() && metadata.is_file() => {
                tracing::debug!(%error, "the container has no tar: the file is sent by itself");
                self.send_file(thread, client, Counter::new(self.observer.clone(), total))
                    .map_err(|fallback| if fallback.is_program_missing() { error } else { fallback })
            }
            sent => sent,
        }
    }

    fn send_archive(&self, thread: &BlockingThread, client: &Client, mut counter: Counter) -> Result<Copied, Error> {
        self.feed(thread, client, &upload_script::of_archive(), &[], |stdin| {
            let mut archive = ArchiveWriter::new(stdin, &mut counter, self.links);
            archive.add(&self.local, Path::new("data"))?;
            archive.add_marker("end")?;
            archive.finish().map(drop)
        })?;
        Ok(counter.copied())
    }

    fn send_file(&self, thread: &BlockingThread, client: &Client, mut counter: Counter) -> Result<Copied, Error> {
        let read_error = |error| CopyError::local("read", &self.local, error);
        let file = File::open(&self.local).map_err(read_error)?;
        let metadata = file.metadata().map_err(read_error)?;
        let size = metadata.len().to_string();
        let mode = format!("{:o}", metadata.permissions().mode() & PERMISSIONS);
        self.feed(thread, client, &upload_script::of_file(), &[&size, &mode], |stdin| {
            counter.file(Path::new(""));
            let mut file = file.take(metadata.len());
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let count = file.read(&mut buffer).map_err(read_error)?;
                if count == 0 {
                    return Ok(());
                }
                stdin.write_all(&buffer[..count]).map_err(CopyError::transfer)?;
                counter.bytes(count as u64);
            }
        })?;
        Ok(counter.copied())
    }

    /// Runs a script in the container, with an input that `write` writes.
    fn feed(
        &self,
        thread: &BlockingThread,
        client: &Client,
        script: &str,
        arguments: &[&str],
        write: impl FnOnce(&mut BufWriter<Blocking<'_, Stdin>>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // For its checks.
        RemotePath::parse(&self.remote)?;
        let target = remote::plain(&self.remote);
        // A name that is not UTF-8 can't be sent. It matters only if the target is a folder.
        let name = self.local.file_name().map_or("", |name| name.to_str().unwrap_or("/"));
        let command = ["sh", "-c", script, "sh", &target, name].into_iter().chain(arguments.iter().copied());
        let exec = self.container.exec(command).stdin(true);
        let mut process = thread.wait(exec.start(client))??;
        process.check_close()?;
        let stdin = process.stdin().ok_or_else(Error::closed)?;
        let messages = thread.spawn(remote::read_messages(process.stderr()));
        drop(process.stdout());
        let mut stdin = BufWriter::with_capacity(32 * 1024, Blocking { thread, io: stdin });
        let written = write(&mut stdin).and_then(|()| stdin.flush().map_err(CopyError::transfer));
        if let Err(error) = &written
            && !error.is_transfer()
        {
            // Of a local file: the container must not take what was sent for the whole.
            process.close();
            return written;
        }
        let mut stdin = stdin.into_parts().0.io;
        // If the connection is lost, or the command has ended, that is reported below.
        let _: io::Result<()> = thread.wait(stdin.shutdown())?;
        let messages = thread.wait(messages)?.unwrap_or_default();
        thread.wait(remote::finish(&process, messages))??;
        written
    }
}
