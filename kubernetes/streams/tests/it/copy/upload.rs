use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use kubernetes_streams::{Links, Upload};
use kubernetes_testing::Fault;

use super::{Container, contents, fill};

fn upload(container: &Container, local: &str, remote: &str) -> Upload {
    Upload::new("default", "web", container.local.path().join(local), container.remote(remote))
}

#[tokio::test]
async fn a_folder_arrives_with_all_that_is_in_it() {
    let container = Container::new();
    fill(&container.local.path().join("source"));
    let copied = upload(&container, "source", "copy").send(&container.server.client()).await.unwrap();
    let expected = contents(&container.local.path().join("source"));
    assert_eq!(contents(&container.root.path().join("copy")), expected);
    assert_eq!(Container::names(container.root.path()), ["copy"], "nothing else is left");
    let count = |kind: &str| expected.values().filter(|found| found.starts_with(kind)).count() as u64;
    assert_eq!((copied.files, copied.directories, copied.links), (count("file"), count("folder"), count("link")));
    assert!(copied.bytes > 3_000_001 && copied.skipped == 0, "{copied:?}");
}

#[tokio::test]
async fn a_target_that_is_a_folder_gets_the_source_inside() {
    let container = Container::new();
    let client = container.server.client();
    fs::write(container.local.path().join("a b"), "one").unwrap();
    fs::create_dir(container.root.path().join("folder")).unwrap();
    upload(&container, "a b", "folder").send(&client).await.unwrap();
    upload(&container, "a b", "folder/other name").send(&client).await.unwrap();
    assert_eq!(Container::names(&container.root.path().join("folder")), ["a b", "other name"]);
    let error = upload(&container, "a b", "missing/").send(&client).await.unwrap_err();
    assert!(error.to_string().contains("there is no such folder"), "{error}");
    let error = upload(&container, "a b", "missing/file").send(&client).await.unwrap_err();
    assert!(error.to_string().contains("exit code 1: mktemp"), "{error}");
    // Relative to the folder of the container.
    Upload::new("default", "web", container.local.path().join("a b"), "-rf").send(&client).await.unwrap();
    assert_eq!(fs::read_to_string(container.root.path().join("-rf")).unwrap(), "one");
}

#[tokio::test]
async fn files_are_replaced_and_folders_are_merged() {
    let container = Container::new();
    let client = container.server.client();
    let (local, remote) = (container.local.path(), container.root.path());
    for (place, content) in [(remote, "old"), (local, "new")] {
        fs::create_dir_all(place.join("folder/sub")).unwrap();
        fs::write(place.join("folder/sub/both"), content).unwrap();
        fs::write(place.join("folder/sub").join(content), content).unwrap();
    }
    // A link in the way is replaced, and not written through.
    fs::write(remote.join("elsewhere"), "untouched").unwrap();
    symlink("../elsewhere", remote.join("folder/linked")).unwrap();
    fs::write(local.join("folder/linked"), "new").unwrap();
    let upload_folder = Upload::new("default", "web", local.join("folder"), remote.to_str().unwrap());
    upload_folder.send(&client).await.unwrap();
    assert_eq!(Container::names(&remote.join("folder/sub")), ["both", "new", "old"]);
    assert_eq!(fs::read_to_string(remote.join("folder/sub/both")).unwrap(), "new");
    assert_eq!(fs::read_to_string(remote.join("folder/linked")).unwrap(), "new");
    assert_eq!(fs::read_to_string(remote.join("elsewhere")).unwrap(), "untouched");

    upload(&container, "folder/sub/new", "folder/sub/old").send(&client).await.unwrap();
    assert_eq!(fs::read_to_string(remote.join("folder/sub/old")).unwrap(), "new");
    let error = upload(&container, "folder", "elsewhere").send(&client).await.unwrap_err();
    assert!(error.to_string().contains("a file is there, and a folder would take its place"), "{error}");
    fs::create_dir(remote.join("folder/sub/folder")).unwrap();
    fs::write(local.join("folder/folder"), "a file").unwrap();
    let error = upload(&container, "folder/folder", "folder/sub").send(&client).await.unwrap_err();
    assert!(error.to_string().contains("a folder is there, and a file would take its place"), "{error}");

    // A link to a folder is followed as the target, and not replaced by a folder.
    fs::create_dir_all(remote.join("releases/7")).unwrap();
    symlink("releases/7", remote.join("current")).unwrap();
    upload(&container, "folder/sub/new", "current").send(&client).await.unwrap();
    assert_eq!(Container::names(&remote.join("releases/7")), ["new"]);
    fs::create_dir(local.join("folder/current")).unwrap();
    symlink("../releases/7", remote.join("folder/current")).unwrap();
    fs::remove_file(local.join("folder/folder")).unwrap();
    let error = upload(&container, "folder", "").send(&client).await.unwrap_err();
    assert!(error.to_string().contains("current: a link is there, and a folder would take its place"), "{error}");
}

