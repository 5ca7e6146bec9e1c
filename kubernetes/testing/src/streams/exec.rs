//! Exec and attach: the streams of a process as channels of a connection.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;

use super::channel_writer::ChannelWriter;
use super::codec::channel::{self, ClientMessage, Version};
use super::codec::websocket::{Message, NORMAL, Outgoing, PROTOCOL_ERROR};
use super::connection::{Connection, SocketReader, SocketWriter};
use super::container_io::{BUFFER_BYTES, ContainerIo, Input, Output, TerminalSize, TerminalSizes};
use super::requests::{ExecRequest, Exit};
use super::scripts::ExecScript;
use crate::clock;

/// The messages that wait to be written, most of 32 KiB: more would leave the processor's cache before the system copies
/// them.
pub(super) const QUEUE: usize = 4;

/// The time that the server waits for the client to close.
const LINGER: Duration = Duration::from_secs(5);

/// Runs a script on a connection, to the end of both.
pub(super) async fn run(connection: Connection, version: Version, request: ExecRequest, script: ExecScript) {
    let (mut reader, writer) = connection.into_web_socket();
    let (messages, queue) = mpsc::channel(QUEUE);
    let (sizes, sizes_of_client) = mpsc::channel(QUEUE);
    let (stdin, stdin_of_process) = request.stdin.then(|| duplex(BUFFER_BYTES)).unzip();
    let (open, mut outputs) = mpsc::channel(1);
    let output = |is_wanted: bool, channel| is_wanted.then(|| ChannelWriter::new(&messages, channel, &open));
    let io = ContainerIo::new(
        Input::new(stdin_of_process),
        Output::new(output(request.stdout, channel::STDOUT)),
        Output::new(output(request.stderr, channel::STDERR)),
        TerminalSizes::new(sizes_of_client),
    );
    drop(open);
    let process = async {
        // A message tells the client that the connection is established.
        let first = if request.stdout { channel::STDOUT } else { channel::ERROR };
        send(&messages, first, &[]).await;
        let exit = script.run(request, io).await;
        // Nothing is sent here: it ends with the last output, which a task of the script may still have.
        let None::<Infallible> = outputs.recv().await;
        send(&messages, channel::ERROR, status(&exit).to_string().as_bytes()).await;
    };
    let input = read_input(&mut reader, version, stdin, &sizes, &messages);
    if serve(process, input, writer, queue, &messages).await.is_ok() {
        linger(&mut reader).await;
    }
}

/// Writes messages until the process has ended or the client has disconnected.
pub(super) async fn serve(
    process: impl Future<Output = ()>,
    input: impl Future<Output = u16>,
    writer: SocketWriter,
    queue: mpsc::Receiver<Outgoing>,
    messages: &mpsc::Sender<Outgoing>,
) -> io::Result<()> {
    let mut writing = std::pin::pin!(write_all(writer, queue));
    let code = tokio::select! {
        () = process => NORMAL,
        code = input => code,
        // The connection is lost.
        written = &mut writing => return written,
    };
    tokio::join!(messages.send(Outgoing::Close(code)), writing).1
}

/// Sends a message to a channel.
pub(super) async fn send(messages: &mpsc::Sender<Outgoing>, channel: u8, payload: &[u8]) {
    // The writer ends first only if the connection is lost, which ends everything.
    let _ = messages.send(Outgoing::Binary(channel::encode(channel, payload))).await;
}

/// Writes messages until the one that closes the connection, those at once that wait.
async fn write_all(mut writer: SocketWriter, mut queue: mpsc::Receiver<Outgoing>) -> io::Result<()> {
    let mut messages = Vec::new();
    while queue.recv_many(&mut messages, QUEUE).await > 0 {
        for message in messages.drain(..) {
            let is_last = matches!(message, Outgoing::Close(_));
            writer.push(message).await?;
            if is_last {
                return writer.shutdown().await;
            }
        }
        writer.flush().await?;
    }
    Ok(())
}

/// Reads the client's messages until it disconnects; returns the code to close with.
async fn read_input(
    reader: &mut SocketReader,
    version: Version,
    mut stdin: Option<DuplexStream>,
    sizes: &mpsc::Sender<TerminalSize>,
    messages: &mpsc::Sender<Outgoing>,
) -> u16 {
    loop {
        let message = match reader.next().await {
            // Some clients send text messages, such as the official Python client.
            Ok(Some(Message::Binary(message) | Message::Text(message))) => message,
            Ok(Some(Message::Ping(payload))) => {
                let _ = messages.send(Outgoing::Pong(payload)).await;
                continue;
            }
            Ok(Some(Message::Close) | None) => return NORMAL,
            Err(_) => return PROTOCOL_ERROR,
        };
        match ClientMessage::decode(version, message) {
            Some(ClientMessage::Stdin(bytes)) => {
                if let Some(io) = &mut stdin
                    && io.write_all(&bytes).await.is_err()
                {
                    // The process reads no more, which is not an error.
                    stdin = None;
                }
            }
            Some(ClientMessage::CloseStdin) => stdin = None,
            Some(ClientMessage::Resize { width, height }) => {
                // A process that does not read its sizes misses some.
                let _ = sizes.try_send(TerminalSize::new(width, height));
            }
            None => {}
        }
    }
}

/// Reads until the client closes: a socket that is closed with unread bytes loses those that were written.
pub(super) async fn linger(reader: &mut SocketReader) {
    tokio::select! {
        () = clock::sleep(LINGER) => {}
        () = async { while let Ok(Some(_)) = reader.next().await {} } => {}
    }
}

/// The `Status` of a process, as the container runtime interface has it.
fn status(exit: &Exit) -> serde_json::Value {
    match exit {
        Exit::Code(0) => json!({"metadata": {}, "status": "Success"}),
        Exit::Code(code) => json!({
            "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
            "message": format!("command terminated with non-zero exit code: exit status {code}"),
            "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
        }),
        Exit::Error(why) => json!({
            "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500,
            "message": format!("Internal error occurred: error executing command in container: {why}"),
            "details": {"causes": [{"message": format!("error executing command in container: {why}")}]},
        }),
    }
}
