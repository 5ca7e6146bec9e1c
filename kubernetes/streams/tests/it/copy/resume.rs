use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kubernetes_streams::Download;
use kubernetes_testing::Fault;

use super::{Container, contents, fill};

fn download(container: &Container) -> Download {
    Download::new("default", "web", container.remote("source"), container.local.path().join("copy"))
}

#[tokio::test]
async fn a_download_goes_on_where_it_broke_off() {
    let container = Container::new();
    fill(&container.root.path().join("source"));
    // Before the first frame of 32 KiB, after it, in the middle, and before and after what is read again.
    for (connection, bytes) in [2, 40_000, 1_200_000, 500, 50_000].into_iter().enumerate() {
        container.server.inject(Fault::reset_after(bytes).resource("pods/exec").nth(connection + 1));
    }
    download(&container).retries(2).send(&container.server.client()).await.unwrap();
    assert_eq!(contents(&container.local.path().join("copy")), contents(&container.root.path().join("source")));
    assert_eq!(container.server.requests().len(), 6);
}

#[tokio::test]
async fn retries_without_a_byte_between_them_are_limited() {
    let container = Container::new();
    fill(&container.root.path().join("source"));
    container.server.inject(Fault::reset_after(2).resource("pods/exec").always());
    let error = download(&container).retries(2).send(&container.server.client()).await.unwrap_err();
    assert!(error.is_connection_lost(), "{error}");
    assert_eq!(container.server.requests().len(), 3);
}

#[tokio::test]
async fn files_that_changed_meanwhile_are_an_error() {
    let container = Container::new();
    let source = container.root.path().join("source");
    fill(&source);
    let connections = Arc::new(AtomicUsize::new(0));
    let folder = container.root.path().to_owned();
    container.server.on_exec(move |request, io| {
        if connections.fetch_add(1, Ordering::Relaxed) == 1 {
            let large = folder.join("source/large");
            let changed: Vec<u8> = fs::read(&large).unwrap().into_iter().map(|byte| !byte).collect();
            fs::write(large, changed).unwrap();
        }
        super::run(request, io, folder.clone(), None)
    });
    // In the middle of the largest file.
    container.server.inject(Fault::reset_after(1_500_000).resource("pods/exec"));
    let error = download(&container).retries(5).send(&container.server.client()).await.unwrap_err();
    assert!(error.is_changed(), "{error}");
    assert!(!container.local.path().join("copy").exists());
}
