use std::cmp::Ordering;

/// Compares two resourceVersions of one resource; `None` if the server gives them no order.
///
/// Since Kubernetes 1.35 they are positive decimal numbers of any length, and have an order ([KEP-5504]); those of
/// earlier API servers were so too. An aggregated API server may have others. (As `CompareResourceVersion` in
/// <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/util/resourceversion/resourceversion.go>.)
///
/// Only a store uses the order: to tell when it has come to a version, and which of two states of an object that came
/// by different watches is the newer. What a watch resumes from is never computed.
///
/// [KEP-5504]: https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/5504-comparable-resource-version
pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let well_formed =
        |version: &str| !version.is_empty() && !version.starts_with('0') && version.bytes().all(|b| b.is_ascii_digit());
    if well_formed(a) && well_formed(b) {
        return Some(a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    }
    (a == b && !a.is_empty()).then_some(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_an_order() {
        for (a, b, expected) in [
            ("9", "10", Some(Ordering::Less)),
            ("10", "9", Some(Ordering::Greater)),
            ("10", "10", Some(Ordering::Equal)),
            ("99999999999999999999999999", "100000000000000000000000000", Some(Ordering::Less)),
            ("x", "x", Some(Ordering::Equal)),
            ("x", "y", None),
            ("", "", None),
            ("0", "1", None),
            ("01", "1", None),
            ("-1", "1", None),
        ] {
            assert_eq!(compare(a, b), expected, "{a} and {b}");
        }
    }
}
