//! Running a plugin.

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::future::{Either, join, select};
use kubernetes_config::ExecConfig;
use kubernetes_core::text::printable;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use crate::error::AuthenticationError;

/// Many times as much as a token or certificate needs.
const MAX_OUTPUT_BYTES: usize = 1024 * 1024;

/// How much of the end of standard error is kept for the error.
pub(super) const KEPT_ERROR_BYTES: usize = 1024;

/// How long the output of a program that is done is waited for. A program that it started may keep the pipes open.
const GRACE: Duration = Duration::from_millis(500);

/// Runs a plugin and returns its output. Dropping the future kills the program.
pub(super) async fn run(
    config: &ExecConfig,
    interactive: bool,
    limit: Duration,
) -> Result<Vec<u8>, AuthenticationError> {
    let program = program(config)?;
    let mut child = Program::start(command(program, config, interactive), !interactive)
        .map_err(|error| not_started(config, error))?;
    let mut output = Capture::beginning(MAX_OUTPUT_BYTES);
    let mut errors = Capture::end(KEPT_ERROR_BYTES, interactive);
    let finished = tokio::time::timeout(limit, finish(&mut child.process, &mut output, &mut errors)).await;
    let name = config.command.display();
    match finished {
        Ok(Ok(status)) if !status.success() => {
            Err(AuthenticationError::new(format!("the exec plugin {name} failed ({status}){}", errors.as_reason())))
        }
        Ok(Ok(_)) if output.is_cut => {
            Err(AuthenticationError::new(format!("the exec plugin {name} printed more than {MAX_OUTPUT_BYTES} bytes")))
        }
        Ok(Ok(_)) => Ok(output.bytes),
        Ok(Err(error)) => {
            Err(AuthenticationError::passing(format!("can't wait for the exec plugin {name}"), Some(error.into())))
        }
        Err(_) => Err(AuthenticationError::timeout(format!(
            "the exec plugin {name} was stopped because it did not finish within {limit:?}{}",
            errors.as_reason()
        ))),
    }
}

