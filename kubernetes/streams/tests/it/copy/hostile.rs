//! Containers that send what they should not.

use std::path::Path;

use kubernetes_streams::{Download, Links};
use tar::{Builder, EntryType, Header};
use tokio::io::AsyncWriteExt;

use super::Container;

/// An entry of an archive, whose name is written as it stands.
fn entry(name: &[u8], kind: EntryType, link: &[u8], content: &[u8]) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link);
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o6777);
    header.set_cksum();
    let mut builder = Builder::new(Vec::new());
    builder.append(&header, content).unwrap();
    let mut bytes = builder.into_inner().unwrap();
    bytes.truncate(bytes.len() - 1024);
    bytes
}

fn file(name: &[u8]) -> Vec<u8> {
    entry(name, EntryType::Regular, b"", b"content")
}

fn link(name: &[u8], target: &[u8]) -> Vec<u8> {
    entry(name, EntryType::Symlink, target, b"")
}

fn folder(name: &[u8]) -> Vec<u8> {
    entry(name, EntryType::Directory, b"", b"")
}

/// Downloads the folder `x` from a container that sends these entries.
async fn fetch(entries: &[Vec<u8>], links: Links) -> (Container, Result<(), kubernetes_streams::Error>) {
    let container = Container::new();
    let archive = [entries.concat(), vec![0; 1024]].concat();
    container.server.on_exec(move |_, mut io| {
        let archive = archive.clone();
        async move { io.stdout.write_all(&archive).await }
    });
    let download = Download::new("default", "web", "/x", container.local.path().join("copy")).links(links);
    let result = download.send(&container.server.client()).await.map(drop);
    (container, result)
}

#[tokio::test]
async fn names_and_links_out_of_the_copy_are_refused() {
    let hard = |name: &[u8], target: &[u8]| entry(name, EntryType::Link, target, b"");
    for entries in [
        &[file(b"/etc/passwd")][..],
        &[folder(b"x"), file(b"x/../../evil")],
        &[folder(b"x"), file(b"../evil")],
        &[folder(b"x"), file(b"y")],
        &[folder(b"x"), link(b"x/l", b"/etc")],
        &[folder(b"x"), link(b"x/l", b"..")],
        &[folder(b"x"), link(b"x/a", b"."), link(b"x/b", b"a/..")],
        &[folder(b"x"), link(b"x/l", b"sub"), file(b"x/l/evil")],
        &[link(b"x", b"sub"), file(b"x/evil")],
        &[link(b"x", b".git/hooks")],
        &[folder(b"x"), hard(b"x/h", b"/etc/passwd")],
        &[folder(b"x"), hard(b"x/h", b"x/../../evil")],
        &[folder(b"x"), link(b"x/l", b"sub"), hard(b"x/h", b"x/l/file")],
    ] {
        let (container, result) = fetch(entries, Links::Keep).await;
        let error = result.unwrap_err();
        assert!(error.is_unsafe_entry(), "{error}");
        assert_eq!(Container::names(container.local.path()), [""; 0], "{error}");
    }
}

#[tokio::test]
async fn a_folder_that_is_there_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let container = Container::new();
    let protected = |name: &[u8]| {
        let mut bytes = folder(name);
        let mut header = Header::new_gnu();
        header.as_mut_bytes().copy_from_slice(&bytes);
        header.set_mode(0o555);
        header.set_cksum();
        bytes.copy_from_slice(header.as_bytes());
        bytes
    };
    let archive = [protected(b"x"), protected(b"x/new"), vec![0; 1024]].concat();
    container.server.on_exec(move |_, mut io| {
        let archive = archive.clone();
        async move { io.stdout.write_all(&archive).await }
    });
    let target = container.local.path().join("x");
    std::fs::create_dir(&target).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let before = mode(&target);
    let download = Download::new("default", "web", "/x", container.local.path());
    download.send(&container.server.client()).await.unwrap();
    assert_eq!((mode(&target), mode(&target.join("new"))), (before, 0o555));
}

#[tokio::test]
async fn an_archive_that_goes_on_behind_its_end_is_an_error() {
    let container = Container::new();
    container.server.on_exec(|_, mut io| async move {
        io.stdout.write_all(&[file(b"x"), vec![0; 1024]].concat()).await.unwrap();
        while io.stdout.write_all(&[0; 64 * 1024]).await.is_ok() {}
    });
    let download = Download::new("default", "web", "/x", container.local.path().join("copy"));
    let client = container.server.client();
    let result = tokio::time::timeout(std::time::Duration::from_secs(60), download.send(&client));
    assert!(result.await.expect("it ends").unwrap_err().to_string().contains("archive"));
}

