//! The metadata of converted objects: of it, only labels and annotations may change.

use kubernetes_core::json::{self, Tree};

/// The fields that a conversion may change.
const CHANGEABLE: [&str; 2] = ["labels", "annotations"];

/// The converted object with the metadata that it had, as it was sent, but for labels and annotations.
///
/// The API server refuses other changes (`validateConvertedObject` and `restoreObjectMeta` in apiextensions-apiserver's
/// `webhook_converter.go`), with a message about the whole list.
pub(super) fn restore(original: &Tree, converted: &str) -> Result<String, String> {
    let mut converted: Tree = json::from_str(converted).map_err(|error| error.to_string())?;
    let metadata = |tree: &Tree| tree.get("metadata").cloned().unwrap_or(Tree::Object(Vec::new()));
    let (before, after) = (metadata(original), metadata(&converted));
    // As Go's accessors: absent, null and empty are the same.
    let text = |metadata: &Tree, field: &str| metadata.get(field).and_then(Tree::as_str).unwrap_or_default().to_owned();
    for field in ["name", "namespace", "uid"] {
        if text(&before, field) != text(&after, field) {
            return Err(format!("the conversion has changed metadata.{field}"));
        }
    }
    let (Tree::Object(mut fields), Tree::Object(after)) = (before, after) else {
        return Err("metadata is not an object".to_owned());
    };
    fields.retain(|(key, _)| !CHANGEABLE.contains(&key.as_str()));
    fields.extend(after.into_iter().filter(|(key, _)| CHANGEABLE.contains(&key.as_str())));
    converted.set("/metadata", Tree::Object(fields)).map_err(|error| error.to_string())?;
    Ok(converted.to_text())
}
