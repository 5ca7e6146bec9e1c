use serde_json::{Value, json};

use super::subjects::{Subject, object, subjects, typed};

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) label: String,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
    pub(crate) accept: &'static str,
}

pub(crate) const JSON: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const METADATA: &str = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";

/// All calls, in their order.
pub(crate) fn calls(namespace: &str) -> Vec<Call> {
    let mut script = Script { calls: Vec::new(), label: "setup".to_owned() };
    script.json("POST", "/api/v1/namespaces", json!({"metadata": {"name": namespace}}));
    script.get("/api/v1/namespaces/nowhere");
    script.discovery();
    script.shards(namespace);
    for subject in subjects() {
        script.run(&subject, namespace);
    }
    script.json("DELETE", &format!("/api/v1/namespaces/{namespace}"), Value::Null);
    script.calls
}

struct Script {
    calls: Vec<Call>,
    label: String,
}

impl Script {
    fn call(&mut self, what: &str, method: &'static str, path: &str, content_type: &'static str, body: String) {
        let label = format!("{} {what}", self.label);
        self.calls.push(Call { label, method, path: path.to_owned(), content_type, body, accept: JSON });
    }

    fn get(&mut self, path: &str) {
        self.call("get", "GET", path, JSON, String::new());
    }

    fn get_as(&mut self, form: &'static str, path: &str) {
        self.get(path);
        if let Some(call) = self.calls.last_mut() {
            call.accept = form;
        }
    }

    fn json(&mut self, method: &'static str, path: &str, body: Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.call("", method, path, JSON, body);
    }

    fn patch(&mut self, path: &str, content_type: &'static str, body: Value) {
        self.call("patch", "PATCH", path, content_type, body.to_string());
    }

    fn discovery(&mut self) {
        for path in ["/api/v1/none", "/apis/none", "/none", "/apis/apps/v1/none", "/api/v1/namespaces/x/nodes"] {
            self.get(path);
        }
    }

    /// By the hash of the namespace, which is the same in both clusters.
    fn shards(&mut self, namespace: &str) {
        self.label = "shards".to_owned();
        let list = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases");
        self.json("POST", &list, json!({"metadata": {"name": "a"}, "spec": {}}));
        self.json("POST", &list, json!({"metadata": {"name": "b"}, "spec": {}}));
        let range = |field: &str, start: &str, end: &str| {
            format!("shardRange(object.metadata.{field},'{start}','{end}')").replace(' ', "%20")
        };
        let (zero, middle, end) = ("0x0000000000000000", "0x8000000000000000", "0x10000000000000000");
        for selector in [
            range("namespace", zero, middle),
            range("namespace", middle, end),
            format!("{}||{}", range("namespace", zero, middle), range("namespace", middle, end)),
            format!("({}%20)", range("uid", zero, end)).replace('\'', "%22"),
            String::new(),
            "%20".to_owned(),
            "x".to_owned(),
            "a.b".to_owned(),
            "true".to_owned(),
            "other(1)".to_owned(),
            "!x".to_owned(),
            format!("{}%26%26true", range("uid", zero, end)),
            range("name", zero, end),
            range("uid", "0x0", end),
            range("uid", "0x", end),
            range("uid", "0000000000000000", end),
            range("uid", "0x00000000000000G0", end),
            range("uid", zero, "0x10000000000000001"),
            range("uid", zero, "0x100000000000000000"),
            range("uid", middle, zero),
            format!("{}||{}", range("uid", zero, end), range("namespace", zero, end)),
            "shardRange(object.metadata.uid)".to_owned(),
            "shardRange(object.metadata.uid,1,true)".to_owned(),
            "shardRange(object.metadata.uid,x,y)".to_owned(),
            "shardRange('uid',1,2)".to_owned(),
        ] {
            self.get(&format!("{list}?shardSelector={selector}"));
            self.get(&format!("{list}?watch=1&timeoutSeconds=1&shardSelector={selector}"));
        }
        let all = range("uid", zero, end);
        self.get(&format!("{list}?limit=1&shardSelector={all}"));
        self.get(&format!("{list}/a?shardSelector=x"));
        self.json("DELETE", &format!("{list}?shardSelector=x"), Value::Null);
        self.json("DELETE", &format!("{list}?shardSelector={all}"), Value::Null);
        self.call("bad shard", "GET", &format!("{list}?shardSelector=("), JSON, String::new());
    }

