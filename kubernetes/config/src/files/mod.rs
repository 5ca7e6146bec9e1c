//! Reads files with limits on size and time.

pub(crate) mod lock;
pub(crate) mod replace;

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// The maximum size of a kubeconfig, certificate, key, token or other file: 8 MiB.
pub const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// The interval between reads of a pipe, and their number: a user has 60 seconds to type a passphrase that the program
/// at the other end asks for.
const PAUSE: Duration = Duration::from_millis(10);
const PAUSES: u32 = 6000;

/// Reads a whole file of at most `limit` bytes.
///
/// Opens only regular files and links to these, so that it returns at once with local storage: a pipe, a terminal or a
/// device could block the thread, or never end.
///
/// # Errors
///
/// Returns an error if the file can't be read, is larger than `limit`, or is not a regular file. The message starts
/// with the path.
#[doc(hidden)]
pub fn read_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_regular(path, limit).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

pub(crate) fn read_regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let (file, metadata) = open(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, not_regular(&metadata)));
    }
    read_to_end(file, limit, false)
}

/// Like [`read_file`], but without the path in the error, for a file that is read once.
///
/// Also reads pipes and devices, since a kubeconfig may come from a process substitution or be `/dev/null`, and waits
/// up to a minute for a pipe.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let (file, metadata) = open(path)?;
    read_to_end(file, MAX_FILE_BYTES, is_fifo(&metadata))
}

/// Opens a file without waiting for the other end of a pipe.
fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

/// Reads all of a file that was opened in non-blocking mode. A FIFO that ends without a single byte has no writer yet.
fn read_to_end(file: File, limit: u64, is_fifo: bool) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for _ in 0..=PAUSES {
        let rest = limit.saturating_add(1).saturating_sub(bytes.len() as u64);
        let result = (&file).take(rest).read_to_end(&mut bytes);
        if bytes.len() as u64 > limit {
            let message = format!("the file is larger than {limit} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        match result {
            Ok(_) if !is_fifo || !bytes.is_empty() => return Ok(bytes),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        thread::sleep(PAUSE);
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "timed out after 60s waiting for the other end of the pipe"))
}

#[cfg(unix)]
fn is_fifo(metadata: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_fifo(_: &Metadata) -> bool {
    false
}

fn not_regular(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() {
        "is a directory, not a file"
    } else if is_fifo(metadata) {
        "is a pipe, not a regular file, so reading it could block"
    } else {
        "is not a regular file, so reading it could block"
    }
}

/// Creates a new file that only its owner can read.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
