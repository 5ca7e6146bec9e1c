//! The disk cache, in kubectl's layout: client-go's `discovery/cached/disk` tests as scenarios.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use http::header::{ETAG, IF_NONE_MATCH, VARY};
use kubernetes_config::Config;
use kubernetes_dynamic::{DiskCache, Mapper};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::script::{Script, aggregated, core, group, resource, respond, stale, version};

const SERVER: &str = "https://127.0.0.1:6443";

fn cache(folder: &TempDir) -> DiskCache {
    DiskCache::at(folder.path(), &Config::new(SERVER.parse().unwrap()))
}

fn mapper(script: &Script, folder: &TempDir) -> Mapper {
    Mapper::builder(&script.client()).disk_cache(cache(folder)).build()
}

/// A server whose documents have an entity tag.
fn tagged() -> Script {
    let script = Script::default();
    let apps = json!([
        group("apps", json!([version("v1", json!([resource("Deployment", "deployments", &["deploy"])]))])),
        group("metrics.k8s.io", json!([stale("v1", json!([resource("PodMetrics", "pods", &[])]))])),
        group("empty.example.com", json!([version("v1", json!([]))])),
    ]);
    serve(&script, "/api", core(), "core-1");
    serve(&script, "/apis", apps, "apis-1");
    script
}

