use std::io::{self, Read};
use std::time::Duration;

use kubernetes_client::{Backoff, Client};
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;

use super::archive::BLOCK_BYTES;
use super::blocking::BlockingThread;
use super::remote::{self, Container, RemotePath};
use crate::clock;
use crate::error::{CopyError, Error};
use crate::process::{OutputStream, Process};

/// The archive of a path that `tar` writes in a container, resumed where it broke off.
pub(super) struct RemoteArchive<'a> {
    thread: &'a BlockingThread,
    client: &'a Client,
    container: &'a Container,
    path: &'a RemotePath,
    follows_links: bool,
    retries: Retries,
    connection: Option<Connection>,
    /// How many bytes have come, and the last of them.
    offset: u64,
    tail: Vec<u8>,
    is_resumed: bool,
}

struct Connection {
    process: Process,
    stdout: OutputStream,
    messages: JoinHandle<String>,
}

/// How often a connection that was lost is opened again.
struct Retries {
    most: u32,
    /// Since the last byte.
    used: u32,
}

const BACKOFF: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30)).jitter(0.5, 1.0);

/// So many bytes are read again, and compared, to see that the archive is still the same.
const OVERLAP_BYTES: usize = 4096;

/// How much may come behind the end of an archive: tar fills its last record.
const MAX_PADDING_BYTES: u64 = 1024 * 1024;

/// The beginning of a message with the exit code of tar.
const STATUS_PREFIX: &str = "tar: exit status ";

/// A script that goes on at a byte: `$1` is the folder, `$2` the name, `$3` the byte, counted from 1, and `$4` the
/// options of tar. The exit code of the pipe is that of `tail`, so one of tar's is sent as a message.
const RESUME: &str = r#"{ tar -C "$1" "$4" - -- "$2" || echo "tar: exit status $?" >&2; } | tail -c "+$3""#;

impl<'a> RemoteArchive<'a> {
    pub(super) fn open(
        thread: &'a BlockingThread,
        client: &'a Client,
        container: &'a Container,
        path: &'a RemotePath,
        follows_links: bool,
        retries: u32,
    ) -> Result<Self, Error> {
        let mut archive = Self {
            thread,
            client,
            container,
            path,
            follows_links,
            retries: Retries { most: retries, used: 0 },
            connection: None,
            offset: 0,
            tail: Vec::new(),
            is_resumed: false,
        };
        archive.connection = Some(archive.connect()?);
        Ok(archive)
    }

    fn connect(&self) -> Result<Connection, Error> {
        let RemotePath { folder, .. } = self.path;
        let (name, options) = (self.path.argument(), if self.follows_links { "-chf" } else { "-cf" });
        let exec = if self.offset == 0 {
            self.container.exec(["tar", "-C", folder, options, "-", "--", &name])
        } else {
            let first = (self.offset - self.tail.len() as u64 + 1).to_string();
            self.container.exec(["sh", "-c", RESUME, "sh", folder, &name, &first, options])
        };
        let mut process = self.thread.wait(exec.start(self.client))??;
        let stdout = process.stdout().ok_or_else(Error::closed)?;
        let messages = self.thread.spawn(remote::read_messages(process.stderr()));
        Ok(Connection { process, stdout, messages })
    }

    /// Connects again after an error, and checks that what comes is what came.
    fn reconnect(&mut self, error: Error) -> Result<(), Error> {
        self.connection = None;
        let mut last = error;
        loop {
            if !last.is_retryable() || self.retries.used >= self.retries.most {
                return Err(last);
            }
            let wait = BACKOFF.delay(self.retries.used);
            self.retries.used += 1;
            tracing::debug!(offset = self.offset, error = %last, ?wait, "the download is resumed");
            self.thread.wait(clock::sleep(wait))?;
            match self.connect().and_then(|connection| self.check_overlap(connection)) {
                Ok(connection) => {
                    self.connection = Some(connection);
                    self.is_resumed = true;
                    return Ok(());
                }
                Err(error) => last = error,
            }
        }
    }

    fn check_overlap(&self, mut connection: Connection) -> Result<Connection, Error> {
        let mut again = vec![0; self.tail.len()];
        let read = self.thread.wait(connection.stdout.read_exact(&mut again))?;
        read.map_err(|error| Error::of_io(&error).cloned().unwrap_or_else(|| CopyError::changed(self.offset)))?;
        if again == self.tail { Ok(connection) } else { Err(CopyError::changed(self.offset)) }
    }

    fn remember(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        self.retries.used = 0;
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(OVERLAP_BYTES)..]);
        let excess = self.tail.len().saturating_sub(OVERLAP_BYTES);
        self.tail.drain(..excess);
    }

    /// Whether the last bytes are zeros, as those of an archive, which ends with two blocks of them.
    fn may_end(&self) -> bool {
        self.tail.last_chunk::<BLOCK_BYTES>().is_some_and(|block| *block == [0; BLOCK_BYTES])
    }

    /// Reads what is left of the connection, and tells how tar has ended.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        let (mut buffer, mut padding) = ([0; 8 * 1024], (&mut self).take(MAX_PADDING_BYTES));
        while let count @ 1.. = padding.read(&mut buffer).map_err(CopyError::transfer)? {
            if padding.limit() == 0 || buffer[..count].iter().any(|byte| *byte != 0) {
                return Err(self.explain(CopyError::archive(io::Error::other("it continues after its end"))));
            }
        }
        self.end()
    }

    /// The reason why an archive can't be read: tar's own, if it has one.
    pub(super) fn explain(mut self, error: Error) -> Error {
        let error = if error.is_cut_short() { self.end().err().unwrap_or(error) } else { error };
        // In a second archive, whatever follows a file that has grown has moved.
        if self.is_resumed && error.is_archive() { CopyError::changed(self.offset) } else { error }
    }

    /// How tar has ended, once its output has.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        let Some(Connection { process, stdout, messages }) = self.connection.take() else { return Ok(()) };
        drop(stdout);
        let messages = self.thread.wait(messages)?.unwrap_or_default();
        let (tar_code, messages) = take_status(&messages);
        self.thread.wait(remote::finish(&process, messages.clone()))??;
        remote::check(tar_code, &messages)
    }
}

/// Splits the exit code that [`RESUME`] reports off from the messages; 0 if there is none.
fn take_status(messages: &str) -> (i32, String) {
    let mut code = 0;
    let others = messages.lines().filter(|line| match line.strip_prefix(STATUS_PREFIX).map(str::parse) {
        Some(Ok(status)) => {
            code = status;
            false
        }
        _ => true,
    });
    let others = others.collect::<Vec<_>>().join("\n");
    (code, others)
}

impl Read for RemoteArchive<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(connection) = &mut self.connection else { return Ok(0) };
            match self.thread.wait(connection.stdout.read(buffer))? {
                // A kubelet may lose the end of an output that is read slowly, and report success.
                Ok(0) if !buffer.is_empty() && self.offset > 0 && !self.may_end() => {
                    let error = self.end().err().unwrap_or_else(Error::cut_short);
                    self.reconnect(error)?;
                }
                Ok(count) => {
                    self.remember(&buffer[..count]);
                    return Ok(count);
                }
                Err(error) => {
                    let error = Error::of_io(&error).cloned().unwrap_or_else(|| CopyError::transfer(error));
                    self.reconnect(error)?;
                }
            }
        }
    }
}