#[tokio::test]
async fn permissions_are_kept_in_a_container_that_does_not_run_as_root() {
    let container = Container::of_strict_user();
    let client = container.server.client();
    let source = container.local.path().join("source");
    fs::create_dir_all(source.join("shared")).unwrap();
    for (name, mode) in [("shared/file", 0o666), ("program", 0o6755), ("shared", 0o1777), ("", 0o755)] {
        if !source.join(name).exists() {
            fs::write(source.join(name), "content").unwrap();
        }
        fs::set_permissions(source.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    let mode = |path: &str| fs::metadata(container.root.path().join(path)).unwrap().permissions().mode() & 0o7777;
    // The second time, it is merged.
    for _ in 0..2 {
        Upload::new("default", "web", &source, container.root.path().to_str().unwrap()).send(&client).await.unwrap();
        let modes = ["source", "source/shared", "source/shared/file", "source/program"].map(mode);
        assert_eq!(modes, [0o755, 0o777, 0o666, 0o755], "{modes:?}");
    }
}

#[tokio::test]
async fn folders_that_their_owner_can_t_write_to_arrive_new_and_in_others() {
    let container = Container::of_strict_user();
    let client = container.server.client();
    let source = container.local.path().join("source");
    let remote = container.root.path();
    fs::create_dir_all(source.join("fixed/sub")).unwrap();
    fs::write(source.join("fixed/file"), "content").unwrap();
    fs::write(source.join("fixed/sub/file"), "content").unwrap();
    let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for folder in ["fixed/sub", "fixed", ""] {
        set_mode(&source.join(folder), 0o555);
    }
    let send = |target: &str| Upload::new("default", "web", &source, container.remote(target)).send(&client);
    send("new").await.unwrap();
    assert_eq!(contents(&remote.join("new")), contents(&source));

    // In a folder that has other ones already, one of which can be written to.
    fs::create_dir_all(container.local.path().join("old/fixed")).unwrap();
    upload(&container, "old", "merged").send(&client).await.unwrap();
    let merge = Upload::new("default", "web", source.join("fixed"), container.remote("merged"));
    merge.send(&client).await.unwrap();
    let mode = |path: &str| fs::metadata(remote.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode("merged/fixed"), mode("merged/fixed/sub")], [0o755, 0o555]);
    assert_eq!(fs::read_to_string(remote.join("merged/fixed/sub/file")).unwrap(), "content");

    // What can't be replaced is found before anything is.
    set_mode(&source, 0o755);
    fs::write(source.join("first"), "new").unwrap();
    fs::create_dir(container.local.path().join("place")).unwrap();
    upload(&container, "place", "place").send(&client).await.unwrap();
    send("place").await.unwrap();
    fs::write(source.join("first"), "newer").unwrap();
    let error = send("place").await.unwrap_err();
    assert!(error.to_string().contains("source/fixed: the folder can't be written to"), "{error}");
    assert_eq!(fs::read_to_string(remote.join("place/source/first")).unwrap(), "new");
    let names = [Container::names(remote), Container::names(&remote.join("place/source"))];
    assert_eq!(names, [vec!["merged", "new", "place"], vec!["first", "fixed"]]);
    for folder in ["", "fixed", "fixed/sub"] {
        set_mode(&source.join(folder), 0o755);
    }
}

#[tokio::test]
async fn a_file_of_a_merged_folder_is_the_old_or_the_new_one_at_any_time() {
    const BYTES: usize = 20_000_000;
    let container = Container::new();
    let client = container.server.client();
    let replaced = container.root.path().join("site/file");
    for (folder, byte) in [(container.root.path(), b'o'), (container.local.path(), b'n')] {
        fs::create_dir(folder.join("site")).unwrap();
        fs::write(folder.join("site/file"), vec![byte; BYTES]).unwrap();
    }
    let (stop, mut reads) = (Arc::new(AtomicBool::new(false)), 0);
    let (stopped, read) = (Arc::clone(&stop), replaced.clone());
    let reading = tokio::task::spawn_blocking(move || {
        while !stopped.load(Ordering::Relaxed) {
            let length = fs::metadata(&read).expect("it is there at any time").len();
            assert_eq!(length, BYTES as u64, "it is whole at any time");
            reads += 1;
        }
        reads
    });
    let uploaded =
        Upload::new("default", "web", container.local.path().join("site"), container.root.path().to_str().unwrap());
    uploaded.send(&client).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    assert!(reading.await.unwrap() > 0);
    assert!(fs::read(replaced).unwrap() == vec![b'n'; BYTES]);
}

#[tokio::test]
async fn a_merge_takes_all_names_and_checks_them_before_it_begins() {
    let container = Container::new();
    let client = container.server.client();
    let (local, remote) = (container.local.path().join("source"), container.root.path().join("source"));
    fill(&local);
    for number in 0..250 {
        fs::write(local.join(format!("deep/.{number}")), number.to_string()).unwrap();
    }
    fs::create_dir_all(remote.join("deep/er")).unwrap();
    fs::write(remote.join("deep/er/file"), "old").unwrap();
    upload(&container, "source", "").send(&client).await.unwrap();
    assert_eq!(contents(&remote), contents(&local));
    // Two things that can't be replaced, one of each kind, which are named; nothing is moved before.
    for (path, is_folder) in [("deep/er/zz", true), ("zz", false)] {
        fs::write(local.join("deep/new"), "new").unwrap();
        let (of_folder, of_file) = if is_folder { (&remote, &local) } else { (&local, &remote) };
        fs::create_dir(of_folder.join(path)).unwrap();
        fs::write(of_file.join(path), "file").unwrap();
        let error = upload(&container, "source", "").send(&client).await.unwrap_err();
        assert!(error.to_string().contains(&format!("{path}: a f")), "{error}");
        assert!(!remote.join("deep/new").exists());
        fs::remove_dir(of_folder.join(path)).unwrap();
        fs::remove_file(of_file.join(path)).unwrap();
    }
    assert_eq!(Container::names(container.root.path()), ["source"]);
}

#[tokio::test]
async fn a_name_that_is_not_utf8_needs_a_target_with_a_name() {
    use std::os::unix::ffi::OsStrExt;
    let container = Container::new();
    let client = container.server.client();
    let local = container.local.path().join(std::ffi::OsStr::from_bytes(b"not\xffutf8"));
    fs::write(&local, "content").unwrap();
    Upload::new("default", "web", &local, container.remote("named")).send(&client).await.unwrap();
    let error = Upload::new("default", "web", &local, container.remote("")).send(&client).await.unwrap_err();
    assert!(error.to_string().contains("the name of the source is not UTF-8"), "{error}");
    assert_eq!(Container::names(container.root.path()), ["named"]);
}

#[tokio::test]
async fn each_missing_program_is_said_to_be_missing() {
    for missing in ["mktemp", "cat", "wc", "chmod", "mv"] {
        let programs = ["sh", "mktemp", "mv", "rm", "cat", "wc", "chmod"].into_iter().filter(|name| *name != missing);
        let (container, _programs) = Container::with_programs(&programs.collect::<Vec<_>>());
        fs::write(container.local.path().join("file"), "content").unwrap();
        let error = upload(&container, "file", "copy").send(&container.server.client()).await.unwrap_err();
        assert!(error.is_program_missing(), "{missing}: {error}");
    }
}

#[tokio::test]
async fn an_upload_that_breaks_leaves_the_target_as_it_was() {
    let container = Container::new();
    let client = container.server.client();
    fill(&container.local.path().join("source"));
    fs::write(container.root.path().join("file"), "old").unwrap();
    container.server.inject(Fault::reset_after(2).resource("pods/exec"));
    let error = upload(&container, "source", "copy").send(&client).await.unwrap_err();
    assert!(error.is_connection_lost(), "{error}");
    container.settle(&["file"]).await;
}

#[tokio::test]
async fn a_local_file_that_can_t_be_read_is_the_error() {
    let container = Container::new();
    let client = container.server.client();
    let error = upload(&container, "missing", "copy").send(&client).await.unwrap_err();
    assert!(error.to_string().contains("can't read") && error.to_string().contains("missing"), "{error}");
    assert!(container.server.requests().is_empty());
    let loop_folder = container.local.path().join("loop");
    fs::create_dir(&loop_folder).unwrap();
    fs::write(loop_folder.join("file"), "content").unwrap();
    symlink("..", loop_folder.join("up")).unwrap();
    let error = upload(&container, "loop", "copy").links(Links::Follow).send(&client).await.unwrap_err();
    assert!(format!("{error:?}").contains("a link leads to a folder that it is in"), "{error:?}");
    container.settle(&[]).await;
}

#[tokio::test]
async fn links_are_kept_left_out_or_followed() {
    let container = Container::new();
    let client = container.server.client();
    let source = container.local.path().join("source");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("file"), "content").unwrap();
    symlink("file", source.join("link")).unwrap();
    for (links, target) in [(Links::Keep, "keep"), (Links::Skip, "skip"), (Links::Follow, "follow")] {
        upload(&container, "source", target).links(links).send(&client).await.unwrap();
    }
    let found = |path: &str| contents(&container.root.path().join(path)).remove(Path::new("link"));
    assert_eq!(found("keep").unwrap(), "link \"file\"");
    assert_eq!(found("skip"), None);
    assert!(found("follow").unwrap().starts_with("file"));
}

