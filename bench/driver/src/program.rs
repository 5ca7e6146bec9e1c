use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use serde_json::Value;

use crate::bench::Result;

/// A program that has not printed its next line by then hangs. Most need seconds.
const LIMIT: Duration = Duration::from_secs(300);
/// The lines that a program may be ahead of those that are read.
const LINES: usize = 64;

/// A program that runs beside the driver, and ends with this.
pub(crate) struct Program {
    /// As a shell would start it, for errors.
    command: String,
    process: Child,
    lines: Receiver<std::io::Result<String>>,
}

impl Program {
    /// Starts a program, whose input and output are the driver's.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let name = format!("{command:?}");
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = started.map_err(|error| format!("{name}: {error}"))?;
        let output = process.stdout.take();
        let (sender, lines) = sync_channel(LINES);
        let program = Self { command: name, process, lines };
        let output = BufReader::new(output.ok_or("the program has no output")?);
        // A thread, since a read has no time limit. Who prints more than is read must not wait, so it reads to the end.
        std::thread::spawn(move || output.lines().for_each(|line| _ = sender.try_send(line)));
        Ok(program)
    }

    /// The next line of its output.
    pub(crate) fn line(&mut self) -> Result<String> {
        match self.lines.recv_timeout(LIMIT) {
            Ok(line) => Ok(line?),
            Err(RecvTimeoutError::Timeout) => {
                Err(format!("{} has printed nothing for {} s, and was ended", self.command, LIMIT.as_secs()).into())
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(format!("{} has ended early: {}", self.command, self.process.wait()?).into())
            }
        }
    }

    /// The next line of its output, which is a report.
    pub(crate) fn report(&mut self) -> Result<Value> {
        let line = self.line()?;
        serde_json::from_str(&line).map_err(|error| format!("{} printed {line:?}: {error}", self.command).into())
    }

    /// Sends an empty line, for which it prints one.
    pub(crate) fn ask(&mut self) -> Result<()> {
        Ok(self.process.stdin.as_ref().ok_or("the program has no input")?.write_all(b"\n")?)
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