#[tokio::test]
async fn entries_without_content_count_against_the_limit() {
    let empty = |number: u32| entry(format!("x/{number}").as_bytes(), EntryType::Regular, b"", b"");
    let archive = |count| [vec![folder(b"x")], (1..count).map(empty).collect(), vec![vec![0; 1024]]].concat().concat();
    for (count, bytes, fits) in [(1000, 100_000, false), (196, 100_000, false), (195, 100_000, true), (100, 1, true)] {
        let (container, archive) = (Container::new(), archive(count));
        container.server.on_exec(move |_, mut io| {
            let archive = archive.clone();
            async move { io.stdout.write_all(&archive).await }
        });
        let download = Download::new("default", "web", "/x", container.local.path().join("copy")).max_bytes(bytes);
        let result = download.send(&container.server.client()).await;
        assert_eq!(result.is_ok(), fits, "{count}: {result:?}");
        if let Err(error) = result {
            assert!(error.is_too_large() && error.to_string().contains("more than 195 files"), "{error}");
        }
    }
}

#[tokio::test]
async fn an_entry_with_endless_headers_is_an_error() {
    let container = Container::new();
    container.server.on_exec(|_, mut io| async move {
        let name = entry(b"././@LongLink", EntryType::GNULongName, b"", b"x/name");
        while io.stdout.write_all(&name).await.is_ok() {}
    });
    let download = Download::new("default", "web", "/x", container.local.path().join("copy"));
    let client = container.server.client();
    let result = tokio::time::timeout(std::time::Duration::from_secs(60), download.send(&client));
    let error = result.await.expect("it ends").unwrap_err();
    assert!(format!("{error:#}").contains("too many headers"), "{error:#}");
}

#[tokio::test]
async fn links_that_are_left_out_can_t_do_harm() {
    let entries = [folder(b"x"), link(b"x/l", b"/etc"), file(b"x/l/inside")];
    let (container, result) = fetch(&entries, Links::Skip).await;
    result.unwrap();
    assert_eq!(Container::names(&container.local.path().join("copy/l")), ["inside"]);
}

#[tokio::test]
async fn an_entry_takes_the_place_of_an_earlier_one_and_not_of_its_target() {
    let entries = [folder(b"x"), file(b"x/a"), link(b"x/l", b"a"), file(b"x/l"), file(b"x/a"), folder(b"x")];
    let (container, result) = fetch(&entries, Links::Keep).await;
    result.unwrap();
    let copy = container.local.path().join("copy");
    assert!(std::fs::symlink_metadata(copy.join("l")).unwrap().is_file());
    let (_, result) = fetch(&[folder(b"x"), file(b"x/a"), folder(b"x/a")], Links::Keep).await;
    assert!(result.unwrap_err().to_string().contains("can't write"));
}

#[tokio::test]
async fn files_get_no_special_permissions_and_devices_are_left_out() {
    use std::os::unix::fs::PermissionsExt;
    let entries = [
        folder(b"./x/"),
        file(b"./x/a"),
        entry(b"x/null", EntryType::Char, b"", b""),
        entry(b"x/pipe", EntryType::Fifo, b"", b""),
    ];
    let (container, result) = fetch(&entries, Links::Keep).await;
    result.unwrap();
    let copy = container.local.path().join("copy");
    assert_eq!(Container::names(&copy), ["a"]);
    for path in [copy.clone(), copy.join("a")] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o7777, 0o777);
    }
}

#[tokio::test]
async fn what_is_no_archive_is_an_error() {
    for (bytes, expected) in [(vec![b'x'; 2048], "archive"), (vec![0; 1024], "archive"), (Vec::new(), "archive")] {
        let container = Container::new();
        container.server.on_exec(move |_, mut io| {
            let bytes = bytes.clone();
            async move { io.stdout.write_all(&bytes).await }
        });
        let download = Download::new("default", "web", "/x", container.local.path().join("copy"));
        let error = download.send(&container.server.client()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!Path::exists(&container.local.path().join("copy")));
    }
}