#[tokio::test]
async fn progress_is_told_up_to_the_total() {
    let container = Container::new();
    fill(&container.local.path().join("source"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let observer = Arc::clone(&seen);
    let upload = upload(&container, "source", "copy")
        .on_progress(move |progress| observer.lock().unwrap().push(progress.clone()));
    let copied = upload.send(&container.server.client()).await.unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.windows(2).all(|pair| pair[0].bytes <= pair[1].bytes && pair[0].files <= pair[1].files));
    let last = seen.last().unwrap();
    assert_eq!((last.bytes, last.total_bytes, last.files), (copied.bytes, Some(copied.bytes), copied.files));
}

#[tokio::test]
async fn a_file_arrives_without_tar_and_a_folder_is_an_error_that_says_so() {
    let shell = ["sh", "mktemp", "mv", "rm", "cat", "wc", "chmod"];
    let (container, _programs) = Container::with_programs(&shell);
    let client = container.server.client();
    fill(&container.local.path().join("source"));
    upload(&container, "source/script", "script").send(&client).await.unwrap();
    let copied = contents(&container.root.path().join("script"));
    assert_eq!(copied, contents(&container.local.path().join("source/script")));
    let error = upload(&container, "source", "copy").send(&client).await.unwrap_err();
    assert!(error.is_program_missing() && error.to_string().contains("tar: not found"), "{error}");

    let (container, _programs) = Container::with_programs(&[]);
    fs::write(container.local.path().join("file"), "content").unwrap();
    let error = upload(&container, "file", "copy").send(&container.server.client()).await.unwrap_err();
    assert!(error.is_program_missing() && error.to_string().contains("\"sh\": executable file not found"), "{error}");
}

#[tokio::test]
async fn a_refusal_of_the_server_is_the_error() {
    let container = Container::new();
    fs::write(container.local.path().join("file"), "content").unwrap();
    let upload = Upload::new("default", "gone", container.local.path().join("file"), "/file");
    assert!(upload.send(&container.server.client()).await.unwrap_err().is_not_found());
    let upload = upload_to("");
    assert!(upload.send(&container.server.client()).await.unwrap_err().is_invalid());
}

fn upload_to(remote: &str) -> Upload {
    Upload::new("default", "web", "/etc/hostname", remote)
}
