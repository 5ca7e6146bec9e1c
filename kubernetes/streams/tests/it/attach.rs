use std::future::pending;

use http::Method;
use kubernetes_core::{ConnectRequest, Path};
use kubernetes_streams::{Attach, DetachKeys, TerminalSize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{in_process, servers};

#[tokio::test]
async fn attach_joins_the_process() {
    for server in servers().await {
        server.on_attach(|request, mut io| async move {
            assert!(request.command.is_empty() && request.stdin && request.tty && !request.stderr);
            let size = io.sizes.next().await.unwrap();
            io.stdout.write_all(format!("{}x{} ", size.width, size.height).as_bytes()).await.unwrap();
            tokio::io::copy(&mut io.stdin, &mut io.stdout).await.map(drop)
        });
        let attach = Attach::new("default", "web").container("a").stdin(true).tty(true);
        let mut process = attach.start(&server.client()).await.unwrap();
        process.resize(TerminalSize::new(80, 24)).await.unwrap();
        let mut stdin = process.stdin().unwrap();
        stdin.write_all(b"ls\n").await.unwrap();
        drop(stdin);
        let output = process.output(100).await.unwrap();
        assert_eq!((output.stdout.as_slice(), output.status.success()), (&b"80x24 ls\n"[..], true));
    }
}

#[tokio::test]
async fn detach_keys_leave_the_process() {
    let server = in_process();
    let (input, mut typed) = tokio::sync::mpsc::channel(10);
    server.on_attach(move |_, mut io| {
        let input = input.clone();
        async move {
            let mut bytes = [0; 100];
            while let Ok(count @ 1..) = io.stdin.read(&mut bytes).await {
                io.stdout.write_all(&bytes[..count]).await.unwrap();
                input.send(bytes[..count].to_vec()).await.unwrap();
            }
            pending::<()>().await;
        }
    });
    let attach = || Attach::new("default", "web").stdin(true).tty(true);
    let mut process = attach().detach_keys(DetachKeys::default()).start(&server.client()).await.unwrap();
    let (mut stdin, mut stdout) = (process.stdin().unwrap(), process.stdout().unwrap());
    stdin.write_all(b"a\x10").await.unwrap();
    assert_eq!(typed.recv().await.unwrap(), b"a", "the first key is held back");
    stdin.write_all(b"b").await.unwrap();
    assert_eq!(typed.recv().await.unwrap(), b"\x10b", "until the next shows that it is none");
    stdin.write_all(b"\x10").await.unwrap();
    stdin.write_all(b"\x11").await.unwrap();
    let error = process.wait().await.unwrap_err();
    assert!(error.is_detached() && !error.is_connection_lost(), "{error}");
    stdout.read_to_end(&mut Vec::new()).await.unwrap();
    let keyless = attach().stdin(false).detach_keys(DetachKeys::default()).start(&server.client()).await;
    assert!(keyless.unwrap_err().is_invalid());
}

#[tokio::test]
async fn a_request_of_the_api_s_function_is_run() {
    let server = in_process();
    server.on_attach(|request, mut io| async move { io.stdout.write_all(request.container.as_bytes()).await });
    let path = Path::new("/api/v1/namespaces/{namespace}/pods/{name}/attach", &["default", "web"]);
    let request = ConnectRequest::<kubernetes_core::Attach>::at(Method::GET, path).container("a");
    let process = Attach::from(request).start(&server.client()).await.unwrap();
    assert_eq!(process.output(10).await.unwrap().stdout, b"a");
}
