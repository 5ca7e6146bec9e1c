//! Reads and writes files of the cache, which other programs use concurrently.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

/// The maximum size of a discovery document; a larger file does not belong to the cache.
pub(super) const MAX_BYTES: u64 = 64 << 20;

/// Reads a whole file, unless it is larger than any file of the cache.
pub(super) fn read(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if read as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than any discovery document"));
    }
    Ok(bytes)
}

/// Creates a file atomically, by way of a temporary one in `temporary`, with kubectl's permissions.
pub(super) fn write(path: &Path, temporary: &Path, parts: &[&[u8]]) -> io::Result<()> {
    for folder in [Some(temporary), path.parent()].into_iter().flatten() {
        create_folder(folder)?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut file = tempfile::Builder::new().prefix(&format!("{name}.")).tempfile_in(temporary)?;
    for part in parts {
        file.write_all(part)?;
    }
    share(file.as_file())?;
    file.persist(path)?;
    Ok(())
}

#[cfg(unix)]
fn create_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o750).create(folder)
}

#[cfg(not(unix))]
fn create_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn share(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o660))
}

#[cfg(not(unix))]
fn share(_: &File) -> io::Result<()> {
    Ok(())
}
