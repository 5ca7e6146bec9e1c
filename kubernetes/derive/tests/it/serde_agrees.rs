//! Types with serde's derives beside ours have the same form.

use kubernetes_core::json;
use kubernetes_derive::Schema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Schema, Serialize, Deserialize)]
#[kubernetes(crate = kubernetes_core)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Both {
    first_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    age_in_years: Option<u32>,
    #[serde(rename(serialize = "kind", deserialize = "kind"), alias = "type")]
    kind: Kind,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    actions: Vec<Action>,
    #[serde(skip)]
    cache: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Schema, Serialize, Deserialize)]
#[kubernetes(crate = kubernetes_core)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    VeryOld,
    New,
}

#[derive(Clone, Debug, PartialEq, Schema, Serialize, Deserialize)]
#[kubernetes(crate = kubernetes_core)]
#[serde(tag = "do", rename_all = "snake_case", rename_all_fields = "camelCase")]
enum Action {
    SendMail { to_address: String },
    Wait,
    Call(Call),
}

#[derive(Clone, Debug, PartialEq, Schema, Serialize, Deserialize)]
#[kubernetes(crate = kubernetes_core)]
struct Call {
    #[serde(flatten)]
    target: Target,
}

#[derive(Clone, Debug, PartialEq, Schema, Serialize, Deserialize)]
#[kubernetes(crate = kubernetes_core)]
enum Target {
    Phone(Number),
    #[serde(rename = "bell")]
    Bell {},
}

#[derive(Clone, Debug, PartialEq, Schema, Serialize, Deserialize)]
#[kubernetes(crate = kubernetes_core)]
#[serde(untagged)]
enum Number {
    Short(i64),
    Long(String),
}

#[test]
fn both_write_and_read_the_same() {
    let value = Both {
        first_name: "Ada".into(),
        age_in_years: Some(36),
        kind: Kind::VeryOld,
        actions: vec![
            Action::SendMail { to_address: "x".into() },
            Action::Wait,
            Action::Call(Call { target: Target::Phone(Number::Long("+44".into())) }),
            Action::Call(Call { target: Target::Bell {} }),
        ],
        cache: None,
    };
    let ours = json::to_string(&value).unwrap();
    assert_eq!(ours, serde_json::to_string(&value).unwrap());
    assert_eq!(json::from_str::<Both>(&ours).unwrap(), value);
    assert_eq!(serde_json::from_str::<Both>(&ours).unwrap(), value);
    crate::schema::<Both>();
}