    fn run(&mut self, subject: &Subject, namespace: &str) {
        self.label = subject.plural.to_owned();
        let root = subject.root();
        let list = format!("{root}/namespaces/{namespace}/{}", subject.plural);
        self.create(subject, &list);
        self.read(subject, &list, &root);
        self.update(subject, &list);
        self.patches(subject, &list);
        self.apply(subject, &list);
        self.subresources(subject, &list);
        self.delete(subject, &list);
    }

    fn subresources(&mut self, subject: &Subject, list: &str) {
        match subject.plural {
            "pods" => self.pods(list),
            "widgets" => self.widgets(list),
            _ => {}
        }
    }

    /// The subresources of a pod, in an order in which the real server does not wait.
    fn pods(&mut self, list: &str) {
        let path = format!("{list}/a");
        let binding = |metadata: Value, target: Value| json!({"metadata": metadata, "target": target});
        let node = json!({"kind": "Node", "name": "nowhere"});
        for (metadata, target) in [
            (json!({"name": "b"}), node.clone()),
            (json!({"name": "a"}), json!({"kind": "Other", "name": "n"})),
            (json!({"name": "a"}), json!({})),
            (json!({"name": "a", "uid": "x"}), node.clone()),
        ] {
            self.json("POST", &format!("{path}/binding"), binding(metadata, target));
        }
        self.json("POST", &format!("{list}/none/binding"), binding(json!({"name": "none"}), node.clone()));
        self.patch(
            &format!("{path}/resize"),
            STRATEGIC,
            json!({"spec": {"containers": [{"name": "d", "image": "x"}]}}),
        );
        self.json("POST", &format!("{path}/eviction"), json!({"metadata": {"name": "other"}}));
        self.patch(&format!("{path}/status"), MERGE, json!({"spec": {"priority": 7}, "status": {"message": "m"}}));
        self.json("POST", &format!("{path}/binding?dryRun=All"), binding(json!({"name": "a"}), node.clone()));
        self.json("POST", &format!("{list}/b/eviction"), json!({"metadata": {"name": "b"}}));
        self.get(&format!("{list}/b"));
    }

    fn widgets(&mut self, list: &str) {
        let (path, metadata) = (format!("{list}/a"), json!({"name": "wrong"}));
        for spec in [
            json!({}),
            json!({"count": 1, "color": 5}),
            json!({"count": 0}),
            json!({"count": 1, "color": "green"}),
            json!({"count": 1, "parts": [{"size": 1}]}),
            json!({"count": 1, "parts": {}}),
        ] {
            self.json(
                "POST",
                list,
                json!({
                    "apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata, "spec": spec,
                }),
            );
        }
        let whole = json!({
            "spec": {"parts": [{"name": "p"}], "unknown": 1}, "status": {"count": 5}, "metadata": {"labels": {"n": "1"}},
        });
        self.patch(&format!("{path}/status"), MERGE, whole.clone());
        self.patch(&path, MERGE, whole);
        self.get(&format!("{path}/scale"));
        self.patch(&format!("{path}/scale"), MERGE, json!({"spec": {"replicas": 4}}));
        self.patch(&path, STRATEGIC, json!({}));
        let other = path.replace("/v1/", "/v1beta1/");
        self.call("after a scale", "GET", &other, JSON, String::new());
        self.get(&list.replace("/v1/", "/v2/"));
    }

    fn create(&mut self, subject: &Subject, list: &str) {
        let with = |metadata: Value| object(subject, metadata);
        self.json("POST", list, with(json!({"name": "a", "labels": {"app": "web"}})));
        self.json("POST", list, with(json!({"name": "b", "labels": {"app": "db"}, "annotations": {"x": "y"}})));
        self.json("POST", list, with(json!({"name": "c", "finalizers": ["example.com/x"]})));
        self.json("POST", list, with(json!({"name": "a"})));
        self.json("POST", list, with(json!({"generateName": "generated-"})));
        self.json("POST", list, with(json!({})));
        self.json("POST", list, with(json!({"name": "other", "namespace": "other"})));
        self.json("POST", list, with(json!({"name": "versioned", "resourceVersion": "5"})));
        self.json("POST", list, with(json!({"name": "labels", "labels": {"a": 1}})));
        self.json("POST", list, with(json!({"name": "labels", "labels": []})));
        self.json("POST", &format!("{list}?dryRun=All"), with(json!({"name": "dry"})));
        self.json("POST", &format!("{list}?dryRun=None"), with(json!({"name": "dry"})));
        self.json("POST", &format!("{list}?fieldValidation=Strict"), with(json!({"name": "strict", "unknown": 1})));
        self.json("POST", &format!("{list}?fieldValidation=Sometimes"), with(json!({"name": "strict"})));
        self.json("POST", &list.replace("namespaces/conf", "namespaces/none-conf"), with(json!({"name": "a"})));
        self.json("POST", &format!("{list}/a"), with(json!({"name": "a"})));
        self.call("malformed", "POST", list, JSON, "{\"metadata\":".to_owned());
        self.call("media type", "POST", list, "text/plain", "x".to_owned());
        self.json("POST", list, json!({"kind": "Other", "apiVersion": "v1", "metadata": {"name": "x"}}));
        if subject.plural != "roles" {
            self.json("POST", list, with(json!({"name": "Wrong_Name"})));
        }
    }

