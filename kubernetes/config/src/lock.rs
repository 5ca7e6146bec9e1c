//! Keeping others from changing a file, and changing it at once.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// How often, and after what time, a lock is tried that somebody else has; kubectl holds it for some milliseconds.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(10);

/// The file `<file>.lock`, by which kubectl and client-go keep others away (`lockFile` in `tools/clientcmd/config.go`).
///
/// It is removed on drop. As theirs, it stays behind when the process is killed.
#[derive(Debug)]
pub(crate) struct Lock(PathBuf);

impl Lock {
    pub(crate) fn path(file: &Path) -> PathBuf {
        let mut name = OsString::from(file);
        name.push(".lock");
        PathBuf::from(name)
    }

    /// Waits for up to a second.
    pub(crate) fn acquire(file: &Path) -> io::Result<Self> {
        let path = Self::path(file);
        for _ in 1..TRIES {
            match create_new(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => thread::sleep(PAUSE),
                other => return other.map(|_| Self(path)),
            }
        }
        create_new(&path).map(|_| Self(path))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // There is nobody to tell, and the next one to want the lock is told.
        let _ = fs::remove_file(&self.0);
    }
}

/// Replaces the content of an existing file: all of it or nothing, whatever happens meanwhile.
///
/// Mode, owner and, for a symbolic link, the link stay. Where the owner can't be kept, it becomes this process's.
pub(crate) fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    // A rename would replace a link.
    let target = fs::canonicalize(file)?;
    let metadata = fs::metadata(&target)?;
    let temporary = Temporary::create(&target)?;
    let mut out = &temporary.file;
    out.write_all(content)?;
    keep_owner(out, &metadata);
    out.set_permissions(metadata.permissions())?;
    out.sync_all()?;
    fs::rename(&temporary.path, &target)?;
    sync_directory(&target)
}

/// A file in the same directory, so that it can be renamed; removed on drop, unless it has been.
struct Temporary {
    file: File,
    path: PathBuf,
}

impl Temporary {
    /// The name is the process's own, and one thread at a time has the lock.
    fn create(target: &Path) -> io::Result<Self> {
        let mut name = OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(format!(".{}.tmp", std::process::id()));
        let path = target.with_file_name(name);
        // What a process with this number left behind when it was killed.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        create_new(&path).map(|file| Self { file, path })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A new file that only its owner can read.
fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn keep_owner(file: &File, metadata: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    // Only root may; for others the owner is the same already, or can't be kept.
    let _ = fchown(file, Some(metadata.uid()), Some(metadata.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) {}

/// Makes the rename last.
#[cfg(unix)]
fn sync_directory(target: &Path) -> io::Result<()> {
    target.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
