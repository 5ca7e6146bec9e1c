use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use kubernetes_sdk::streams::{Download, Exec, Upload};

use super::{in_time, sleeping_pod};

/// Files that are hard to copy.
fn fill(folder: &Path) {
    fs::create_dir_all(folder.join("deep/er")).unwrap();
    fs::create_dir(folder.join("empty")).unwrap();
    for name in ["a b", "q'u\"o`t$e", "new\nline", "-rf", "ümläut", "deep/er/file", "back\\slash*?"] {
        fs::write(folder.join(name), name).unwrap();
    }
    fs::write(folder.join(OsStr::from_bytes(b"not\xffutf8")), "bytes").unwrap();
    fs::write(folder.join("n".repeat(200)), "a long name").unwrap();
    fs::write(folder.join("script"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(folder.join("script"), fs::Permissions::from_mode(0o750)).unwrap();
    symlink("deep/er/file", folder.join("link")).unwrap();
    let large: Vec<u8> =
        (0..20_000_000_u32).map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    fs::write(folder.join("large"), large).unwrap();
    fs::create_dir(folder.join("many")).unwrap();
    for number in 0..500 {
        fs::write(folder.join(format!("many/{number}")), number.to_string()).unwrap();
    }
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let (mut found, mut pending) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(path) = pending.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let content = if metadata.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            Vec::new()
        } else if metadata.is_symlink() {
            fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
        } else {
            fs::read(&path).unwrap()
        };
        found.insert(path.strip_prefix(folder).unwrap().to_owned(), (metadata.permissions().mode(), content));
    }
    found
}

#[tokio::test]
async fn a_folder_goes_there_and_back() {
    let (client, namespace) = sleeping_pod("copy").await;
    let local = tempfile::tempdir().unwrap();
    fill(&local.path().join("source"));
    let upload = Upload::new(&namespace, "web", local.path().join("source"), "/tmp/copy");
    let uploaded = in_time(upload.send(&client)).await.unwrap();
    let download = Download::new(&namespace, "web", "/tmp/copy", local.path().join("back"));
    let downloaded = in_time(download.retries(2).send(&client)).await.unwrap();
    assert!(contents(&local.path().join("back")) == contents(&local.path().join("source")));
    assert_eq!((uploaded.bytes, uploaded.files), (downloaded.bytes, downloaded.files));
    // Again, into the folder that is there now.
    let upload = Upload::new(&namespace, "web", local.path().join("source"), "/tmp/copy/");
    in_time(upload.send(&client)).await.unwrap();
    let script = "ls -a /tmp; ls /tmp/copy/source | wc -l; stat -c %U /tmp/copy/script";
    let output = in_time(Exec::new(&namespace, "web", ["sh", "-c", script]).output(&client)).await.unwrap();
    let entries = fs::read_dir(local.path().join("source")).unwrap().count();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!(".\n..\ncopy\n{entries}\nroot\n"));
}

#[tokio::test]
async fn failures_have_the_messages_of_the_command() {
    let (client, namespace) = sleeping_pod("copy-fail").await;
    let local = tempfile::tempdir().unwrap();
    let error = Download::new(&namespace, "web", "/no/such/file", local.path()).send(&client).await.unwrap_err();
    assert!(error.to_string().contains("exit code 1") && error.to_string().contains("No such file"), "{error}");
    fs::write(local.path().join("file"), "content").unwrap();
    let upload = Upload::new(&namespace, "web", local.path().join("file"), "/proc/file");
    let error = upload.send(&client).await.unwrap_err();
    assert!(error.to_string().contains("exit code 1: mktemp"), "{error}");
    // A container without tar: the same file system without its programs.
    let hide = "mkdir /hidden && mv $(which tar) /hidden/";
    let hidden = in_time(Exec::new(&namespace, "web", ["sh", "-c", hide]).output(&client)).await.unwrap();
    assert!(hidden.status.success(), "{}", String::from_utf8_lossy(&hidden.stderr));
    in_time(Upload::new(&namespace, "web", local.path().join("file"), "/tmp/file").send(&client)).await.unwrap();
    let download = Download::new(&namespace, "web", "/tmp/file", local.path().join("back"));
    in_time(download.send(&client)).await.unwrap();
    assert_eq!(fs::read_to_string(local.path().join("back")).unwrap(), "content");
    let error = Download::new(&namespace, "web", "/tmp", local.path()).send(&client).await.unwrap_err();
    assert!(error.is_program_missing(), "{error}");
}
