use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::{Arc, Mutex};

use kubernetes_streams::{Download, Links};
use kubernetes_testing::Fault;

use super::{Container, contents, fill};

fn download(container: &Container, remote: &str, local: &str) -> Download {
    Download::new("default", "web", container.remote(remote), container.local.path().join(local))
}

#[tokio::test]
async fn a_folder_arrives_with_all_that_is_in_it() {
    let container = Container::new();
    let source = container.root.path().join("source");
    fill(&source);
    fs::create_dir(source.join("read only")).unwrap();
    fs::write(source.join("read only/file"), "x").unwrap();
    fs::set_permissions(source.join("read only"), fs::Permissions::from_mode(0o555)).unwrap();
    let copied = download(&container, "source", "copy").send(&container.server.client()).await.unwrap();
    let expected = contents(&source);
    assert_eq!(contents(&container.local.path().join("copy")), expected);
    assert_eq!(Container::names(container.local.path()), ["copy"], "nothing else is left");
    let count = |kind: &str| expected.values().filter(|found| found.starts_with(kind)).count() as u64;
    // One of two names is a hard link.
    assert_eq!(
        (copied.files + 1, copied.directories, copied.links - 1),
        (count("file"), count("folder"), count("link"))
    );
    for folder in [source, container.local.path().join("copy")] {
        fs::set_permissions(folder.join("read only"), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[tokio::test]
async fn every_kind_of_path_is_understood() {
    let container = Container::new();
    let client = container.server.client();
    fs::create_dir_all(container.root.path().join("folder/sub")).unwrap();
    fs::write(container.root.path().join("folder/a b"), "content").unwrap();
    fs::write(container.root.path().join("-rf"), "an option").unwrap();
    let local = container.local.path();
    download(&container, "folder/a b", "file").send(&client).await.unwrap();
    download(&container, "folder/a b", "").send(&client).await.unwrap();
    download(&container, "folder/", "").send(&client).await.unwrap();
    download(&container, "folder/.", "dot").send(&client).await.unwrap();
    Download::new("default", "web", "-rf", local).send(&client).await.unwrap();
    Download::new("default", "web", "folder/sub", local.join("sub")).send(&client).await.unwrap();
    assert_eq!(Container::names(local), ["-rf", "a b", "dot", "file", "folder", "sub"]);
    assert_eq!(Container::names(&local.join("dot")), ["a b", "sub"]);
    for path in ["file", "a b", "folder/a b", "dot/a b"] {
        assert_eq!(fs::read_to_string(local.join(path)).unwrap(), "content");
    }
}

#[tokio::test]
async fn a_local_link_to_a_folder_is_that_folder() {
    let container = Container::new();
    let client = container.server.client();
    fs::create_dir(container.root.path().join("folder")).unwrap();
    fs::write(container.root.path().join("folder/file"), "content").unwrap();
    let local = container.local.path();
    fs::create_dir(local.join("real")).unwrap();
    symlink("real", local.join("link")).unwrap();
    download(&container, "folder/.", "link").send(&client).await.unwrap();
    download(&container, "folder/file", "link/").max_bytes(7).send(&client).await.unwrap();
    assert_eq!(Container::names(local), ["link", "real"]);
    assert_eq!(Container::names(&local.join("real")), ["file"]);
}

#[tokio::test]
async fn files_are_replaced_and_folders_are_merged() {
    let container = Container::new();
    let client = container.server.client();
    let (remote, local) = (container.root.path(), container.local.path());
    for (place, content) in [(local, "old"), (remote, "new")] {
        fs::create_dir_all(place.join("folder/sub")).unwrap();
        fs::write(place.join("folder/sub/both"), content).unwrap();
        fs::write(place.join("folder/sub").join(content), content).unwrap();
    }
    // A link in the way is replaced, and not written through.
    fs::write(local.join("elsewhere"), "untouched").unwrap();
    symlink("../elsewhere", local.join("folder/linked")).unwrap();
    fs::write(remote.join("folder/linked"), "new").unwrap();
    download(&container, "folder", "").send(&client).await.unwrap();
    assert_eq!(Container::names(&local.join("folder/sub")), ["both", "new", "old"]);
    assert_eq!(fs::read_to_string(local.join("folder/sub/both")).unwrap(), "new");
    assert_eq!(fs::read_to_string(local.join("folder/linked")).unwrap(), "new");
    assert_eq!(fs::read_to_string(local.join("elsewhere")).unwrap(), "untouched");
    // Nothing moves if not all can.
    fs::write(remote.join("folder/sub/both"), "newer").unwrap();
    fs::create_dir(remote.join("folder/sub/old")).unwrap();
    let error = download(&container, "folder", "").send(&client).await.unwrap_err();
    assert!(format!("{error:?}").contains("a file is there, and a folder would take its place"), "{error:?}");
    assert_eq!(fs::read_to_string(local.join("folder/sub/both")).unwrap(), "new");
}

#[tokio::test]
async fn a_failure_of_the_command_is_the_error() {
    let container = Container::new();
    let client = container.server.client();
    let error = download(&container, "missing", "copy").send(&client).await.unwrap_err();
    assert!(error.to_string().contains("exit code 2: tar: ./missing: Cannot stat: No such file"), "{error}");
    let error = Download::new("default", "gone", "/etc", container.local.path()).send(&client).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    fs::write(container.root.path().join("file"), "content").unwrap();
    let error = download(&container, "file", "no/such/folder").send(&client).await.unwrap_err();
    assert!(error.to_string().contains("can't create a folder in"), "{error}");
    assert_eq!(Container::names(container.local.path()), [""; 0]);
}

#[tokio::test]
async fn a_download_that_breaks_leaves_the_target_as_it_was() {
    let container = Container::new();
    fill(&container.root.path().join("source"));
    for bytes in [2, 5000, 1_000_000] {
        container.server.inject(Fault::reset_after(bytes).resource("pods/exec"));
        let error = download(&container, "source", "copy").send(&container.server.client()).await.unwrap_err();
        assert!(error.is_connection_lost(), "{error}");
        assert_eq!(Container::names(container.local.path()), [""; 0]);
    }
}

#[tokio::test]
async fn a_download_that_nobody_waits_for_ends() {
    let container = Container::new();
    container.server.on_exec(|_, io| async move {
        let _io = io;
        std::future::pending::<()>().await;
    });
    let waiting = download(&container, "source", "copy");
    let client = container.server.client();
    let waiting = tokio::time::timeout(std::time::Duration::from_millis(200), waiting.send(&client)).await;
    assert!(waiting.is_err());
    for _ in 0..500 {
        if Container::names(container.local.path()).is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{:?} is left", Container::names(container.local.path()));
}

#[tokio::test]
async fn links_are_kept_left_out_or_followed() {
    let container = Container::new();
    let client = container.server.client();
    let source = container.root.path().join("source");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("file"), "content").unwrap();
    symlink("file", source.join("link")).unwrap();
    for (links, target) in [(Links::Keep, "keep"), (Links::Skip, "skip"), (Links::Follow, "follow")] {
        download(&container, "source", target).links(links).send(&client).await.unwrap();
    }
    let found = |path: &str| contents(&container.local.path().join(path)).remove(Path::new("link"));
    assert_eq!(found("keep").unwrap(), "link \"file\"");
    assert_eq!(found("skip"), None);
    assert!(found("follow").unwrap().starts_with("file"));
}

#[tokio::test]
async fn progress_is_told_and_the_size_is_bounded() {
    let container = Container::new();
    let client = container.server.client();
    fill(&container.root.path().join("source"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let observer = Arc::clone(&seen);
    let observed = download(&container, "source", "copy")
        .on_progress(move |progress| observer.lock().unwrap().push(progress.clone()));
    let copied = observed.send(&client).await.unwrap();
    let last = seen.lock().unwrap().last().unwrap().clone();
    assert_eq!((last.bytes, last.files, last.total_bytes), (copied.bytes, copied.files, None));
    download(&container, "source", "exact").max_bytes(copied.bytes).send(&client).await.unwrap();
    let error = download(&container, "source", "less").max_bytes(copied.bytes - 1).send(&client).await.unwrap_err();
    assert!(error.is_too_large(), "{error}");
    assert_eq!(Container::names(container.local.path()), ["copy", "exact"]);
}

#[tokio::test]
async fn a_file_arrives_without_tar_and_a_folder_is_an_error_that_says_so() {
    let (container, _programs) = Container::with_programs(&["cat"]);
    let client = container.server.client();
    fill(&container.root.path().join("source"));
    download(&container, "source/large", "large").send(&client).await.unwrap();
    let large = fs::read(container.local.path().join("large")).unwrap();
    assert!(large == fs::read(container.root.path().join("source/large")).unwrap());
    download(&container, "source/large", "large").max_bytes(3_000_001).send(&client).await.unwrap();
    let less = download(&container, "source/large", "less").max_bytes(3_000_000);
    let error = less.send(&client).await.unwrap_err();
    assert!(error.is_too_large(), "{error}");
    let error = download(&container, "source", "folder").send(&client).await.unwrap_err();
    assert!(error.is_program_missing() && error.to_string().contains("\"tar\": executable file not found"), "{error}");
    let error = download(&container, "source/missing", "missing").send(&client).await.unwrap_err();
    assert!(error.to_string().contains("missing: No such file"), "{error}");
    assert_eq!(Container::names(container.local.path()), ["large"]);
}