    fn read(&mut self, subject: &Subject, list: &str, root: &str) {
        self.get(&format!("{list}/a"));
        self.get(&format!("{list}/none"));
        self.get(&format!("{list}/a?resourceVersion=0"));
        if subject.has_columns {
            self.get_as(TABLE, &format!("{list}/a"));
            self.get_as(TABLE, &format!("{list}?labelSelector=app&includeObject=None"));
            self.get_as(TABLE, &format!("{list}?labelSelector=app&includeObject=Object"));
            self.get_as(TABLE, &format!("{list}?labelSelector=app&includeObject=Some"));
        }
        self.get_as(METADATA, &format!("{list}/a"));
        self.get_as(METADATA_LIST, &format!("{list}?labelSelector=app"));
        for query in [
            "labelSelector=app",
            "labelSelector=app%3Dweb",
            "labelSelector=app!%3Dweb,app",
            "labelSelector=app+in+(web,db)",
            "labelSelector=app&limit=1",
            "fieldSelector=metadata.name%3Db",
            "fieldSelector=metadata.name!%3Db&labelSelector=app",
            "fieldSelector=spec.nothing%3Db",
            "limit=x",
            "resourceVersion=x",
            "resourceVersion=0&labelSelector=app",
            "resourceVersionMatch=Exact",
            "resourceVersionMatch=Other&resourceVersion=1",
            "resourceVersionMatch=Exact&resourceVersion=0",
            "resourceVersionMatch=Exact&resourceVersion=1",
            "sendInitialEvents=true",
        ] {
            self.get(&format!("{list}?{query}"));
        }
        self.call("bad selector", "GET", &format!("{list}?labelSelector=a+b"), JSON, String::new());
        self.call("bad continue", "GET", &format!("{list}?continue=xx"), JSON, String::new());
        for query in [
            "labelSelector=app",
            "fieldSelector=metadata.name%3Da&resourceVersion=0",
            "resourceVersion=1",
            "resourceVersionMatch=NotOlderThan",
            "sendInitialEvents=true",
            "fieldSelector=metadata.name%3Da&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
        ] {
            self.get(&format!("{list}?watch=1&timeoutSeconds=1&{query}"));
        }
        self.json("POST", &format!("{root}/{}", subject.plural), object(subject, json!({"name": "a"})));
        self.json("DELETE", &format!("{root}/{}", subject.plural), Value::Null);
    }

    fn update(&mut self, subject: &Subject, list: &str) {
        let with = |metadata: Value| object(subject, metadata);
        let path = format!("{list}/a");
        self.json("PUT", &path, with(json!({"name": "b"})));
        self.json("PUT", &path, with(json!({"name": "a", "resourceVersion": "1"})));
        self.json("PUT", &path, with(json!({"name": "a", "resourceVersion": "x"})));
        self.json("PUT", &path, with(json!({"name": "a", "namespace": "other"})));
        self.json("PUT", &path, with(json!({"name": "a", "labels": {"app": "web", "new": "1"}})));
        self.json("PUT", &format!("{path}?dryRun=All"), with(json!({"name": "a", "labels": {"dry": "1"}})));
        self.json("PUT", &format!("{list}/none-conf"), with(json!({"name": "none-other"})));
        self.json("PUT", &path, json!({}));
        self.get(&path);
    }

