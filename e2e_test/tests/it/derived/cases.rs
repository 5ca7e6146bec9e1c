//! Specs, and the API server's results for them.

use serde_json::{Value, json};

/// A spec, and the server's: with default values and without what it removes; or a part of its refusal.
pub(super) type Case = (Value, Result<Value, &'static str>);

/// A spec with one field, which the server keeps.
fn kept(field: &str, value: Value) -> Case {
    (json!({field: value}), Ok(json!({field: value})))
}

/// A spec with one field, which the server changes.
fn becomes(field: &str, value: Value, expected: Value) -> Case {
    (json!({field: value}), Ok(json!({field: expected})))
}

fn refused(field: &str, value: Value, message: &'static str) -> Case {
    (json!({field: value}), Err(message))
}

pub(super) fn all() -> Vec<Case> {
    [numbers(), texts(), lists(), maps(), defaults(), enums(), open(), models()].concat()
}

fn numbers() -> Vec<Case> {
    vec![
        (json!({}), Ok(json!({}))),
        kept("byte", json!(255)),
        refused("byte", json!(256), "less than or equal to 255"),
        kept("short", json!(-32768)),
        refused("port", json!(-1), "greater than or equal to 0"),
        kept("count", json!(4_294_967_295_u32)),
        kept("large", json!(9_223_372_036_854_775_807_i64)),
        kept("ratio", json!(0.25)),
        kept("share", json!(0.5)),
        refused("share", json!(0), "greater than 0"),
        refused("share", json!(1), "less than 1"),
        kept("fives", json!(45)),
        refused("fives", json!(7), "multiple of 5"),
        refused("fives", json!(55), "less than or equal to 50"),
        refused("color", json!("blue"), "supported values"),
        (json!({"least": 3, "most": 2}), Err("least is at most most")),
        refused("replicas", json!(100), "too many replicas"),
        refused("replicas", json!(-1), "greater than or equal to 0"),
    ]
}

fn texts() -> Vec<Case> {
    let with = |more: Value| {
        let mut texts = json!({"other": "x"});
        texts.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        texts
    };
    vec![
        kept("texts", json!({"word": "abc"})),
        refused("texts", json!({"word": "a"}), "at least 2"),
        refused("texts", json!({"word": "abcde"}), "Too long"),
        refused("texts", json!({"word": "AB"}), "should match"),
        refused("texts", json!({}), "oneOf"),
        refused("texts", with(json!({"word": "abc"})), "oneOf"),
        kept("texts", with(json!({"bytes": "aGk="}))),
        refused("texts", with(json!({"bytes": "%"})), "byte"),
        kept("texts", with(json!({"at": "2026-01-02T03:04:05Z"}))),
        refused("texts", with(json!({"at": "yesterday"})), "date-time"),
        kept("texts", with(json!({"every": "1h30m0s"}))),
        refused("texts", with(json!({"every": "often"})), "duration"),
        refused("texts", with(json!({"address": "1.2.3"})), "ipv4"),
        kept("texts", with(json!({"name": "abc"}))),
        refused("texts", with(json!({"name": "abcd"})), "Too long"),
    ]
}

fn lists() -> Vec<Case> {
    let ports = json!([{"name": "a"}, {"name": "a", "protocol": "UDP"}]);
    let filled = json!([{"name": "a", "protocol": "TCP"}, {"name": "a", "protocol": "UDP"}]);
    vec![
        kept("lists", json!({"words": ["ab"]})),
        refused("lists", json!({"words": []}), "at least 1"),
        refused("lists", json!({"words": ["ab", "cd", "ef"]}), "Too many"),
        refused("lists", json!({"words": ["a"]}), "at least 2"),
        kept("lists", json!({"set": [1, 2]})),
        refused("lists", json!({"set": [1, 1]}), "Duplicate"),
        becomes("lists", json!({"ports": ports}), json!({"ports": filled})),
        refused("lists", json!({"ports": [{"name": "a"}, {"name": "a"}]}), "Duplicate"),
        refused("lists", json!({"ports": [{"protocol": "UDP"}]}), "Required"),
        becomes("lists", json!({"atomic": ports}), json!({"atomic": filled})),
        refused("lists", json!({"set": [1], "bools": [true]}), "oneOf"),
        kept("lists", json!({"bools": [true, false]})),
        kept("lists", json!({"page": {"items": filled}})),
        kept("lists", json!({"ports": [{"name": "a", "protocol": "TCP", "port": "http"}]})),
    ]
}

fn maps() -> Vec<Case> {
    vec![
        kept("maps", json!({"labels": {"a": "b"}})),
        refused("maps", json!({"labels": {"a": "b", "c": "d"}}), "Too many"),
        refused("maps", json!({"labels": {"a": "bcde"}}), "Too long"),
        refused("maps", json!({}), "anyOf"),
        kept("maps", json!({"nested": {"a": {"b": 1}}})),
        kept("maps", json!({"limits": {"cpu": "500m"}})),
        refused("maps", json!({"limits": {"cpu": "half"}}), "should match"),
    ]
}

fn defaults() -> Vec<Case> {
    let all = json!({
        "number": 3, "ratio": 0.5, "flag": true, "list": ["a"], "map": {"a": "b"}, "nothing": "x", "either": "10%",
        "port": {"name": "web", "protocol": "TCP"},
    });
    let mut zero = all.clone();
    (zero["number"], zero["flag"], zero["list"], zero["either"]) = (json!(0), json!(false), json!([]), json!(5));
    // A null stays, where it is allowed.
    zero["nothing"] = json!(null);
    vec![becomes("defaults", json!({}), all), kept("defaults", zero)]
}

fn enums() -> Vec<Case> {
    let get = json!({"name": "a", "protocol": "TCP"});
    vec![
        kept("enums", json!({"text": "Always"})),
        refused("enums", json!({"text": "Sometimes"}), "supported values"),
        kept("enums", json!({"external": {"httpGet": get}})),
        kept("enums", json!({"external": {"exec": {"command": ["a"]}}})),
        refused("enums", json!({"external": {}}), "oneOf"),
        refused("enums", json!({"external": {"httpGet": get, "exec": {"command": []}}}), "oneOf"),
        kept("enums", json!({"internal": {"type": "Recreate"}})),
        kept("enums", json!({"internal": {"type": "Rolling", "maxSurge": 2}})),
        kept("enums", json!({"internal": {"type": "Named", "name": "a"}})),
        refused("enums", json!({"internal": {"type": "Named"}}), "oneOf"),
        refused("enums", json!({"internal": {"type": "Named", "name": "root"}}), "not root"),
        refused("enums", json!({"internal": {"type": "Other"}}), "supported values"),
        kept("enums", json!({"either": 3})),
        kept("enums", json!({"either": "three"})),
        refused("enums", json!({"either": true}), "integer"),
        kept("enums", json!({"objects": {"name": "a"}})),
        kept("enums", json!({"objects": {"number": 1}})),
        refused("enums", json!({"objects": {}}), "anyOf"),
        kept("enums", json!({"flat": {"path": "a", "httpGet": get}})),
        kept("enums", json!({"flat": {"path": "a", "httpGet": get, "type": "Rolling", "maxSurge": 1}})),
        refused("enums", json!({"flat": {"path": "a"}}), "oneOf"),
        refused("enums", json!({"flat": {"path": "a", "httpGet": get, "maxSurge": 1}}), "type"),
    ]
}

fn open() -> Vec<Case> {
    vec![
        kept("open", json!({"known": 1, "unknown": {"a": [1]}})),
        kept("open", json!({"any": [1, {"a": null}]})),
        kept("open", json!({"raw": {"a": {"b": 1}}})),
        kept("open", json!({"object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "x": 1}})),
        refused("open", json!({"object": {"kind": "Pod"}}), "apiVersion"),
        kept("open", json!({"null": null})),
        kept("open", json!({"null": 3})),
        refused("open", json!({"text": ""}), "at least 1"),
        kept("open", json!({"port": {"name": "a", "protocol": "TCP", "extra": true}})),
    ]
}

fn models() -> Vec<Case> {
    let container = json!({"name": "main", "image": "busybox", "ports": [{"containerPort": 80}]});
    let filled = json!({"name": "main", "image": "busybox", "ports": [{"containerPort": 80, "protocol": "TCP"}]});
    let template = |container: &Value| json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container]}});
    vec![
        becomes("models", json!({"pod": {"containers": [container]}}), json!({"pod": {"containers": [filled]}})),
        becomes("models", json!({"template": template(&container)}), json!({"template": template(&filled)})),
        refused("models", json!({"pod": {"containers": [{"image": "a"}]}}), "name"),
        refused("models", json!({"pod": {}}), "containers"),
        becomes(
            "models",
            json!({"selector": {"matchLabels": {"a": "b"}, "x": 1}}),
            json!({"selector": {"matchLabels": {"a": "b"}}}),
        ),
        kept("models", json!({"metadata": {"name": "a", "annotations": {"a": "b"}}})),
    ]
}
