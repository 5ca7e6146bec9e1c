//! An interactive shell in a container, as `kubectl exec -it`: the terminal is in raw mode, and the shell follows its
//! size.
//!
//! ```text
//! cargo run --example shell -- --namespace shop web
//! ```
#![cfg(unix)]

use std::error::Error;

use clap::Parser;
use kubernetes_sdk::streams::{Exec, Process, TerminalSize};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, stdin, stdout};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Opens a shell in a container.
#[derive(Parser)]
struct Arguments {
    #[arg(short, long, default_value = "default")]
    namespace: String,
    /// The container; by default, the one that kubectl would choose.
    #[arg(short, long)]
    container: Option<String>,
    #[arg(long, default_value = "sh")]
    shell: String,
    pod: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let (client, _server) = kubernetes_examples::connect(false)?;
    let mut exec = Exec::new(arguments.namespace, arguments.pod, [arguments.shell]).default_container();
    if let Some(container) = arguments.container {
        exec = exec.container(container);
    }
    let process = exec.stdin(true).tty(true).start(&client).await?;

    let (sizes, changes) = mpsc::channel(1);
    tokio::spawn(async move {
        let Ok(mut changed) = signal(SignalKind::window_change()) else { return };
        while let Ok(size) = tcgetwinsize(std::io::stdout()) {
            if sizes.send(TerminalSize::new(size.ws_col, size.ws_row)).await.is_err() || changed.recv().await.is_none()
            {
                return;
            }
        }
    });
    let raw = RawMode::enter();
    let ended = attach(process, stdin(), stdout(), changes).await;
    drop(raw);
    // Exits at once, because a pending read of the terminal can't be canceled and would block the end of `main`.
    std::process::exit(ended?);
}

/// Connects a terminal to a process, and returns its exit code.
pub(crate) async fn attach(
    mut process: Process,
    mut keys: impl AsyncRead + Unpin,
    mut screen: impl AsyncWrite + Unpin,
    mut sizes: mpsc::Receiver<TerminalSize>,
) -> Result<i32, Box<dyn Error>> {
    let (Some(mut stdin), Some(mut stdout)) = (process.stdin(), process.stdout()) else {
        return Err("a shell has an input and an output".into());
    };
    let show = async {
        let mut output = [0; 4096];
        loop {
            let count = stdout.read(&mut output).await?;
            if count == 0 {
                return Ok::<(), std::io::Error>(());
            }
            screen.write_all(&output[..count]).await?;
            // Shows each key at once.
            screen.flush().await?;
        }
    };
    let input = async {
        let _ = tokio::io::copy(&mut keys, &mut stdin).await;
        let _ = stdin.shutdown().await;
        std::future::pending::<()>().await;
    };
    let resize = async {
        while let Some(size) = sizes.recv().await {
            let _ = process.resize(size).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        shown = show => shown?,
        () = input => {}
        () = resize => {}
    }
    Ok(process.wait().await?.code())
}

/// The terminal's raw mode, which passes on keys as they are typed; dropping this restores the former mode.
struct RawMode(Termios);

impl RawMode {
    /// `None` if the input is not a terminal.
    fn enter() -> Option<Self> {
        let before = tcgetattr(std::io::stdin()).ok()?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(std::io::stdin(), OptionalActions::Now, &raw).ok()?;
        Some(Self(before))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}
