use futures_util::TryStreamExt;
use kubernetes_core::Str;

use crate::error::{CopyError, Error};
use crate::exec::Exec;
use crate::process::{OutputStream, Process};

/// A container to copy from or to.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) namespace: Str,
    pub(super) pod: Str,
    pub(super) name: Option<Str>,
    pub(super) is_default: bool,
}

impl Container {
    pub(super) fn of(namespace: &str, pod: &str) -> Self {
        Self { namespace: namespace.into(), pod: pod.into(), name: None, is_default: false }
    }

    /// A command in this container.
    pub(super) fn exec<'a>(&self, command: impl IntoIterator<Item = &'a str>) -> Exec {
        let exec = Exec::new(&self.namespace, &self.pod, command);
        match &self.name {
            Some(name) => exec.container(name.clone()),
            None if self.is_default => exec.default_container(),
            None => exec,
        }
    }
}

/// A path in a container, as its last part and the folder of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RemotePath {
    pub(super) folder: String,
    pub(super) name: String,
}

impl RemotePath {
    /// # Errors
    /// Returns an error if the path is empty or has a zero in it.
    pub(super) fn parse(path: &str) -> Result<Self, Error> {
        if path.is_empty() || path.contains('\0') {
            return Err(Error::invalid(format!("{path:?} is not a path in a container")));
        }
        let trimmed = path.trim_end_matches('/');
        let (folder, name) = match trimmed.rsplit_once('/') {
            _ if trimmed.is_empty() => ("/", "."),
            Some(("", name)) => ("/", name),
            Some(parts) => parts,
            None => (".", trimmed),
        };
        Ok(match name {
            "." | ".." => Self { folder: plain(trimmed), name: ".".to_owned() },
            name => Self { folder: plain(folder), name: name.to_owned() },
        })
    }

    /// The last part, if that is a name.
    pub(super) fn file_name(&self) -> Option<&str> {
        Some(self.name.as_str()).filter(|name| *name != ".")
    }

    /// The last part as an argument that no command reads as an option.
    pub(super) fn argument(&self) -> String {
        format!("./{}", self.name)
    }
}

/// A path that no command reads as an option.
pub(super) fn plain(path: &str) -> String {
    match path {
        "" => "/".to_owned(),
        path if path.starts_with('-') => format!("./{path}"),
        path => path.to_owned(),
    }
}

/// The most that is kept of the messages of a command.
const MAX_MESSAGE_BYTES: usize = 8 * 1024;

/// Reads the messages of a command to their end, and keeps the last of them.
pub(super) async fn read_messages(stderr: Option<OutputStream>) -> String {
    let Some(mut stderr) = stderr else { return String::new() };
    let mut messages = Vec::new();
    // If the connection fails, the reader of the output gets the error.
    while let Ok(Some(bytes)) = stderr.try_next().await {
        messages.extend_from_slice(&bytes);
        let excess = messages.len().saturating_sub(MAX_MESSAGE_BYTES);
        messages.drain(..excess);
    }
    String::from_utf8_lossy(&messages).into_owned()
}

/// How a command has ended, with its messages.
pub(super) async fn finish(process: &Process, messages: String) -> Result<(), Error> {
    let status = process.wait().await.map_err(explain_start)?;
    check(status.code(), &messages)
}

/// Whether a command with this exit code has done all of its work.
pub(super) fn check(code: i32, messages: &str) -> Result<(), Error> {
    let has_grown = |line: &str| line.ends_with("file changed as we read it");
    match code {
        0 => Ok(()),
        // GNU tar's warning about files that are written to, such as logs. The archive is whole.
        1 if !messages.is_empty() && messages.lines().all(has_grown) => Ok(()),
        // A shell's code for a command that it does not find.
        127 => Err(CopyError::missing_program(messages)),
        code => Err(CopyError::command(code, messages)),
    }
}

/// A runtime that finds no program reports that in place of an exit status.
fn explain_start(error: Error) -> Error {
    let is_missing = error.status().and_then(|status| status.message.as_deref()).is_some_and(|message| {
        ["executable file not found", "no such file or directory"].iter().any(|reason| message.contains(reason))
    });
    if is_missing { CopyError::missing_program(&error.to_string()) } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        for (path, folder, name) in [
            ("/etc/hosts", "/etc", "hosts"),
            ("/tmp/", "/", "tmp"),
            ("data", ".", "data"),
            ("a/b//", "a", "b"),
            ("/", "/", "."),
            (".", ".", "."),
            ("a/..", "a/..", "."),
            ("-rf", ".", "-rf"),
            ("-a/b c", "./-a", "b c"),
            ("/x/\n\"'", "/x", "\n\"'"),
        ] {
            let parsed = RemotePath::parse(path).unwrap();
            assert_eq!((parsed.folder.as_str(), parsed.name.as_str()), (folder, name), "{path:?}");
        }
        assert!(RemotePath::parse("").unwrap_err().is_invalid());
        assert!(RemotePath::parse("a\0b").unwrap_err().is_invalid());
        assert_eq!(RemotePath::parse("/").unwrap().file_name(), None);
        assert_eq!(RemotePath::parse("-rf").unwrap().argument(), "./-rf");
    }
}
