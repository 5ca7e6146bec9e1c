use kubernetes_core::{Json, yaml};
use kubernetes_utils::manifests::Manifests;
use serde_json::Value;

/// The most objects that are read.
const MOST: usize = 1000;

/// The objects of a text are those that a naive walk over its documents finds, each has a place in the text, and can be
/// read again; what is wrong has a place, too.
pub(super) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let is_break = |character: char| matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let lines = text.chars().filter(|character| is_break(*character)).count() + 1;
    let result = Manifests::reader().max_objects(MOST).text("fuzz", text).read();
    let expected = objects(text.strip_prefix('\u{feff}').unwrap_or(text));
    match result {
        Ok(manifests) => {
            let expected = expected.unwrap_or_else(|| panic!("{text:?} is read, but should not be"));
            assert_eq!(manifests.len(), expected.len(), "{text:?}");
            for (manifest, expected) in manifests.iter().zip(expected) {
                let location = manifest.location.as_ref().expect("a place");
                assert!((1..=lines).contains(&location.line()) && location.column() > 0, "{location} in {text:?}");
                let object = &manifest.object;
                assert!(!object.kind().is_empty() && !object.api_version().is_empty(), "{text:?}");
                if let Some(kind) = expected {
                    assert_eq!(object.kind(), kind, "{text:?}");
                }
                let again = Manifests::from_text("again", &object.to_text()).expect("an object can be read again");
                assert_eq!(again.iter().next().map(|manifest| &manifest.object), Some(object), "{text:?}");
            }
        }
        Err(error) => {
            assert!(!error.problems().is_empty());
            for problem in error.problems() {
                let line = problem.location().map_or(1, kubernetes_utils::manifests::Location::line);
                assert!((1..=lines).contains(&line), "{problem:?} in {text:?}");
            }
        }
    }
}

/// The kinds of the objects of a text, as far as they say one; nothing if it is not valid.
fn objects(text: &str) -> Option<Vec<Option<String>>> {
    let documents: Vec<Json> = yaml::from_str_multiple(text).ok()?;
    let mut found = Vec::new();
    for document in documents {
        // Of numbers that no double holds, serde_json makes an error.
        walk(&document.decode().unwrap_or_default(), &mut found)?;
    }
    Some(found)
}

fn walk(document: &Value, found: &mut Vec<Option<String>>) -> Option<()> {
    if document.is_null() {
        found.push(None);
        return Some(());
    }
    let kind = document.as_object()?.get("kind").and_then(Value::as_str);
    match (kind, document.get("items")) {
        (Some(kind), Some(items)) if kind.ends_with("List") && !items.is_null() => {
            items.as_array()?.iter().try_for_each(|item| walk(item, found))
        }
        (Some("List"), _) => Some(()),
        _ => {
            found.push(kind.map(str::to_owned).filter(|kind| !kind.is_empty()));
            Some(())
        }
    }
}
