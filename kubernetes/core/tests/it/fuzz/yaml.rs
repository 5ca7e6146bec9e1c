use kubernetes_core::{Json, yaml};
use serde_json::Value;

/// A text is read the same as one document and as several, JSON is read as such, and every document that is read is the
/// same after it was written.
pub(super) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let several = yaml::from_str_multiple::<Json>(text);
    if let (Ok(one), Ok(several)) = (yaml::from_str::<Json>(text), &several)
        && let [document] = several.as_slice()
    {
        assert_eq!(one, *document, "{text}");
    }
    if let Ok(json @ Value::Object(_)) = serde_json::from_str::<Value>(text) {
        assert_eq!(yaml::from_str::<Json>(text).unwrap(), Json::from(json), "{text}");
    }
    let Ok(documents) = several else { return };
    let Ok(written) = yaml::to_string_multiple(&documents) else { return };
    let again = yaml::from_str_multiple::<Json>(&written).unwrap_or_else(|error| panic!("{error:?}: {written}"));
    let documents: Vec<&Json> = documents.iter().collect();
    assert_eq!(again.iter().collect::<Vec<_>>(), documents, "{text} was written as {written}");
}
