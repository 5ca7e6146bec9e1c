use kubernetes_core::selector::{FieldSelector, LabelSelector};
use kubernetes_core::{Map, Str};

/// What is accepted is displayed so that it is read as the same selector again, and means the same.
pub(super) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let labels: Map<Str> = [("a", "b"), ("in", "5"), ("x/y", "")].into();
    if let Ok(selector) = text.parse::<LabelSelector>() {
        let again: LabelSelector = selector.to_string().parse().unwrap();
        assert_eq!(again, selector);
        assert_eq!(again.matches(&labels), selector.matches(&labels));
        let each = selector.requirements().iter().all(|requirement| requirement.matches(&labels));
        assert_eq!(each, selector.matches(&labels));
    }
    if let Ok(selector) = text.parse::<FieldSelector>() {
        let again: FieldSelector = selector.to_string().parse().unwrap();
        assert_eq!(again.to_string(), selector.to_string());
        let value_of = |field: &str| labels.get(field).map(Str::as_str);
        assert_eq!(again.matches(value_of), selector.matches(value_of));
    }
    let built = FieldSelector::new().equals("field", text).unwrap();
    let again: FieldSelector = built.to_string().parse().unwrap();
    assert_eq!(again, built);
    if let Ok(built) = LabelSelector::new().equals("key", text) {
        assert_eq!(built.to_string().parse::<LabelSelector>().unwrap(), built);
        assert!(built.matches(&[("key", text)].into()));
    }
}
