//! The meaning of a Status, as in client-go's errors package.

use kubernetes_core::Status;

fn status(reason: &str, code: i32) -> Status {
    Status { reason: (!reason.is_empty()).then(|| reason.into()), code: Some(code), ..Default::default() }
}

#[test]
fn a_known_reason_decides_and_else_the_code() {
    let asked = |status: &Status| {
        [
            ("not found", status.is_not_found()),
            ("already exists", status.is_already_exists()),
            ("conflict", status.is_conflict()),
            ("gone", status.is_gone()),
            ("forbidden", status.is_forbidden()),
            ("unauthorized", status.is_unauthorized()),
            ("invalid", status.is_invalid()),
            ("too many requests", status.is_too_many_requests()),
            ("timeout", status.is_timeout()),
        ]
        .into_iter()
        .filter_map(|(name, holds)| holds.then_some(name))
        .collect::<Vec<_>>()
        .join(", ")
    };
    let cases = [
        ("NotFound", 404, "not found"),
        ("", 404, "not found"),
        ("AlreadyExists", 409, "already exists"),
        ("Conflict", 409, "conflict"),
        ("", 409, "conflict"),
        ("Expired", 410, "gone"),
        ("Gone", 410, "gone"),
        ("", 410, "gone"),
        ("Forbidden", 403, "forbidden"),
        ("PolicyViolation", 403, "forbidden"),
        ("Unauthorized", 401, "unauthorized"),
        ("Invalid", 422, "invalid"),
        ("Unknown", 422, "invalid"),
        ("TooManyRequests", 429, "too many requests"),
        ("ServiceUnavailable", 429, "too many requests"),
        ("Timeout", 504, "timeout"),
        ("ServerTimeout", 500, "timeout"),
        ("", 504, "timeout"),
        ("InternalError", 500, ""),
        ("BadRequest", 404, ""),
    ];
    for (reason, code, expected) in cases {
        assert_eq!(asked(&status(reason, code)), expected, "{reason} {code}");
    }
}

#[test]
fn a_version_from_the_future_is_told_in_each_of_its_forms() {
    let causes =
        r#"{"reason": "Timeout", "code": 504, "details": {"causes": [{"reason": "ResourceVersionTooLarge"}]}}"#;
    let message = r#"{"reason": "Timeout", "code": 504, "message": "Too large resource version: 9, current: 7"}"#;
    for text in [causes, message] {
        assert!(serde_json::from_str::<Status>(text).unwrap().is_resource_version_too_large(), "{text}");
    }
    assert!(!status("Timeout", 504).is_resource_version_too_large());
}
