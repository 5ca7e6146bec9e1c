use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use kubernetes_core::text::{MAX_MESSAGE_BYTES, printable};

use super::Error;

/// A failure of a copy.
#[derive(Debug)]
pub(crate) enum CopyError {
    /// A file of this machine can't be read or written.
    Local { action: &'static str, path: PathBuf, source: io::Error },
    /// The container's output is not an archive.
    Archive(io::Error),
    /// The container sent an entry that must not be written.
    Refused { path: Vec<u8>, reason: &'static str },
    /// The command in the container failed.
    Command { code: i32, messages: String },
    /// The container lacks a program.
    MissingProgram(String),
    /// A download that was resumed is another.
    Changed { offset: u64 },
    /// A download is larger than it may be.
    TooLarge { limit: u64 },
    /// A download has more files, folders and links than it may have.
    TooMany { limit: u64 },
    /// Nobody waits for the copy any longer.
    Cancelled,
}

impl CopyError {
    pub(crate) fn local(action: &'static str, path: &Path, source: io::Error) -> Error {
        // An error of ours, on its way through a reader.
        if let Some(error) = Error::of_io(&source) {
            return error.clone();
        }
        Self::Local { action, path: path.to_owned(), source }.into()
    }

    /// An error of reading from a connection, or writing to it.
    pub(crate) fn transfer(error: io::Error) -> Error {
        match Error::of_io(&error) {
            Some(error) => error.clone(),
            None => Self::Archive(error).into(),
        }
    }

    /// An error of the archive, or of the connection that it comes by.
    pub(crate) fn archive(error: io::Error) -> Error {
        Self::transfer(error)
    }

    pub(crate) fn refused(path: &[u8], reason: &'static str) -> Error {
        Self::Refused { path: path.to_owned(), reason }.into()
    }

    pub(crate) fn command(code: i32, messages: &str) -> Error {
        Self::Command { code, messages: printable(messages, MAX_MESSAGE_BYTES) }.into()
    }

    pub(crate) fn missing_program(messages: &str) -> Error {
        Self::MissingProgram(printable(messages, MAX_MESSAGE_BYTES)).into()
    }

    pub(crate) fn changed(offset: u64) -> Error {
        Self::Changed { offset }.into()
    }

    pub(crate) fn too_large(limit: u64) -> Error {
        Self::TooLarge { limit }.into()
    }

    pub(crate) fn too_many(limit: u64) -> Error {
        Self::TooMany { limit }.into()
    }

    pub(crate) fn cancelled() -> Error {
        Self::Cancelled.into()
    }

    pub(super) fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Local { source, .. } | Self::Archive(source) => Some(source),
            _ => None,
        }
    }
}

impl Error {
    /// Whether a container sent an entry that must not be written: a name or a link that leads out of the copy.
    pub fn is_unsafe_entry(&self) -> bool {
        matches!(self.copy(), Some(CopyError::Refused { .. }))
    }

    /// Whether the container lacks a program that a copy needs, such as `tar`.
    ///
    /// # Troubleshooting
    ///
    /// Minimal images, such as distroless ones, contain neither `tar` nor a shell. Copy from another container of the
    /// pod that mounts the same volume, or add an ephemeral container.
    pub fn is_program_missing(&self) -> bool {
        matches!(self.copy(), Some(CopyError::MissingProgram(_)))
    }

    /// Whether files changed in the container while a download was interrupted, so that it can't be resumed.
    ///
    /// # Troubleshooting
    ///
    /// The files are written while they are copied, such as logs: start again, or copy a snapshot.
    pub fn is_changed(&self) -> bool {
        matches!(self.copy(), Some(CopyError::Changed { .. }))
    }

    /// Whether a download is larger than it may be, or has more files, folders and links.
    pub fn is_too_large(&self) -> bool {
        matches!(self.copy(), Some(CopyError::TooLarge { .. } | CopyError::TooMany { .. }))
    }

    /// Whether a local file is not the reason.
    pub(crate) fn is_transfer(&self) -> bool {
        !matches!(self.copy(), Some(CopyError::Local { .. } | CopyError::Refused { .. })) && !self.is_too_large()
    }

    /// Whether a command failed since it takes no folder.
    pub(crate) fn is_of_folder(&self) -> bool {
        matches!(self.copy(), Some(CopyError::Command { messages, .. }) if messages.contains("Is a directory"))
    }

    /// Whether an archive is not valid.
    pub(crate) fn is_archive(&self) -> bool {
        matches!(self.copy(), Some(CopyError::Archive(_)))
    }

    /// Whether an archive ends too early.
    pub(crate) fn is_cut_short(&self) -> bool {
        matches!(self.copy(), Some(CopyError::Archive(error)) if error.kind() == io::ErrorKind::UnexpectedEof)
    }
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local { action, path, .. } => {
                write!(f, "can't {action} {}", printable(&path.to_string_lossy(), MAX_MESSAGE_BYTES))
            }
            Self::Archive(_) => f.write_str("the container's archive can't be read"),
            Self::Refused { path, reason } => {
                write!(f, "{:?} {reason}", printable(&String::from_utf8_lossy(path), MAX_MESSAGE_BYTES))
            }
            Self::Command { code, messages } => {
                write!(f, "the command in the container failed with exit code {code}")?;
                if messages.is_empty() { Ok(()) } else { write!(f, ": {messages}") }
            }
            Self::MissingProgram(messages) => {
                write!(f, "the container lacks a program that copies need (sh, tar): {messages}")
            }
            Self::Changed { offset } => {
                write!(f, "the files have changed in the container; the download can't be resumed at byte {offset}")
            }
            Self::TooLarge { limit } => {
                write!(f, "the files are larger than the limit of {limit} bytes; raise max_bytes")
            }
            Self::TooMany { limit } => {
                write!(f, "there are more than {limit} files, folders and links; raise max_bytes")
            }
            Self::Cancelled => f.write_str("the copy was cancelled"),
        }
    }
}
