use std::fmt;
use std::pin::pin;

use bytes::BytesMut;
use futures_util::TryStreamExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use super::exit_status::ExitStatus;
use super::output_stream::OutputStream;
use super::stdin::Stdin;
use super::{Channel, Process};
use crate::error::Error;

/// The whole output of a process, and how it ended.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// How the process ended.
    pub status: ExitStatus,
    /// All that it wrote to stdout; with a terminal, to stderr as well.
    pub stdout: Vec<u8>,
    /// All that it wrote to stderr.
    pub stderr: Vec<u8>,
}

impl fmt::Debug for Output {
    /// Shows lengths: the output of a process may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("status", &self.status)
            .field("stdout", &format_args!("{} bytes", self.stdout.len()))
            .field("stderr", &format_args!("{} bytes", self.stderr.len()))
            .finish()
    }
}

/// Reads both outputs of a process to their end.
pub(super) async fn collect(mut process: Process, limit: usize) -> Result<Output, Error> {
    if let Some(stdin) = process.stdin() {
        // Otherwise a process that reads it would never end.
        process.check_close()?;
        drop(stdin);
    }
    read(&mut process, limit).await
}

/// Like [`collect`], while the process gets some input.
pub(super) async fn collect_with_input(
    mut process: Process,
    input: impl AsyncRead,
    limit: usize,
) -> Result<Output, Error> {
    let Some(stdin) = process.stdin() else { return Err(Error::invalid("stdin was not requested, or was taken")) };
    // Before the process gets input whose end it would wait for.
    process.check_close()?;
    let mut output = pin!(read(&mut process, limit));
    tokio::select! {
        biased;
        // A process may end without reading all of its input.
        output = &mut output => output,
        written = write(input, stdin) => {
            written?;
            output.await
        }
    }
}

async fn read(process: &mut Process, limit: usize) -> Result<Output, Error> {
    let [stdout, stderr] = [process.stdout(), process.stderr()];
    let place = |error: Error| process.locate(error);
    let (stdout, stderr, status) = tokio::try_join!(
        read_stream(stdout, Channel::Stdout, limit, &place),
        read_stream(stderr, Channel::Stderr, limit, &place),
        process.wait(),
    )?;
    Ok(Output { status, stdout, stderr })
}

async fn read_stream(
    stream: Option<OutputStream>,
    channel: Channel,
    limit: usize,
    place: impl Fn(Error) -> Error,
) -> Result<Vec<u8>, Error> {
    let Some(mut stream) = stream else { return Ok(Vec::new()) };
    let mut collected = Vec::new();
    while let Some(bytes) = stream.try_next().await? {
        if bytes.len() > limit - collected.len() {
            return Err(place(Error::too_much_output(channel.name(), limit)));
        }
        collected.extend_from_slice(&bytes);
    }
    Ok(collected)
}

/// Writes all of an input, and ends it.
async fn write(input: impl AsyncRead, mut stdin: Stdin) -> Result<(), Error> {
    let mut input = pin!(input);
    let mut buffer = BytesMut::with_capacity(64 * 1024);
    loop {
        buffer.clear();
        if input.read_buf(&mut buffer).await.map_err(Error::input)? == 0 {
            break;
        }
        if stdin.write_all(&buffer).await.is_err() {
            // The process, or the connection, has ended, which is reported elsewhere.
            return Ok(());
        }
    }
    // As above.
    drop(stdin.shutdown().await);
    Ok(())
}
