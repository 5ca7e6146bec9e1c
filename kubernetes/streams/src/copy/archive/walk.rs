use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::copy::links::Links;
use crate::error::{CopyError, Error};

/// The kinds of file system entries that an archive tells apart.
pub(super) enum Kind {
    File,
    Directory,
    Link,
    /// A device, a socket, a pipe.
    Special,
}

impl Kind {
    pub(super) fn of(metadata: &Metadata) -> Self {
        match metadata.file_type() {
            kind if kind.is_dir() => Self::Directory,
            kind if kind.is_symlink() => Self::Link,
            kind if kind.is_file() => Self::File,
            _ => Self::Special,
        }
    }
}

/// An entry to visit. Depth costs no stack.
struct Pending {
    source: PathBuf,
    name: PathBuf,
    parents: Option<Rc<Parent>>,
}

/// A folder that is being visited, by its device and number.
struct Parent {
    id: (u64, u64),
    parent: Option<Rc<Parent>>,
}

/// Visits a path and all that is below it, in the order of names; `visit` gets the path, the name in the archive and
/// what is there.
///
/// # Errors
/// Returns an error if something can't be read, or a link that is followed leads to a folder that it is in.
pub(super) fn walk(
    source: &Path,
    name: &Path,
    links: Links,
    mut visit: impl FnMut(&Path, &Path, &Metadata) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut pending = vec![Pending { source: source.to_owned(), name: name.to_owned(), parents: None }];
    while let Some(Pending { source, name, parents }) = pending.pop() {
        let read_error = |error| CopyError::local("read", &source, error);
        let metadata = match links {
            Links::Follow => fs::metadata(&source),
            Links::Keep | Links::Skip => fs::symlink_metadata(&source),
        };
        let metadata = metadata.map_err(read_error)?;
        visit(&source, &name, &metadata)?;
        if metadata.is_dir() {
            let id = (metadata.dev(), metadata.ino());
            if contains(parents.as_deref(), id) {
                return Err(read_error(io::Error::other("a link leads to a folder that it is in")));
            }
            let parents = Some(Rc::new(Parent { id, parent: parents }));
            // The last one first, so that taking them from the end gives their order.
            let mut children = children(&source).map_err(read_error)?;
            children.sort_unstable_by(|a, b| b.cmp(a));
            pending.extend(children.into_iter().map(|child| Pending {
                source: source.join(&child),
                name: name.join(child),
                parents: parents.clone(),
            }));
        }
    }
    Ok(())
}

fn contains(mut parent: Option<&Parent>, id: (u64, u64)) -> bool {
    while let Some(folder) = parent {
        if folder.id == id {
            return true;
        }
        parent = folder.parent.as_deref();
    }
    false
}

fn children(source: &Path) -> io::Result<Vec<OsString>> {
    fs::read_dir(source)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
}

/// The size of all files at a path and below it.
pub(in crate::copy) fn total_bytes(source: &Path, links: Links) -> Result<u64, Error> {
    let mut total = 0_u64;
    walk(source, Path::new(""), links, |_, _, metadata| {
        total = total.saturating_add(if metadata.is_file() { metadata.len() } else { 0 });
        Ok(())
    })?;
    Ok(total)
}
