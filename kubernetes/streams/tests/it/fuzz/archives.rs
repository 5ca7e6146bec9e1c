use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use kubernetes_streams::{Download, Links};
use kubernetes_testing::TestServer;
use tar::{Builder, EntryType, Header};
use tokio::io::AsyncWriteExt;

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: a}]}}";

const KINDS: [EntryType; 8] = [
    EntryType::Regular,
    EntryType::Directory,
    EntryType::Symlink,
    EntryType::Link,
    EntryType::GNULongName,
    EntryType::GNULongLink,
    EntryType::XHeader,
    EntryType::Fifo,
];

/// For any bytes of a container, a download writes nothing but the copy, no link leads out of that, and files that are there
/// have the content that was sent.
///
/// The first byte chooses how links are copied, and whether the rest is sent as it stands or as entries: each a kind, and a
/// name, a link and a content behind their lengths.
pub(super) fn check(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let links = if choice & 2 == 0 { Links::Keep } else { Links::Skip };
    let (archive, files) = if choice & 1 == 0 { (data.to_vec(), None) } else { archive(data) };
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let fetched = runtime.block_on(fetch(archive, &copy, links));
    let names: Vec<_> =
        fs::read_dir(folder.path()).expect("the folder").map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, if fetched { vec!["copy"] } else { Vec::new() });
    if !fetched {
        return;
    }
    let root = folder.path().canonicalize().expect("the folder");
    for path in below(&copy) {
        // A link that leads nowhere is one that leads nowhere outside, by its own words.
        assert!(path.canonicalize().is_ok_and(|path| path.starts_with(&root)) || is_dangling(&path), "{path:?}");
    }
    for (name, content) in files.unwrap_or_default() {
        assert!(fs::read(folder.path().join("copy").join(name)).expect("a file") == content);
    }
}

fn is_dangling(path: &Path) -> bool {
    let target = fs::read_link(path).unwrap_or_default();
    // Links may also lead to themselves.
    target.is_relative() && fs::metadata(path).is_err()
}

/// All paths in a folder, but for what is behind links.
fn below(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut next) = (vec![folder.to_owned()], 0);
    while let Some(path) = found.get(next).cloned() {
        if fs::symlink_metadata(&path).expect("an entry").is_dir() {
            found.extend(fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        }
        next += 1;
    }
    found
}

/// An archive of entries, and the files in it if there is nothing else but folders, and no name twice.
fn archive(mut data: &[u8]) -> (Vec<u8>, Option<BTreeMap<PathBuf, Vec<u8>>>) {
    let mut builder = Builder::new(Vec::new());
    let mut files = Some(BTreeMap::new());
    while let Some((kind, rest)) = data.split_first() {
        data = rest;
        let kind = KINDS[usize::from(*kind) % KINDS.len()];
        let [name, link, content] = [part(&mut data), part(&mut data), part(&mut data)];
        let mut header = Header::new_gnu();
        let field = name.len().min(100);
        header.as_mut_bytes()[..field].copy_from_slice(&name[..field]);
        let field = link.len().min(100);
        header.as_mut_bytes()[157..157 + field].copy_from_slice(&link[..field]);
        header.set_entry_type(kind);
        header.set_mode(0o644);
        let content = if kind.is_dir() || kind.is_symlink() || kind.is_hard_link() { &[] } else { content };
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, content).expect("memory");
        let path = std::str::from_utf8(name).ok().and_then(|name| name.strip_prefix("x/")).map(PathBuf::from);
        let is_plain = name.len() < 100 && name.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'/');
        match (&mut files, path, kind) {
            (Some(files), Some(path), EntryType::Regular) if is_plain && !name.ends_with(b"/") => {
                files.insert(path, content.to_vec());
            }
            (Some(_), _, EntryType::Directory) => {}
            _ => files = None,
        }
    }
    (builder.into_inner().expect("memory"), files)
}

/// Bytes behind a byte with their length.
fn part<'a>(data: &mut &'a [u8]) -> &'a [u8] {
    let Some((length, rest)) = data.split_first() else { return &[] };
    let (part, rest) = rest.split_at(rest.len().min(usize::from(*length)));
    *data = rest;
    part
}

/// Downloads `/x` from a container that sends these bytes; whether that went well.
async fn fetch(archive: Vec<u8>, copy: &Path, links: Links) -> bool {
    let server = TestServer::in_process();
    server.load_yaml(POD).expect("a pod");
    server.on_exec(move |request, mut io| {
        let bytes = if request.command[0] == "tar" { archive.clone() } else { Vec::new() };
        async move { io.stdout.write_all(&bytes).await }
    });
    let download = Download::new("default", "web", "/x", copy).links(links);
    download.send(&server.client()).await.is_ok()
}
