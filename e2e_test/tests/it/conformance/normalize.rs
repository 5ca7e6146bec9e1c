use serde_json::Value;

/// Replaces values that can't be the same in two clusters by their kind.
pub(crate) fn normalize(mut value: Value) -> Value {
    walk(&mut value);
    value
}

const DIFFERENT: &[&str] =
    &["uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "time", "lastTransitionTime"];

fn walk(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            // Objects that every namespace of a whole cluster has, from controllers that are not in memory.
            if let Some(Value::Array(items)) = fields.get_mut("items") {
                items.retain(|item| !is_from_controllers(&item["metadata"]["name"]));
            }
            for (name, value) in fields.iter_mut() {
                match value {
                    Value::String(text) if DIFFERENT.contains(&name.as_str()) && !text.is_empty() => {
                        *text = format!("<{name}>");
                    }
                    Value::String(text) if name == "message" => *text = without_numbers(text),
                    Value::String(text) if name == "continue" && !text.is_empty() => *text = "<continue>".to_owned(),
                    Value::String(text) if name == "name" => *text = generated(text),
                    value => walk(value),
                }
            }
            fields.remove("remainingItemCount");
            // The real server sends what Go has in an empty object of the type, such as `"spec": {}`.
            if fields.get("type").is_some_and(|kind| kind == "BOOKMARK")
                && let Some(Value::Object(object)) = fields.get_mut("object")
            {
                object.retain(|name, _| matches!(name.as_str(), "kind" | "apiVersion" | "metadata"));
            }
            forget_controllers(fields);
        }
        Value::Array(items) => items.iter_mut().for_each(walk),
        _ => {}
    }
}

/// Removes changes by controllers, and a table's times and descriptions.
fn forget_controllers(fields: &mut serde_json::Map<String, Value>) {
    if fields.contains_key("priority") && fields.contains_key("format") {
        fields.remove("description");
    }
    if let Some(Value::Array(cells)) = fields.get_mut("cells") {
        let is_age = |text: &str| text.strip_suffix('s').is_some_and(|number| number.parse::<u32>().is_ok());
        cells.iter_mut().filter(|cell| cell.as_str().is_some_and(is_age)).for_each(|cell| *cell = "<age>".into());
    }
    if let Some(Value::Array(entries)) = fields.get_mut("managedFields") {
        entries.retain(|entry| entry["manager"] != "kube-controller-manager");
        // They are in the order of their times, and whether two changes fall into one second is chance.
        entries.sort_by_key(|entry| ["manager", "operation", "subresource"].map(|key| entry[key].to_string()));
    }
    let is_deployment = fields.get("spec").is_some_and(|spec| spec.get("progressDeadlineSeconds").is_some());
    if is_deployment {
        fields.remove("status");
    }
}

fn is_from_controllers(name: &Value) -> bool {
    matches!(name.as_str(), Some("kube-root-ca.crt" | "default"))
}

/// The five random characters behind a prefix.
fn generated(name: &str) -> String {
    match name.strip_prefix("generated-") {
        Some(random) if random.len() == 5 => "generated-<random>".to_owned(),
        // The name that some objects get without asking is a uid.
        _ if name.len() == 36 && name.matches('-').count() == 4 => "<uid>".to_owned(),
        _ => name.to_owned(),
    }
}

/// Versions and uids in messages.
fn without_numbers(text: &str) -> String {
    let words = text.split_inclusive([' ', '(', ')', ',', ':']);
    let is_number = |word: &str| {
        let word = word.trim_end_matches([' ', '(', ')', ',', ':', '.']);
        let is_uid = word.len() == 36 && word.matches('-').count() == 4;
        is_uid || (word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let replaced = words.map(|word| if is_number(word) { "<n> ".to_owned() } else { word.to_owned() });
    replaced.collect()
}
