//! Files, folders, streams and texts; and what is wrong with them.

use std::fs;

use kubernetes_utils::manifests::{ManifestReader, Manifests, ProblemKind};

fn names(manifests: &Manifests) -> Vec<String> {
    let name = |manifest: &kubernetes_utils::manifests::Manifest| {
        let place = manifest.location.as_ref().map(ToString::to_string).unwrap_or_default();
        let place = place.rsplit('/').next().unwrap_or_default().to_owned();
        format!("{place} {} {}", manifest.object.kind(), manifest.object.name())
    };
    manifests.iter().map(name).collect()
}

#[test]
fn documents_and_items_of_lists_have_their_places() {
    let text = "# a comment
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
---
null
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: b}
- apiVersion: v1
  kind: List
  items:
    - {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
---
{apiVersion: v1, kind: PodList, items: [{metadata: {name: d}}]}
...
---
apiVersion: v1
kind: List
metadata: {}
---
apiVersion: example.com/v1
kind: AllowList
metadata: {name: e}
spec: {items: [1]}
";
    let manifests = Manifests::from_text("x.yaml", text).unwrap();
    let expected = [
        "x.yaml:2:1 ConfigMap a",
        "x.yaml:12:3 ConfigMap b",
        "x.yaml:18:7 ConfigMap c",
        "x.yaml:20:41 Pod d",
        "x.yaml:27:1 AllowList e",
    ];
    assert_eq!(names(&manifests), expected);
    assert_eq!(manifests.iter().nth(3).unwrap().object.api_version(), "v1", "items of typed lists take their type");
}

#[test]
fn json_has_places_too() {
    let text = "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"a\"}}\n\
                {\t\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n  {\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n\
                \"metadata\": {\"name\": \"b\"}}]}";
    let manifests = Manifests::from_text("x.json", text).unwrap();
    assert_eq!(names(&manifests), ["x.json:1:1 ConfigMap a", "x.json:3:3 Pod b"]);
    let wrong = text.replace("\"b\"", "[]");
    let error = Manifests::from_text("x.json", &wrong).unwrap_err();
    assert!(error.to_string().starts_with("x.json:4:22: the object can't be read"), "{error}");
}

/// A text, the kind of the first problem, and the beginning of the message.
const WRONG: &[(&str, ProblemKind, &str)] = &[
    ("kind: Pod", ProblemKind::InvalidObject, "w.yaml:1:1: the object has no apiVersion"),
    ("\n\napiVersion: v1", ProblemKind::InvalidObject, "w.yaml:3:1: the object has no kind"),
    ("a text", ProblemKind::InvalidObject, "w.yaml:1:1: the document is not an object"),
    ("- 1", ProblemKind::InvalidObject, "w.yaml:1:1: the document is not an object"),
    ("kind: Pod\napiVersion: a/b/c", ProblemKind::InvalidObject, "w.yaml:2:13: \"a/b/c\" is not a valid apiVersion"),
    ("a: b\n\tc: d", ProblemKind::Syntax, "w.yaml:2:1: a tab can't indent YAML: use spaces"),
    ("spec:\n\treplicas: 1", ProblemKind::Syntax, "w.yaml:2:1: a tab can't indent YAML: use spaces"),
    ("a: [1", ProblemKind::Syntax, "w.yaml:1:"),
    ("a: b: c", ProblemKind::Syntax, "w.yaml:1:"),
    ("ok: 1\n---\na: *b", ProblemKind::Syntax, "w.yaml:3:4: "),
    (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    app: web\n    version: 1.10",
        ProblemKind::InvalidObject,
        "w.yaml:6:14: the object can't be read: metadata.labels.version: ",
    ),
    (
        "apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n- 7",
        ProblemKind::InvalidObject,
        "w.yaml:4:3: the object has no apiVersion\nw.yaml:5:3: the document is not an object",
    ),
    ("apiVersion: v1\nkind: List\nitems: {}", ProblemKind::InvalidObject, "w.yaml:3:8: `items` is not a list"),
];