fn command(program: PathBuf, config: &ExecConfig, interactive: bool) -> Command {
    let variables = config.env.iter().map(|(name, value)| (name, value.expose()));
    let mut command = Command::new(program);
    command
        .args(&config.args)
        .envs(variables)
        .env("KUBERNETES_EXEC_INFO", config.exec_info(interactive))
        .stdin(if interactive { Stdio::inherit() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A running plugin. When it is dropped before it has ended, it is killed, with all that it has started.
struct Program {
    process: Child,
    /// Whether it leads a process group of its own.
    is_leader: bool,
}

impl Program {
    /// A plugin that talks with the user stays in our own process group: the terminal stops the processes of any other
    /// that read from it (`SIGTTIN`), and handing it the terminal (`tcsetpgrp`) would take Ctrl-C from this program. So
    /// of such a plugin, its own process is killed; processes that it started lose its output (`SIGPIPE`) and their
    /// parent, and end with the terminal at the latest (`SIGHUP`).
    fn start(mut command: Command, leads: bool) -> io::Result<Self> {
        #[cfg(unix)]
        if leads {
            command.process_group(0);
        }
        Ok(Self { process: command.spawn()?, is_leader: leads })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        #[cfg(unix)]
        // There is an id as long as the process was not waited for, so that it is not another's.
        if let Some(group) = self.process.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?))
            && self.is_leader
        {
            // Fails only if all have ended.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// The program in our own `$PATH`, as in client-go. The operating system would use the one that the plugin is to have,
/// and run a program of the current directory, as Go does not (`exec.ErrDot`).
#[cfg(unix)]
fn program(config: &ExecConfig) -> Result<PathBuf, AuthenticationError> {
    let command = &config.command;
    let is_name = command.components().count() == 1 && command.file_name() == Some(command.as_os_str());
    if !is_name {
        return Ok(command.clone());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|directory| directory.join(command)).find(|program| is_executable(program));
    match found {
        Some(program) if program.is_absolute() => Ok(program),
        Some(_) => Err(AuthenticationError::new(format!(
            "the exec plugin {} is not run from the current directory, which PATH contains: set \
             users[].user.exec.command to its path",
            command.display()
        ))),
        None => Err(not_started(config, io::ErrorKind::NotFound.into())),
    }
}

#[cfg(unix)]
fn is_executable(program: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    program.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn program(config: &ExecConfig) -> Result<PathBuf, AuthenticationError> {
    Ok(config.command.clone())
}

fn not_started(config: &ExecConfig, error: io::Error) -> AuthenticationError {
    let name = config.command.display();
    if error.kind() != io::ErrorKind::NotFound {
        return AuthenticationError::with_source(format!("can't start the exec plugin {name}"), error);
    }
    let hint = config.install_hint.as_deref().map(str::trim).filter(|hint| !hint.is_empty());
    let advice = hint.unwrap_or("install it, or correct users[].user.exec.command of the kubeconfig");
    AuthenticationError::with_source(format!("the exec plugin {name} is not installed: {advice}"), error)
}

/// Reads what the program prints until it ends.
async fn finish(child: &mut Child, output: &mut Capture, errors: &mut Capture) -> io::Result<ExitStatus> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let reading = pin!(join(output.fill(stdout), errors.fill(stderr)));
    match select(pin!(child.wait()), reading).await {
        Either::Left((status, reading)) => {
            let _ = tokio::time::timeout(GRACE, reading).await;
            status
        }
        Either::Right((_, waiting)) => waiting.await,
    }
}

/// The part of one of the program's streams that is kept. All of it is read, so that the program does not wait for us.
struct Capture {
    bytes: Vec<u8>,
    limit: usize,
    keep_end: bool,
    /// Whether the user gets to see it at once, since it may tell them what to do.
    show: bool,
    is_cut: bool,
}

impl Capture {
    fn beginning(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, keep_end: false, show: false, is_cut: false }
    }

    fn end(limit: usize, show: bool) -> Self {
        Self { bytes: Vec::new(), limit, keep_end: true, show, is_cut: false }
    }

    async fn fill(&mut self, stream: Option<impl AsyncRead + Unpin>) {
        let Some(mut stream) = stream else { return };
        let mut chunk = vec![0; 8 * 1024];
        // An error is an end: the exit status tells more.
        while let Ok(length @ 1..) = stream.read(&mut chunk).await {
            self.add(chunk.get(..length).unwrap_or_default());
        }
    }

    fn add(&mut self, chunk: &[u8]) {
        if self.show {
            // Nobody is there to be told that standard error can't be written.
            let _ = io::stderr().write_all(chunk);
        }
        self.bytes.extend_from_slice(chunk);
        let excess = self.bytes.len().saturating_sub(self.limit);
        self.is_cut |= excess > 0;
        if self.keep_end {
            self.bytes.drain(..excess);
        } else {
            self.bytes.truncate(self.limit);
        }
    }

    /// `: …`, the output on one line and without what a terminal would obey.
    fn as_reason(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        // The cut may go through a character.
        let line = printable(text.trim_start_matches(char::REPLACEMENT_CHARACTER), text.len());
        match (line.is_empty(), self.is_cut) {
            (true, _) => ", and wrote nothing to standard error".to_owned(),
            (false, true) => format!(": …{line}"),
            (false, false) => format!(": {line}"),
        }
    }
}

/// The text of an error for these bytes on standard error.
#[cfg(any(test, fuzzing))]
pub(super) fn reason(bytes: &[u8]) -> String {
    let mut kept = Capture::end(KEPT_ERROR_BYTES, false);
    bytes.chunks(700).for_each(|chunk| kept.add(chunk));
    kept.as_reason()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_end_of_what_went_wrong() {
        let mut kept = Capture::end(8, false);
        kept.add("first ö".as_bytes());
        assert_eq!(kept.as_reason(), ": first ö");
        kept.add(b"\n\x1b[1mlast");
        assert_eq!(kept.as_reason(), ": …[1mlast");
        let mut kept = Capture::end(5, false);
        kept.add("aöbcde".as_bytes());
        assert_eq!(kept.as_reason(), ": …bcde", "half a character is left out");
        assert_eq!(Capture::end(5, false).as_reason(), ", and wrote nothing to standard error");
    }

    #[test]
    fn keeps_no_more_than_the_limit() {
        let mut kept = Capture::beginning(4);
        kept.add(b"abc");
        assert!(!kept.is_cut);
        kept.add(b"def");
        assert_eq!((kept.bytes.as_slice(), kept.is_cut), (&b"abcd"[..], true));
    }
}
