use std::process::Stdio;
use std::time::Duration;

use kubernetes_testing::{ContainerIo, ExecRequest, Exit, TestServer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::process::Command;

/// Makes this machine the container of all pods: commands are its programs, and ports are those of its loopback
/// interface. There are no terminals.
pub(crate) fn play_containers(server: &TestServer) {
    server.on_exec(run);
    server.on_attach(|_, mut io| async move { copy(&mut io.stdin, &mut io.stdout).await.map(drop) });
    server.on_port_forward(|request, mut io| async move {
        let connect = TcpStream::connect(("127.0.0.1", request.port)).await;
        let mut connection = connect.map_err(|error| error.to_string())?;
        copy_bidirectional(&mut io, &mut connection).await.map(drop).map_err(|error| error.to_string())
    });
    server.on_log(|request, mut log| async move {
        let mut line = 1;
        while log.write_all(format!("line {line} of {}\n", request.container).as_bytes()).await.is_ok()
            && request.follow
        {
            line += 1;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
}

/// Runs a program of this machine. It is killed when the client goes.
pub(crate) async fn run(request: ExecRequest, io: ContainerIo) -> Exit {
    let (program, arguments) = request.command.split_first().expect("the server refuses an empty command");
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut process = match command.spawn() {
        Ok(process) => process,
        Err(error) => return Exit::Error(format!("{program}: {error}")),
    };
    let input = tokio::spawn(pipe(io.stdin, process.stdin.take()));
    let (_, _, status) = tokio::join!(
        pipe_out(process.stdout.take(), io.stdout),
        pipe_out(process.stderr.take(), io.stderr),
        process.wait()
    );
    input.abort();
    match status {
        Ok(status) => Exit::Code(status.code().unwrap_or(137)),
        Err(error) => Exit::Error(error.to_string()),
    }
}

/// Copies input until either end is closed.
async fn pipe(mut from: impl AsyncRead + Unpin, to: Option<impl AsyncWrite + Unpin>) {
    if let Some(mut to) = to {
        let _ = copy(&mut from, &mut to).await;
    }
}

async fn pipe_out(from: Option<impl AsyncRead + Unpin>, mut to: impl AsyncWrite + Unpin) {
    if let Some(mut from) = from {
        let _ = copy(&mut from, &mut to).await;
    }
}