#[test]
fn errors_name_line_and_column() {
    for (text, kind, message) in WRONG {
        let error = Manifests::from_text("w.yaml", text).unwrap_err();
        assert!(error.to_string().starts_with(message), "{text}: {error}");
        assert_eq!(error.problems()[0].kind(), *kind, "{text}");
        let location = error.problems()[0].location().expect("a place");
        assert_eq!((location.source(), location.line() > 0, location.column() > 0), ("w.yaml", true, true));
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let reader = Manifests::reader().text("a", "kind: Pod").text("b", "\t").text("c", "{");
    let error = reader.path("/does/not/exist.yaml").read().unwrap_err();
    let kinds: Vec<_> = error.problems().iter().map(kubernetes_utils::manifests::Problem::kind).collect();
    assert_eq!(kinds.first(), Some(&ProblemKind::InvalidObject));
    assert_eq!(kinds.last(), Some(&ProblemKind::Unreadable));
    assert!(error.to_string().contains("can't read the manifest /does/not/exist.yaml: "), "{error}");
}

#[test]
fn lists_in_lists_have_a_limit() {
    let mut list = "{apiVersion: v1, kind: Pod, metadata: {name: a}}".to_owned();
    for _ in 0..8 {
        list = format!("{{apiVersion: v1, kind: List, items: [{list}]}}");
    }
    assert_eq!(Manifests::from_text("x", &list).unwrap().len(), 1);
    let deeper = format!("{{apiVersion: v1, kind: List, items: [{list}]}}");
    let error = Manifests::from_text("x", &deeper).unwrap_err();
    assert!(error.to_string().contains("more than 8 levels"), "{error}");
    let hostile = "{\"kind\":\"List\",\"items\":[".repeat(100_000);
    assert!(Manifests::from_text("x", &hostile).is_err());
    assert!(Manifests::from_text("x", &"[".repeat(100_000)).is_err());
    assert!(Manifests::from_text("x", &"- ".repeat(100_000)).is_err());
}

#[test]
fn sizes_have_limits() {
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.yaml");
    // 50 MB that are not on the disk.
    fs::File::create(&large).unwrap().set_len(50 << 20).unwrap();
    let error = Manifests::from_path(&large).unwrap_err();
    assert!(error.has(ProblemKind::TooLarge), "{error}");
    assert!(error.to_string().ends_with("large.yaml: there are more than 33554432 bytes of manifests"), "{error}");
    let error = Manifests::from_reader("endless", std::io::repeat(b'a')).unwrap_err();
    assert_eq!(error.to_string(), "endless: there are more than 33554432 bytes of manifests");

    let pods = "{apiVersion: v1, kind: Pod, metadata: {name: a}}\n---\n".repeat(3);
    let error = Manifests::reader().max_objects(2).text("x", &pods).read().unwrap_err();
    assert_eq!(error.to_string(), "x:5:1: there are more than 2 objects");
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}}";
    let error = Manifests::reader().max_bytes(60).text("x", pod).text("y", pod).read().unwrap_err();
    assert_eq!(error.to_string(), "y: there are more than 60 bytes of manifests");
    assert_eq!(ManifestReader::MAX_OBJECTS, 100_000);
}

#[test]
fn folders_are_read_in_the_order_of_names() {
    let folder = tempfile::tempdir().unwrap();
    let pod = |name: &str| format!("{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}}}");
    fs::create_dir(folder.path().join("b")).unwrap();
    for (file, name) in
        [("c.yml", "c"), ("a.yaml", "a"), ("b/inner.json", "i"), ("d.json", "d"), ("README.md", "readme")]
    {
        fs::write(folder.path().join(file), pod(name)).unwrap();
    }
    fs::create_dir(folder.path().join("e.yaml")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(), folder.path().join("b/loop")).unwrap();
    let flat = Manifests::from_path(folder.path()).unwrap();
    assert_eq!(names(&flat), ["a.yaml:1:1 Pod a", "c.yml:1:1 Pod c", "d.json:1:1 Pod d"]);
    let deep = Manifests::reader().recursive(true).path(folder.path()).read().unwrap();
    assert_eq!(names(&deep), ["a.yaml:1:1 Pod a", "inner.json:1:1 Pod i", "c.yml:1:1 Pod c", "d.json:1:1 Pod d"]);
    let one = Manifests::from_path(folder.path().join("README.md")).unwrap();
    assert_eq!(names(&one), ["README.md:1:1 Pod readme"], "a file that is named may have any name");
}

#[test]
fn a_folder_without_manifests_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.txt"), "").unwrap();
    let error = Manifests::from_path(folder.path()).unwrap_err();
    assert!(error.has(ProblemKind::Empty), "{error}");
    assert!(error.to_string().ends_with("no .yaml, .yml or .json file in this folder"), "{error}");
}

#[test]
fn folders_that_are_nested_too_deep_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), "{apiVersion: v1, kind: Pod, metadata: {name: a}}").unwrap();
    fs::create_dir_all(folder.path().join("d/".repeat(65))).unwrap();
    let error = Manifests::reader().recursive(true).path(folder.path()).read().unwrap_err();
    assert!(error.to_string().ends_with("folders are nested more than 64 levels deep"), "{error}");
}

#[test]
fn texts_have_to_be_utf_8() {
    let error = Manifests::from_reader("x", &b"a: b\nc: \xff"[..]).unwrap_err();
    assert_eq!(error.to_string(), "x:2: the text is not valid UTF-8");
    assert_eq!(Manifests::from_text("x", "\u{feff}apiVersion: v1\nkind: Pod").unwrap().len(), 1);
}

#[test]
fn names_of_sources_do_not_reach_the_terminal_raw() {
    let error = Manifests::from_text("a\u{1b}[31m", "kind: \u{7}").unwrap_err();
    assert!(!error.to_string().contains(['\u{1b}', '\u{7}']), "{error:?}");
}
