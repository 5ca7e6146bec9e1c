use std::cmp::Ordering;

use kubernetes_core::Quantity;

/// Laws of arithmetic, on the two quantities that a `;` separates.
pub(super) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (a, b) = text.split_once(';').unwrap_or((text, "1"));
    let (Ok(a), Ok(b)) = (a.parse::<Quantity>(), b.parse::<Quantity>()) else { return };
    for quantity in [&a, &b] {
        let canonical = quantity.canonical();
        assert_eq!(canonical, *quantity);
        // A text without a suffix is decimal: 62.5Ki becomes 64000 and that, read again, 64k, in Go too.
        let again = canonical.canonical();
        assert_eq!(again, canonical);
        assert_eq!(again.canonical().as_str(), again.as_str());
        assert_eq!(-(-quantity.clone()), *quantity);
        let _ = (quantity.to_i64(), quantity.to_milli(), quantity.clone() * i64::MIN);
        assert_eq!(quantity.to_f64().is_some(), quantity.to_nano().is_some());
    }
    assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
    assert_eq!(a.clone() + b.clone(), b.clone() + a.clone());
    let difference = a.clone() - b.clone();
    let (Some(left), Some(right)) = (a.to_nano(), b.to_nano()) else { return };
    assert_eq!(left.cmp(&right), a.cmp(&b));
    let Some(exact) = left.checked_sub(right).filter(|exact| exact.unsigned_abs() < i128::MAX.unsigned_abs()) else {
        return;
    };
    assert_eq!(difference.to_nano(), Some(exact), "{a} {b} {difference}");
    assert_eq!(difference + b.clone(), a);
    assert_eq!(a.cmp(&b) == Ordering::Equal, exact == 0);
}