    fn patches(&mut self, subject: &Subject, list: &str) {
        let path = format!("{list}/a");
        self.patch(&path, MERGE, subject.change.clone());
        self.patch(&path, MERGE, subject.change.clone());
        self.patch(&path, MERGE, json!({"metadata": {"labels": {"app": null, "z": "1"}}}));
        self.patch(&path, MERGE, json!({"metadata": {"name": "b"}}));
        self.patch(&path, MERGE, json!({"metadata": {"resourceVersion": "1"}}));
        self.patch(&format!("{list}/none"), MERGE, json!({}));
        self.patch(&path, JSON_PATCH, json!([{"op": "add", "path": "/metadata/labels/j", "value": "1"}]));
        self.patch(&path, JSON_PATCH, json!([{"op": "test", "path": "/metadata/labels/j", "value": "2"}]));
        self.patch(&path, JSON_PATCH, json!([{"op": "remove", "path": "/metadata/nothing/at/all"}]));
        self.patch(&path, STRATEGIC, json!({"metadata": {"labels": {"s": "1"}}}));
        self.patch(&path, STRATEGIC, json!({"metadata": {"labels": {"$patch": "replace", "only": "1"}}}));
        self.patch(&path, STRATEGIC, json!({"metadata": {"finalizers": ["example.com/y"]}}));
        self.patch(&path, STRATEGIC, json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/y"]}}));
        self.patch(&path, JSON, json!({}));
        self.patch(&path, "application/other", json!({}));
        self.patch(&format!("{path}?force=true"), MERGE, json!({}));
        self.call("bad merge patch", "PATCH", &path, MERGE, "{\"x\"".to_owned());
    }

    fn apply(&mut self, subject: &Subject, list: &str) {
        let path = format!("{list}/applied");
        let labels = |labels: Value| typed(subject, json!({"name": "applied", "labels": labels}));
        self.patch(&path, APPLY, labels(json!({"a": "1"})));
        self.patch(&format!("{path}?fieldManager=one"), APPLY, labels(json!({"a": "1", "b": "1"})));
        self.patch(&format!("{path}?fieldManager=two"), APPLY, labels(json!({"a": "2"})));
        self.patch(&format!("{path}?fieldManager=two"), APPLY, labels(json!({"a": "1"})));
        self.patch(&format!("{path}?fieldManager=two&force=true"), APPLY, labels(json!({"a": "2", "c": "1"})));
        self.patch(&format!("{path}?fieldManager=one"), APPLY, labels(json!({"b": "1"})));
        self.patch(&path, MERGE, json!({"metadata": {"labels": {"b": "9"}}}));
        self.patch(&format!("{path}?fieldManager=one"), APPLY, labels(json!({"b": "1"})));
        self.patch(&format!("{path}?fieldManager=two"), APPLY, labels(json!({})));
        self.patch(&format!("{path}?fieldManager=two"), APPLY, json!({"metadata": {"name": "applied"}}));
        self.patch(&format!("{path}?fieldManager=two"), APPLY, typed(subject, json!({"name": "other"})));
        self.patch(&format!("{path}?fieldManager=one&dryRun=All"), APPLY, labels(json!({"dry": "1"})));
        self.get(&path);
    }

    fn delete(&mut self, subject: &Subject, list: &str) {
        let path = format!("{list}/b");
        self.json("DELETE", &format!("{list}/none"), Value::Null);
        self.json("DELETE", &path, json!({"preconditions": {"uid": "x"}}));
        self.json("DELETE", &path, json!({"preconditions": {"resourceVersion": "1"}}));
        self.json("DELETE", &path, json!({"propagationPolicy": "Other"}));
        self.json("DELETE", &path, json!({"propagationPolicy": "Orphan", "orphanDependents": true}));
        self.json("DELETE", &format!("{path}?dryRun=All"), Value::Null);
        self.json("DELETE", &format!("{path}?dryRun=Some"), Value::Null);
        self.json("DELETE", &path, Value::Null);
        self.json("DELETE", &path, Value::Null);
        let held = format!("{list}/c");
        self.json("DELETE", &held, Value::Null);
        self.json("DELETE", &held, Value::Null);
        self.patch(&held, MERGE, json!({"metadata": {"finalizers": ["example.com/x", "example.com/y"]}}));
        self.patch(&held, MERGE, json!({"metadata": {"labels": {"still": "there"}}}));
        self.patch(&held, MERGE, json!({"metadata": {"finalizers": null}}));
        self.get(&held);
        self.json("DELETE", &format!("{list}?labelSelector=only"), Value::Null);
        self.json("DELETE", &format!("{list}?fieldSelector=metadata.name%3Dapplied"), Value::Null);
        self.get(&format!("{list}?labelSelector={}", subject.plural));
    }
}