fn serve(script: &Script, path: &str, items: Value, tag: &'static str) {
    script.on(path, move |request| {
        let known = request.headers().get(IF_NONE_MATCH).is_some_and(|known| known == tag);
        let mut response = respond(if known { 304 } else { 200 }, &aggregated(items.clone()));
        if known {
            *response.body_mut() = http_body_util::Full::default();
        }
        response.headers_mut().insert(ETAG, tag.parse().unwrap());
        response.headers_mut().insert(VARY, "Accept".parse().unwrap());
        response
    });
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_second_program_needs_no_request() {
    let (script, folder) = (tagged(), TempDir::new().unwrap());
    let deploy = mapper(&script, &folder).resource("deploy").await.unwrap();
    assert_eq!(script.take_requests(), ["/api", "/apis"]);
    let second = mapper(&script, &folder);
    assert_eq!(second.resource("deploy").await.unwrap(), deploy);
    assert_eq!(second.resource("po").await.unwrap().to_string(), "pods.v1.");
    assert!(script.take_requests().is_empty());
    // kubectl keeps nothing of versions that have no resources or do not answer.
    let documents = folder.path().join("discovery/127.0.0.1_6443");
    let expected = ["apps/v1/serverresources.json", "servergroups.json", "v1/serverresources.json"];
    assert_eq!(files(&documents), expected.map(|file| documents.join(file)));
}

#[tokio::test]
async fn without_peers_kubectl_s_documents_are_neither_read_nor_written() {
    let (script, folder) = (tagged(), TempDir::new().unwrap());
    let alone = || Mapper::builder(&script.client()).without_peers().disk_cache(cache(&folder)).build();
    alone().resource("deploy").await.unwrap();
    assert!(!folder.path().join("discovery").exists());
    assert_eq!(files(&folder.path().join("http")).len(), 2, "the responses are kept");
    mapper(&script, &folder).resource("deploy").await.unwrap();
    assert!(folder.path().join("discovery").exists());
    script.take_requests();
    alone().resource("deploy").await.unwrap();
    assert_eq!(script.take_requests(), ["/api", "/apis"]);
}

#[tokio::test]
async fn the_files_are_those_that_kubectl_writes() {
    let (script, folder) = (Script::default(), TempDir::new().unwrap());
    let mut deployments = resource("Deployment", "deployments", &["deploy"]);
    deployments["responseKind"] = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
    deployments["categories"] = json!(["all"]);
    deployments["subresources"] = json!([
        {"subresource": "scale", "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"}, "verbs": ["get"]}
    ]);
    script.aggregated(core(), json!([group("apps", json!([version("v1", json!([deployments]))]))]));
    mapper(&script, &folder).resource("deploy").await.unwrap();
    let read = |file: &str| fs::read_to_string(folder.path().join("discovery/127.0.0.1_6443").join(file)).unwrap();
    assert_eq!(
        read("servergroups.json"),
        r#"{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"","versions":[{"groupVersion":"v1","version":"v1"}],"#.to_owned()
            + r#""preferredVersion":{"groupVersion":"v1","version":"v1"}},{"name":"apps","versions":[{"groupVersion":"apps/v1","#
            + r#""version":"v1"}],"preferredVersion":{"groupVersion":"apps/v1","version":"v1"}}]}"#
            + "\n"
    );
    assert_eq!(
        read("apps/v1/serverresources.json"),
        r#"{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"apps/v1","resources":[{"name":"deployments","#
            .to_owned()
            + r#""singularName":"deployment","namespaced":true,"kind":"Deployment","#
            + r#""verbs":["get","list","watch"],"shortNames":["deploy"],"categories":["all"]},{"name":"deployments/scale","#
            + r#""singularName":"deployment","namespaced":true,"group":"autoscaling","version":"v1","kind":"Scale","verbs":["get"]}]}"#
            + "\n"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn files_have_the_permissions_that_kubectl_gives_them() {
    use std::os::unix::fs::PermissionsExt;
    let (script, folder) = (tagged(), TempDir::new().unwrap());
    mapper(&script, &folder).resource("deploy").await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let files = files(folder.path());
    assert_eq!(files.len(), 5, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o660, "{}", file.display());
        assert_eq!(mode(file.parent().unwrap()) & 0o027, 0, "nothing for others: {}", file.display());
    }
}

#[tokio::test]
async fn a_miss_asks_for_what_has_changed_only() {
    let (script, folder) = (tagged(), TempDir::new().unwrap());
    mapper(&script, &folder).resource("deploy").await.unwrap();
    script.take_requests();
    // One document has changed since.
    let widgets = json!([group("example.com", json!([version("v1", json!([resource("Widget", "widgets", &[])]))]))]);
    serve(&script, "/apis", widgets, "apis-2");
    let second = mapper(&script, &folder);
    assert_eq!(second.resource("widgets").await.unwrap().to_string(), "widgets.v1.example.com");
    assert_eq!(second.resource("po").await.unwrap().to_string(), "pods.v1.", "of a response from before (304)");
    assert_eq!(script.take_requests(), ["/api", "/apis"]);
}

#[tokio::test]
async fn what_is_too_old_is_not_used() {
    let (script, folder) = (tagged(), TempDir::new().unwrap());
    mapper(&script, &folder).resource("deploy").await.unwrap();
    script.take_requests();
    let old = SystemTime::now() - DiskCache::TTL - Duration::from_secs(60);
    let file = folder.path().join("discovery/127.0.0.1_6443/apps/v1/serverresources.json");
    fs::File::options().write(true).open(file).unwrap().set_modified(old).unwrap();
    mapper(&script, &folder).resource("po").await.unwrap();
    assert_eq!(script.take_requests(), ["/api", "/apis"]);
    let longer = Mapper::builder(&script.client()).disk_cache(cache(&folder).ttl(Duration::ZERO)).build();
    longer.resource("po").await.unwrap();
    assert_eq!(script.take_requests(), ["/api", "/apis"]);
}

#[tokio::test]
async fn damaged_files_are_as_good_as_missing() {
    let (script, folder) = (tagged(), TempDir::new().unwrap());
    mapper(&script, &folder).resource("deploy").await.unwrap();
    script.take_requests();
    // As `TestSumDiskCache`: what does not have the sum that it begins with is not used.
    for damage in [&b""[..], b"short", b"\xff not JSON", b"{\"kind\":\"APIGroupList\",\"groups\":1}"] {
        for file in files(folder.path()) {
            fs::write(file, damage).unwrap();
        }
        let deploy = mapper(&script, &folder).resource("deploy").await.unwrap();
        assert_eq!(format!("{deploy:20}"), "deployments.v1.apps ");
        assert_eq!(script.take_requests(), ["/api", "/apis"]);
    }
    // One byte of each response has changed.
    for file in files(&folder.path().join("http")) {
        let mut bytes = fs::read(&file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(file, bytes).unwrap();
    }
    fs::remove_dir_all(folder.path().join("discovery")).unwrap();
    mapper(&script, &folder).resource("deploy").await.unwrap();
}

#[tokio::test]
async fn a_folder_that_can_not_be_written_hinders_nothing() {
    let (script, folder) = (tagged(), TempDir::new().unwrap());
    fs::write(folder.path().join("discovery"), "a file, where a folder should be").unwrap();
    fs::write(folder.path().join("http"), "").unwrap();
    assert_eq!(mapper(&script, &folder).resource("deploy").await.unwrap().to_string(), "deployments.v1.apps");
}

#[tokio::test]
async fn responses_that_go_wrote_are_read() {
    use sha2::{Digest, Sha256};
    let body = aggregated(core()).to_string();
    let hex = |sum: &[u8]| sum.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    // As `DumpResponse` writes them: of HTTP/2, decompressed, with a length, and in chunks.
    let head =
        format!("Content-Type: application/json\r\nEtag: core-1\r\nVary: Accept\r\nX-Varied-Accept: {accept}\r\n");
    let dumps = [
        format!("HTTP/2.0 200 OK\r\n{head}\r\n{body}"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{head}\r\n{body}", body.len()),
        format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{head}\r\n{:x}\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
            10,
            &body[..10],
            body.len() - 10,
            &body[10..]
        ),
    ];
    for (dump, is_used) in dumps.iter().map(|dump| (dump.clone(), true)).chain([
        (format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n{head}\r\n{body}"), false),
        (format!("HTTP/1.1 404 Not Found\r\n{head}\r\n{body}"), false),
        (dumps[0].replace(accept, "application/yaml"), false),
        (dumps[0].replace("Etag", "Content-Encoding: gzip\r\nEtag"), false),
    ]) {
        let (script, folder) = (tagged(), TempDir::new().unwrap());
        let http = folder.path().join("http");
        fs::create_dir_all(&http).unwrap();
        let name = hex(&Sha256::digest(format!("{SERVER}/api?timeout=32s")));
        fs::write(http.join(name), [Sha256::digest(&dump).as_slice(), dump.as_bytes()].concat()).unwrap();
        script.on("/api", move |request| {
            assert_eq!(request.headers().contains_key(IF_NONE_MATCH), is_used, "{dump}");
            let mut response = respond(if is_used { 304 } else { 200 }, &aggregated(core()));
            if is_used {
                *response.body_mut() = http_body_util::Full::default();
            }
            response
        });
        assert_eq!(mapper(&script, &folder).resource("po").await.unwrap().to_string(), "pods.v1.");
    }
}
