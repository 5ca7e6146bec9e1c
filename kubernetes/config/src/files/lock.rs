//! Locks that keep other programs from changing a file.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::create_private;

/// The number of attempts to take a lock that another program holds, and the delay between them; kubectl holds it for
/// some milliseconds.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(10);

/// The file `<file>.lock`, with which kubectl and client-go lock a file (`lockFile` in `tools/clientcmd/config.go`).
///
/// Removed on drop. Like theirs, it remains if the process is killed.
#[derive(Debug)]
pub(crate) struct Lock(PathBuf);

impl Lock {
    pub(crate) fn path(file: &Path) -> PathBuf {
        let mut name = OsString::from(file);
        name.push(".lock");
        PathBuf::from(name)
    }

    /// Whether this is the lock of the file with this canonical path.
    pub(crate) fn is_of(&self, file: &Path) -> bool {
        fs::canonicalize(&self.0).is_ok_and(|lock| lock == Self::path(file))
    }

    /// Waits for up to a second.
    pub(crate) fn acquire(file: &Path) -> io::Result<Self> {
        let path = Self::path(file);
        for _ in 1..TRIES {
            match create_private(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => thread::sleep(PAUSE),
                other => return other.map(|_| Self(path)),
            }
        }
        create_private(&path).map(|_| Self(path))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The error can't be returned here; the next program to take the lock reports it.
        let _ = fs::remove_file(&self.0);
    }
}
