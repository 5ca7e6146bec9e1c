use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kubernetes_streams::Download;
use kubernetes_testing::{Exit, Fault};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

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

/// A kubelet may report the success of a command though it has lost the end of its output.
#[tokio::test]
async fn an_output_whose_end_is_missing_is_fetched_again_or_an_error() {
    for retries in [0, 1] {
        let container = Container::new();
        let source = container.root.path().join("source");
        fill(&source);
        let connections = Arc::new(AtomicUsize::new(0));
        let folder = container.root.path().to_owned();
        container.server.on_exec(move |request, mut io| {
            let (folder, is_cut) = (folder.clone(), connections.fetch_add(1, Ordering::Relaxed) == 0);
            async move {
                if !is_cut {
                    return super::run(request, io, folder, None).await;
                }
                let tar = Command::new("tar").args(&request.command[1..]).current_dir(folder).output().await.unwrap();
                io.stdout.write_all(&tar.stdout[..1_500_000]).await.unwrap();
                Exit::from(0)
            }
        });
        let copied = download(&container).retries(retries).send(&container.server.client()).await;
        let copy = container.local.path().join("copy");
        if retries == 0 {
            let error = copied.unwrap_err();
            assert!(error.is_connection_lost(), "{error}");
            assert!(!copy.exists());
        } else {
            copied.unwrap();
            assert_eq!(contents(&copy), contents(&source));
        }
    }
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

/// GNU tar warns of a file that is written to while it is read, and ends with the code 1.
#[tokio::test]
async fn a_file_that_is_written_to_is_no_failure_with_or_without_a_break() {
    let real = ["/bin/tar", "/usr/bin/tar"].into_iter().find(|path| fs::exists(path).unwrap()).expect("tar");
    for (breaks, code, is_good) in [(false, 1, true), (true, 1, true), (true, 2, false)] {
        let (container, programs) = Container::with_programs(&["sh", "tail"]);
        let message = "tar: ./source/log: file changed as we read it";
        let tar = format!("#!/bin/sh\n{real} \"$@\"\necho '{message}' >&2\nexit {code}\n");
        fs::write(programs.path().join("tar"), tar).unwrap();
        fs::set_permissions(programs.path().join("tar"), fs::Permissions::from_mode(0o755)).unwrap();
        fill(&container.root.path().join("source"));
        if breaks {
            container.server.inject(Fault::reset_after(1_200_000).resource("pods/exec"));
        }
        let copied = download(&container).retries(2).send(&container.server.client()).await;
        assert_eq!(container.server.requests().len(), if breaks { 2 } else { 1 });
        if is_good {
            copied.unwrap();
            assert_eq!(contents(&container.local.path().join("copy")), contents(&container.root.path().join("source")));
        } else {
            let error = copied.unwrap_err().to_string();
            assert!(error.contains("exit code 2: ") && error.ends_with(message), "{error}");
        }
    }
}

/// The second archive has more bytes of the file that was being sent, so that all that follows is elsewhere.
#[tokio::test]
async fn a_file_that_has_grown_meanwhile_is_an_error_and_nothing_is_left_out() {
    // Zeros would pass for the end of an archive.
    for byte in [b'x', 0] {
        let container = Container::new();
        let source = container.root.path().join("source");
        fs::create_dir(&source).unwrap();
        // Some of the others come behind it, whatever the order in which the file system has them.
        for name in ["1", "2", "3", "a", "b", "c", "d"] {
            fs::write(source.join(name), name).unwrap();
        }
        fs::write(source.join("a"), vec![b'a'; 3_000_000]).unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let folder = container.root.path().to_owned();
        container.server.on_exec(move |request, io| {
            if connections.fetch_add(1, Ordering::Relaxed) == 1 {
                let mut grown = fs::OpenOptions::new().append(true).open(folder.join("source/a")).unwrap();
                grown.write_all(&vec![byte; 10_000]).unwrap();
            }
            super::run(request, io, folder.clone(), None)
        });
        container.server.inject(Fault::reset_after(1_500_000).resource("pods/exec"));
        let error = download(&container).retries(5).send(&container.server.client()).await.unwrap_err();
        assert!(error.is_changed(), "{error}");
        assert!(!container.local.path().join("copy").exists());
    }
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
