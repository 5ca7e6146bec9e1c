//! Runs a command in a container, and exits with its exit code.
//!
//! ```text
//! cargo run --example exec -- web nginx -T
//! echo 'SELECT 1' | cargo run --example exec -- --stdin --namespace shop database psql -At
//! ```
//!
//! With `--embedded`, an API server in memory simulates a container that prints its arguments and its input.

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use kubernetes_sdk::Client;
use kubernetes_sdk::streams::Exec;
use kubernetes_testing::TestServer;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy};

/// Runs a command in a container.
#[derive(Parser)]
struct Arguments {
    #[arg(short, long, default_value = "default")]
    namespace: String,
    /// The container; by default, the one that kubectl would choose.
    #[arg(short, long)]
    container: Option<String>,
    /// Passes this program's input to the command.
    #[arg(short = 'i', long)]
    stdin: bool,
    /// Uses an API server in memory instead of a cluster.
    #[arg(long)]
    embedded: bool,
    pod: String,
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let (client, server) = kubernetes_examples::connect(arguments.embedded)?;
    if let Some(server) = &server {
        play(server, &arguments.namespace, &arguments.pod)?;
    }
    let mut exec = Exec::new(arguments.namespace, arguments.pod, arguments.command).default_container();
    if let Some(container) = arguments.container {
        exec = exec.container(container);
    }
    let input = arguments.stdin.then(tokio::io::stdin);
    let code = run(&client, exec, input, tokio::io::stdout(), tokio::io::stderr()).await?;
    // Exits at once, because a pending read of stdin can't be canceled and would block the end of `main`.
    std::process::exit(code);
}

/// Runs a command with the given input and outputs, and returns its exit code.
pub(crate) async fn run(
    client: &Client,
    exec: Exec,
    input: Option<impl AsyncRead + Unpin>,
    mut output: impl AsyncWrite + Unpin,
    mut errors: impl AsyncWrite + Unpin,
) -> Result<i32, Box<dyn Error>> {
    let mut process = exec.stdin(input.is_some()).start(client).await?;
    let (stdin, stdout, stderr) = (process.stdin(), process.stdout(), process.stderr());
    let (Some(mut stdout), Some(mut stderr)) = (stdout, stderr) else { return Err("both outputs are there".into()) };
    let outputs = async {
        tokio::try_join!(copy(&mut stdout, &mut output), copy(&mut stderr, &mut errors))?;
        output.flush().await?;
        errors.flush().await
    };
    if let (Some(mut input), Some(mut stdin)) = (input, stdin) {
        let feed = async {
            // A write to a command that has ended fails, which is not an error of this program.
            if copy(&mut input, &mut stdin).await.is_ok() {
                let _ = stdin.shutdown().await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            result = outputs => result?,
            () = feed => {}
        }
    } else {
        outputs.await?;
    }
    Ok(process.wait().await?.code())
}

/// Simulates a pod whose commands print their arguments and their input.
pub(crate) fn play(server: &TestServer, namespace: &str, pod: &str) -> Result<(), Box<dyn Error>> {
    let manifest =
        "{apiVersion: v1, kind: Pod, metadata: {name: NAME, namespace: NAMESPACE}, spec: {containers: [{name: main}]}}";
    server.load_yaml(&manifest.replace("NAMESPACE", namespace).replace("NAME", pod))?;
    server.on_exec(|request, mut io| async move {
        io.stdout.write_all(format!("{}\n", request.command.join(" ")).as_bytes()).await?;
        copy(&mut io.stdin, &mut io.stdout).await.map(drop)
    });
    Ok(())
}
