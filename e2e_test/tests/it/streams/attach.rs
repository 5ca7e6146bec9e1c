use kubernetes_sdk::streams::{Attach, DetachKeys};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{container, in_time, run};
use crate::cluster;

#[tokio::test]
async fn attach_reads_and_writes_the_main_process() {
    let (client, namespace) = cluster::namespace("attach").await;
    let mut echo = container("main", "while read line; do echo \"<$line>\"; done; echo end");
    (echo.stdin, echo.stdin_once) = (Some(true), Some(true));
    run(&client, &namespace, "echo", vec![echo]).await;
    let mut process = Attach::new(&namespace, "echo").stdin(true).start(&client).await.unwrap();
    let mut stdin = process.stdin().unwrap();
    stdin.write_all(b"one\ntwo\n").await.unwrap();
    stdin.shutdown().await.unwrap();
    let output = in_time(process.output(1000)).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "<one>\n<two>\nend\n");
}

#[tokio::test]
async fn detach_keys_leave_a_shell_running() {
    let (client, namespace) = cluster::namespace("detach").await;
    let mut shell = container("main", "exec sh");
    (shell.stdin, shell.tty) = (Some(true), Some(true));
    run(&client, &namespace, "shell", vec![shell]).await;
    for round in 0..2 {
        let attach = Attach::new(&namespace, "shell").stdin(true).tty(true).detach_keys(DetachKeys::default());
        let mut process = attach.start(&client).await.unwrap();
        let (mut stdin, mut stdout) = (process.stdin().unwrap(), process.stdout().unwrap());
        // The second time, the variable of the first is still there.
        stdin.write_all(b"x=${x}1; echo seen-$x-\n").await.unwrap();
        let expected = format!("seen-{}-", "1".repeat(round + 1));
        let mut seen = Vec::new();
        let reading = async {
            while !String::from_utf8_lossy(&seen).contains(&expected) {
                assert!(stdout.read_buf(&mut seen).await.unwrap() > 0);
            }
        };
        in_time(reading).await;
        stdin.write_all(b"\x10\x11").await.unwrap();
        assert!(in_time(process.wait()).await.unwrap_err().is_detached());
    }
}
