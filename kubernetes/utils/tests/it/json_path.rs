//! Conditions on a field: the cases of `kubectl wait --for=jsonpath`
//! (<https://github.com/kubernetes/kubectl/blob/v0.37.2/pkg/cmd/wait/wait_test.go>), and more.

use kubernetes_dynamic::DynamicObject;
use kubernetes_utils::conditions::{json_path, json_path_exists};
use kubernetes_watch::Verdict;
use serde_json::json;

fn pod() -> DynamicObject {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "foo", "annotations": {"example.com/a": "x"}},
        "spec": {"containers": [{"name": "c1", "image": "i1", "ports": [{"containerPort": 80}]}, {"name": "c2"}],
            "hostNetwork": true, "nodeName": "node-1", "priority": 7, "empty": null},
        "status": {"phase": "Running", "conditions": [
            {"type": "Ready", "status": "True"}, {"type": "Initialized", "status": "False"}]},
    });
    serde_json::from_value(pod).unwrap()
}

#[test]
fn fields_are_compared_as_kubectl_does() {
    let met = [
        ("{.status.phase}", "Running"),
        (".status.phase", "Running"),
        ("status.phase", " Running "),
        ("{.spec.hostNetwork}", "true"),
        ("{.spec.priority}", "7"),
        ("{.spec.empty}", "<nil>"),
        ("{.spec.containers[0].ports[0].containerPort}", "80"),
        ("{.spec.containers[-1].name}", "c2"),
        ("{.spec.containers[*].image}", "i1"),
        (r"{.metadata.annotations.example\.com/a}", "x"),
        ("{.metadata.annotations['example.com/a']}", "x"),
        ("{.status.conditions[?(@.type==\"Ready\")].status}", "True"),
        ("{.status.conditions[?(@.type!='Ready')].status}", "False"),
        ("{.spec.containers[?(@.ports[0].containerPort>=80)].name}", "c1"),
        ("{.spec['nodeName']}", "node-1"),
    ];
    for (path, value) in met {
        let condition = json_path::<DynamicObject>(path, value).unwrap();
        assert_eq!(condition.check(Some(&pod())), Verdict::Met, "{condition}");
    }
    let others = [
        ("{.status.phase}", "Pending", Verdict::waiting("its value is \"Running\"")),
        ("{.status.nothing}", "x", Verdict::waiting("it has no such field")),
        ("{.status.phase.deeper}", "x", Verdict::waiting("it has no such field")),
        ("{.spec.containers[9]}", "x", Verdict::waiting("it has no such field")),
        ("{.spec.containers[*].name}", "x", Verdict::failed("the path leads to more than one value")),
        ("{.spec.containers}", "x", Verdict::failed("the path leads to an object or a list")),
        ("{.spec.containers[?(@.image<'a')].name}", "c1", Verdict::waiting("it has no such field")),
    ];
    for (path, value, verdict) in others {
        assert_eq!(json_path::<DynamicObject>(path, value).unwrap().check(Some(&pod())), verdict, "{path}");
    }
}

#[test]
fn a_field_that_exists_is_enough_without_a_value() {
    for (path, met) in [("{.spec.nodeName}", true), ("{.spec.containers}", true), ("{.spec.other}", false)] {
        assert_eq!(json_path_exists::<DynamicObject>(path).unwrap().check(Some(&pod())).is_met(), met, "{path}");
    }
    let error = json_path_exists::<DynamicObject>("{..x}").unwrap_err();
    assert_eq!(error.to_string(), "\"{..x}\" is not a JSONPath: `..` is not supported");
}
