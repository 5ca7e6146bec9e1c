//! Users' own types become resources by one line.

use kubernetes_core::{
    ApplyRequest, CreateRequest, List, ListRequest, Object, ObjectMeta, Patch, PatchRequest, Path, Raw, ReadRequest,
    ReplaceRequest, Request, Resource, extract, json, resource,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CronTab {
    #[serde(default)]
    metadata: ObjectMeta,
    cron_spec: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    jobs: Vec<Job>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Job {
    name: String,
}
resource!(CronTab: "stable.example.com" / "v1" / "CronTab", "crontabs", namespaced, watch, serde);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cluster {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
    metadata: ObjectMeta,
}
resource!(Cluster: "example.com" / "v1" / "Cluster", "clusters", cluster, serde);

#[test]
fn a_type_with_serde_derives_is_read_and_written_with_its_type() {
    let tab = CronTab { cron_spec: "* * * * */5".into(), ..CronTab::named("nightly") };
    let text = json::to_string(&tab).unwrap();
    assert_eq!(
        text,
        r#"{"apiVersion":"stable.example.com/v1","kind":"CronTab","metadata":{"name":"nightly"},"cronSpec":"* * * * */5"}"#
    );
    assert_eq!(json::from_str::<CronTab>(&text).unwrap(), tab);
    let list: List<CronTab> = json::from_str(&format!(r#"{{"kind": "CronTabList", "items": [{text}]}}"#)).unwrap();
    assert_eq!(list.items, [tab]);
    let error = json::from_str::<CronTab>(r#"{"kind": "Other", "cronSpec": ""}"#).unwrap_err();
    assert_eq!(error.to_string(), "kind: expected \"CronTab\", found \"Other\" at byte 16");
}

#[test]
fn an_error_in_a_type_with_serde_derives_names_the_path() {
    let cases = [
        (r#"{"cronSpec": 5}"#, "items[0].cronSpec: invalid type: integer `5`, expected a string at byte 25"),
        (r#"{"metadata": {"name": "a"}}"#, "items[0]: missing field `cronSpec` at byte 38, in a"),
        (
            "{\n\"cronSpec\": \"\",\n \"jobs\": [{\"name\": \"a\"}, {}]}",
            "items[0].jobs[1]: missing field `name` at byte 56",
        ),
        (
            r#"{"cronSpec": "", "jobs": [{"name": [1]}]}"#,
            "items[0].jobs[0].name: invalid type: sequence, expected a string at byte 46",
        ),
        (r#"{"cronSpec":"","jobs":{}}"#, "items[0].jobs: invalid type: map, expected a sequence at byte 33"),
        (r#"{"cronSpec":{},"jobs":[]}"#, "items[0].cronSpec: invalid type: map, expected a string at byte 23"),
        (r#"{"cronSpec": "", "jobs": {}}"#, "items[0].jobs: invalid type: map, expected a sequence at byte 36"),
        (
            r#"{"metadata": {"labels": [0]}, "cronSpec": ""}"#,
            "items[0].metadata: labels: expected an object, found a list at byte 10 at byte 39",
        ),
        // What stands before the error is neither in its path nor between its parts.
        (
            r#"{"metadata":{"labels":{"a":"b"}},"cronSpec":"","other":[[],{},[{"name":1}]],"jobs":[{"name":"a"},{"name":[]}]}"#,
            "items[0].jobs[1].name: invalid type: sequence, expected a string at byte 116",
        ),
        ("5", "items[0]: expected an object, found a number at byte 11"),
        (r#"{"kind": "Other"}"#, "items[0].kind: expected \"CronTab\", found \"Other\" at byte 27"),
    ];
    for (object, message) in cases {
        let error = json::from_str::<List<CronTab>>(&format!(r#"{{"items": [{object}]}}"#)).unwrap_err();
        assert_eq!(error.to_string(), message, "{object}");
    }
    let raw = json::from_str::<List<Raw<CronTab>>>(r#"{"items": [{"metadata": {"name": 5}}]}"#).unwrap_err();
    assert_eq!(raw.to_string(), "items[0].metadata.name: expected a string, found a number at byte 33");
}

#[test]
fn a_type_that_has_its_own_type_fields_gets_no_second_ones() {
    let cluster = Cluster { api_version: "example.com/v1".into(), kind: "Cluster".into(), ..Cluster::named("c") };
    let text = json::to_string(&cluster).unwrap();
    assert_eq!(text, r#"{"apiVersion":"example.com/v1","kind":"Cluster","metadata":{"name":"c"}}"#);
    assert_eq!(json::from_str::<Cluster>(&text).unwrap(), cluster);
}

#[test]
fn the_macro_makes_the_paths() {
    assert_eq!(Cluster::PLURAL, "clusters");
    assert_eq!(<CronTab as Object>::TYPE.unwrap().api_version(), "stable.example.com/v1");
    let request = ListRequest::<CronTab>::namespaced("shop");
    assert_eq!(format!("{:?}", request.request()), "GET /apis/stable.example.com/v1/namespaces/shop/crontabs");
    let request = ReadRequest::<Cluster>::cluster("c");
    assert_eq!(format!("{:?}", request.request()), "GET /apis/example.com/v1/clusters/c");
    let mut tab = CronTab::named("x");
    tab.metadata_mut().uid = Some("u".into());
    assert_eq!((tab.name(), tab.namespace(), tab.uid()), ("x", None, "u"));
}

fn line(request: &Request) -> String {
    format!("{request:?}")
}

#[test]
fn a_subresource_hangs_below_the_object() {
    let object = "/apis/stable.example.com/v1/namespaces/shop/crontabs/nightly";
    let (tab, patch) = (CronTab::named("nightly"), Patch::merge(&serde_json::json!({})));
    let read = ReadRequest::<CronTab>::namespaced("shop", "nightly").subresource("status");
    assert_eq!(line(read.request()), format!("GET {object}/status"));
    let replace = ReplaceRequest::namespaced("shop", &tab).subresource("status").field_manager("operator");
    assert_eq!(line(replace.request()), format!("PUT {object}/status?fieldManager=operator"));
    let patched = PatchRequest::<CronTab>::namespaced("shop", "nightly", &patch).subresource("status");
    assert_eq!(line(patched.request()), format!("PATCH {object}/status"));
    let applied = ApplyRequest::namespaced("shop", &tab, "operator").subresource("status");
    assert_eq!(line(applied.request()), format!("PATCH {object}/status?fieldManager=operator"));

    // One of another type.
    let scale = Path::namespaced::<CronTab>("shop", "nightly").subresource("scale");
    assert_eq!(line(ReadRequest::<Cluster>::at(scale.clone()).request()), format!("GET {object}/scale"));
    let body = Cluster::named("nightly");
    assert_eq!(line(CreateRequest::<_, Cluster>::at(scale, &body).request()), format!("POST {object}/scale"));
    let cluster = Path::cluster::<Cluster>("c").subresource("status");
    assert_eq!(cluster.as_str().unwrap(), "/apis/example.com/v1/clusters/c/status");

    for (name, fault) in [("", "is empty"), ("..", "must not be \"..\""), ("a/b", "must not contain \"/\"")] {
        let error = Path::cluster::<Cluster>("c").subresource(name).as_str().unwrap_err().to_string();
        assert_eq!(error, format!("the argument `subresource` {fault}"));
    }
}

#[test]
fn an_extraction_that_the_type_cannot_hold_says_why() {
    let tab: CronTab = json::from_str(
        r#"{"metadata": {"name": "nightly", "managedFields": [{"manager": "ours", "operation": "Apply",
            "fieldsV1": {"f:jobs": {}}}]}, "cronSpec": "* * * * *", "jobs": [{"name": "a"}]}"#,
    )
    .unwrap();
    let error = extract(&tab, "ours").unwrap_err().to_string();
    assert!(
        error.starts_with("the manager's fields alone are not a valid CronTab: missing field `cronSpec`"),
        "{error}"
    );
}
