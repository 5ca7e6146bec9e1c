//! The examples of streams.

use kubernetes_sdk::streams::{Exec, TerminalSize};
use kubernetes_testing::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

#[path = "../../copy.rs"]
mod copy;
#[path = "../../exec.rs"]
mod exec;
#[path = "../../shell.rs"]
mod shell;

#[tokio::test]
async fn a_command_is_connected_with_its_input_and_outputs() {
    let server = TestServer::in_process();
    exec::play(&server, "shop", "web").unwrap();
    let command = || Exec::new("shop", "web", ["echo", "a b"]);
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let client = server.client();
    let code = exec::run(&client, command(), Some(&b"input"[..]), &mut output, &mut errors).await.unwrap();
    assert_eq!((code, output.as_slice(), errors.as_slice()), (0, &b"echo a b\ninput"[..], &b""[..]));
    server.on_exec(|_, mut io| async move {
        io.stderr.write_all(b"failed").await.unwrap();
        3
    });
    let code = exec::run(&client, command(), None::<&[u8]>, &mut output, &mut errors).await.unwrap();
    assert_eq!((code, errors.as_slice()), (3, &b"failed"[..]));
}

#[tokio::test]
async fn a_shell_gets_keys_and_sizes() {
    let server = TestServer::in_process();
    exec::play(&server, "shop", "web").unwrap();
    server.on_exec(|request, mut io| async move {
        assert!(request.tty);
        let size = io.sizes.next().await.unwrap();
        io.stdout.write_all(format!("{}x{}:", size.width, size.height).as_bytes()).await.unwrap();
        let mut keys = [0; 4];
        io.stdin.read_exact(&mut keys).await.unwrap();
        io.stdout.write_all(&keys).await.unwrap();
        7
    });
    let process = Exec::new("shop", "web", ["sh"]).stdin(true).tty(true).start(&server.client()).await.unwrap();
    let (sizes, changes) = mpsc::channel(1);
    sizes.send(TerminalSize::new(80, 24)).await.unwrap();
    let mut screen = Vec::new();
    let code = shell::attach(process, &b"exit"[..], &mut screen, changes).await.unwrap();
    assert_eq!((code, screen.as_slice()), (7, &b"80x24:exit"[..]));
}

#[tokio::test]
async fn a_file_is_copied_there_and_back() {
    let server = TestServer::in_process();
    exec::play(&server, "shop", "web").unwrap();
    // A container with a file that `tar` reads, and a `sh` that takes what it is sent.
    server.on_exec(|request, mut io| async move {
        if request.command[0] == "tar" {
            let mut header = [0; 512];
            header[..6].copy_from_slice(b"./file");
            header[100..107].copy_from_slice(b"0000644");
            header[124..135].copy_from_slice(b"00000000007");
            header[156] = b'0';
            let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
            header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            let mut content = [0; 512];
            content[..7].copy_from_slice(b"content");
            return io.stdout.write_all(&[&header[..], &content, &[0; 1024]].concat()).await;
        }
        let mut archive = Vec::new();
        io.stdin.read_to_end(&mut archive).await?;
        assert!(archive.starts_with(b"data\0") && archive[512..].starts_with(b"content\0"));
        Ok(())
    });
    let folder = std::env::temp_dir().join(format!("kubernetes-examples-copy-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("copy").to_str().unwrap().to_owned();
    let client = server.client();
    let copied = copy::copy(&client, "shop/web:/tmp/file", &file, None, 0).await.unwrap();
    assert_eq!((copied.files, copied.bytes), (1, 7));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "content");
    let copied = copy::copy(&client, &file, "shop/web:/tmp/file", Some("main".to_owned()), 0).await.unwrap();
    assert_eq!((copied.files, copied.bytes), (1, 7));
    for (source, target) in [("a", "b"), ("web:/a", "web:/b"), ("./web:a", "/b")] {
        assert!(copy::copy(&client, source, target, None, 0).await.is_err());
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
