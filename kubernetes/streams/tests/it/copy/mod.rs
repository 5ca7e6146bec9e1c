//! Copies to and from a container whose commands are this machine's own: `sh`, `tar` and others.

mod download;
mod hostile;
mod resume;
mod upload;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use kubernetes_testing::{ContainerIo, ExecRequest, Exit, TestServer};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite, copy};
use tokio::process::Command;

use crate::support::in_process;

/// A container: a folder as its file system, and commands that run in it.
pub(crate) struct Container {
    pub(crate) server: TestServer,
    pub(crate) root: TempDir,
    /// For the local side.
    pub(crate) local: TempDir,
}

impl Container {
    pub(crate) fn new() -> Self {
        Self::with_path(None)
    }

    /// A container that has nothing but these programs.
    pub(crate) fn with_programs(programs: &[&str]) -> (Self, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        for program in programs {
            let found = std::env::var("PATH").unwrap();
            let found = found.split(':').map(|path| Path::new(path).join(program)).find(|path| path.exists()).unwrap();
            std::os::unix::fs::symlink(found, folder.path().join(program)).unwrap();
        }
        (Self::with_path(Some(folder.path().to_str().unwrap().to_owned())), folder)
    }

    fn with_path(path: Option<String>) -> Self {
        let container =
            Self { server: in_process(), root: tempfile::tempdir().unwrap(), local: tempfile::tempdir().unwrap() };
        let folder = container.root.path().to_owned();
        container.server.on_exec(move |request, io| run(request, io, folder.clone(), path.clone()));
        container
    }

    /// A container whose processes have the umask 077, and run as another user if the test runs as root.
    pub(crate) fn of_strict_user() -> Self {
        let container = Self::new();
        let folder = container.root.path().to_owned();
        let uid = std::fs::metadata(&folder).unwrap().uid();
        let is_root = uid == 0;
        if is_root {
            std::os::unix::fs::chown(&folder, Some(OTHER_USER), Some(OTHER_USER)).unwrap();
        }
        container.server.on_exec(move |mut request, io| {
            let umask = ["sh", "-c", "umask 077; exec \"$@\"", "sh"].map(str::to_owned);
            request.command.splice(0..0, umask);
            let user = is_root.then_some(OTHER_USER);
            run_as(request, io, folder.clone(), None, user)
        });
        container
    }

    /// A path in the container.
    pub(crate) fn remote(&self, path: &str) -> String {
        self.root.path().join(path).to_str().unwrap().to_owned()
    }

    /// Waits until there are only these names: a command whose connection is lost ends a little later.
    pub(crate) async fn settle(&self, names: &[&str]) {
        for _ in 0..500 {
            if Self::names(self.root.path()) == names {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(Self::names(self.root.path()), names);
    }

    /// The names in a folder, without hidden ones: there are none but those of the test.
    pub(crate) fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// The user `nobody` on most systems.
const OTHER_USER: u32 = 65534;

/// Runs a command as a runtime does.
pub(crate) async fn run(request: ExecRequest, io: ContainerIo, folder: PathBuf, path: Option<String>) -> Exit {
    run_as(request, io, folder, path, None).await
}

async fn run_as(
    request: ExecRequest,
    io: ContainerIo,
    folder: PathBuf,
    path: Option<String>,
    user: Option<u32>,
) -> Exit {
    let [program, arguments @ ..] = request.command.as_slice() else { return Exit::Error("no command".to_owned()) };
    let program = match &path {
        Some(path) if !Path::new(path).join(program).exists() => {
            return Exit::Error(format!("exec: {program:?}: executable file not found in $PATH"));
        }
        Some(path) => Path::new(path).join(program),
        None => program.into(),
    };
    let mut command = Command::new(program);
    // As with a runtime, a command whose connection is lost goes on, and notices at its input or output.
    command.args(arguments).current_dir(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(path) = path {
        command.env("PATH", path);
    }
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    let mut child = command.spawn().unwrap();
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let input = async { pump(io.stdin, stdin.unwrap()).await };
    let outputs = async { tokio::join!(pump(stdout.unwrap(), io.stdout), pump(stderr.unwrap(), io.stderr)) };
    // A command may end without reading its input.
    tokio::select! {
        _ = outputs => {}
        () = async { input.await; std::future::pending().await } => {}
    }
    Exit::Code(child.wait().await.unwrap().code().unwrap_or(137))
}

async fn pump(mut reader: impl AsyncRead + Unpin, mut writer: impl AsyncWrite + Unpin) {
    let _ = copy(&mut reader, &mut writer).await;
}

/// A folder with files that are hard to copy.
pub(crate) fn fill(folder: &Path) {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    std::fs::create_dir_all(folder.join("empty")).unwrap();
    std::fs::create_dir_all(folder.join("deep/er")).unwrap();
    for (name, content) in [
        ("a b", "spaces"),
        ("q'u\"o`t$e", "quotes"),
        ("new\nline", "lines"),
        ("-rf", "an option"),
        ("ümläut", "not ASCII"),
        ("deep/er/file", "deep"),
        ("none", ""),
        ("back\\slash*?[x]", "a pattern"),
    ] {
        std::fs::write(folder.join(name), content).unwrap();
    }
    std::fs::write(folder.join(std::ffi::OsStr::from_bytes(b"not\xffutf8")), "bytes").unwrap();
    std::fs::write(folder.join("n".repeat(240)), "a long name").unwrap();
    std::fs::write(folder.join("script"), "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(folder.join("script"), std::fs::Permissions::from_mode(0o750)).unwrap();
    std::fs::write(folder.join("secret"), "for one").unwrap();
    std::fs::set_permissions(folder.join("secret"), std::fs::Permissions::from_mode(0o400)).unwrap();
    symlink("deep/er/file", folder.join("link")).unwrap();
    symlink("../a b", folder.join("deep/up")).unwrap();
    symlink("nowhere", folder.join("dangling")).unwrap();
    std::fs::hard_link(folder.join("a b"), folder.join("second name")).unwrap();
    std::fs::write(folder.join("large"), crate::support::random_bytes(9, 3_000_001)).unwrap();
}

/// Everything below a folder: names, kinds, permissions and contents.
pub(crate) fn contents(folder: &Path) -> std::collections::BTreeMap<PathBuf, String> {
    use std::os::unix::fs::PermissionsExt;
    let mut found = std::collections::BTreeMap::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(path) = pending.pop() {
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        let mode = metadata.permissions().mode() & 0o777;
        let description = if metadata.is_dir() {
            pending.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            format!("folder {mode:o}")
        } else if metadata.is_symlink() {
            format!("link {:?}", std::fs::read_link(&path).unwrap())
        } else {
            format!("file {mode:o} {:?}", std::fs::read(&path).unwrap())
        };
        found.insert(path.strip_prefix(folder).unwrap().to_owned(), description);
    }
    found
}
