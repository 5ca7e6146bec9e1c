//! Selectors that are built are valid, and mean what their parts say.

use kubernetes_core::selector::{FieldSelector, LabelOperator, LabelRequirement, LabelSelector};
use kubernetes_core::{ListRequest, Map, Str, json, meta};
use proptest::prelude::*;

use crate::Widget;

#[test]
fn every_operator_is_built_as_it_is_parsed() {
    let built = LabelSelector::new()
        .equals("a", "1")
        .and_then(|selector| selector.not_equals("b", ""))
        .and_then(|selector| selector.is_in("c", ["y", "x", "y"]))
        .and_then(|selector| selector.not_in("d", ["z"]))
        .and_then(|selector| selector.exists("example.com/e"))
        .and_then(|selector| selector.does_not_exist("f"))
        .and_then(|selector| selector.greater_than("g", 5))
        .and_then(|selector| selector.less_than("h", 7))
        .unwrap();
    assert_eq!(built.to_string(), "a=1,b!=,c in (x,y),d notin (z),example.com/e,!f,g>5,h<7");
    assert_eq!(built.to_string().parse::<LabelSelector>().unwrap(), built);
    assert_eq!(built.requirements()[2].operator(), LabelOperator::In);
    assert_eq!(built.requirements()[2].values(), ["x", "y"]);
    assert!(LabelSelector::new().is_empty() && LabelSelector::new().matches(&Map::new()));
}

#[test]
fn what_could_change_the_meaning_of_a_selector_is_refused() {
    for (key, value) in
        [("app", "web,tier=db"), ("app", "a b"), ("app,tier", "x"), ("!app", "x"), ("app", "(x)"), ("", "x")]
    {
        let error = LabelSelector::new().equals(key, value).unwrap_err().to_string();
        assert!(error.contains("is not a valid "), "{error}");
    }
    assert!(LabelSelector::new().is_in("a", [""; 0]).unwrap_err().to_string().contains("at least one value"));
    assert!(LabelSelector::new().greater_than("a", -1).is_err());
    assert!(LabelRequirement::new("a", LabelOperator::Exists, ["x"]).is_err());
    assert!(LabelRequirement::new("a", LabelOperator::LessThan, ["x"]).unwrap_err().to_string().contains("integer"));
    for field in ["", "a=b", "a,b", "a!", "a\\"] {
        assert!(FieldSelector::new().equals(field, "x").is_err(), "{field:?}");
    }
    let error = "app=web,,".parse::<LabelSelector>().unwrap_err().to_string();
    assert_eq!(error, r#"the label selector "app=web,," is invalid: expected a key, found ",""#);
}

#[test]
fn the_selector_of_an_object_is_converted() {
    let selector: meta::v1::LabelSelector = json::from_str(
        r#"{"matchLabels": {"app": "web"}, "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["b", "a"]}, {"key": "old", "operator": "DoesNotExist"}]}"#,
    )
    .unwrap();
    let converted = LabelSelector::try_from(&selector).unwrap();
    assert_eq!(converted.to_string(), "app=web,!old,tier in (a,b)");
    assert!(LabelSelector::try_from(&meta::v1::LabelSelector::default()).unwrap().is_empty());
    let odd: meta::v1::LabelSelector =
        json::from_str(r#"{"matchExpressions": [{"key": "tier", "operator": "Gt", "values": ["1"]}]}"#).unwrap();
    assert_eq!(LabelSelector::try_from(&odd).unwrap_err().to_string(), "\"Gt\" is not an operator of label selectors");
}

#[test]
fn a_selector_becomes_a_field_of_an_object() {
    for (text, json) in [
        ("", "{}"),
        ("b=2,a=1", r#"{"matchLabels":{"a":"1","b":"2"}}"#),
        ("a=", r#"{"matchLabels":{"a":""}}"#),
        (
            "a in (y,x),!b,c,d notin (z),e!=1",
            concat!(
                r#"{"matchExpressions":[{"key":"a","operator":"In","values":["x","y"]},{"key":"b","operator":"DoesNotExist"},"#,
                r#"{"key":"c","operator":"Exists"},{"key":"d","operator":"NotIn","values":["z"]},"#,
                r#"{"key":"e","operator":"NotIn","values":["1"]}]}"#
            ),
        ),
        ("a=1,a=2", r#"{"matchExpressions":[{"key":"a","operator":"In","values":["2"]}],"matchLabels":{"a":"1"}}"#),
    ] {
        let selector: LabelSelector = text.parse().unwrap();
        let field = meta::v1::LabelSelector::try_from(&selector).unwrap();
        assert_eq!(json::to_string(&field).unwrap(), json, "{text}");
        let again = LabelSelector::try_from(&field).unwrap();
        for labels in [Map::new(), [("a", "1")].into(), [("a", "x"), ("c", "")].into(), [("a", "1"), ("b", "2")].into()]
        {
            assert_eq!(again.matches(&labels), selector.matches(&labels), "{text} {labels:?}");
        }
    }
    let greater: LabelSelector = "a>1".parse().unwrap();
    let error = meta::v1::LabelSelector::try_from(&greater).unwrap_err().to_string();
    assert_eq!(error, "`a>1` has no form for fields of objects");
}

/// Found by fuzzing: sorted as they were written, the terms had another order when they were read again.
#[test]
fn the_form_of_a_field_selector_is_stable() {
    let selector: FieldSelector = "xe==xe,xe=b,a!=c".parse().unwrap();
    assert_eq!(selector.to_string(), "a!=c,xe=b,xe=xe");
    assert_eq!(selector.to_string().parse::<FieldSelector>().unwrap(), selector);
}

#[test]
fn requests_take_selectors() {
    let labels = LabelSelector::from_labels(&[("app", "web")].into()).unwrap();
    let fields = FieldSelector::new().equals("metadata.name", "a=b").unwrap();
    let request = ListRequest::<Widget>::all_namespaces().label_selector(&labels).field_selector(fields);
    assert_eq!(
        format!("{:?}", request.request()),
        "GET /apis/example.com/v1/widgets?labelSelector=app%3Dweb&fieldSelector=metadata.name%3Da%5C%3Db"
    );
}

proptest! {
    #[test]
    fn any_value_survives_a_field_selector(values in prop::collection::vec(any::<String>(), 0..4)) {
        let built = values.iter().enumerate().try_fold(FieldSelector::new(), |selector, (index, value)| {
            selector.equals(format!("f{index}"), value.as_str())
        }).unwrap();
        let parsed: FieldSelector = built.to_string().parse().unwrap();
        let read: Vec<&str> = parsed.terms().map(|(_, _, value)| value).collect();
        prop_assert_eq!(read, values);
    }

    #[test]
    fn parsing_never_panics_and_what_is_accepted_can_be_parsed_again(text in "[ab=!(), in<>/.\\\\\\x00é-]{0,24}") {
        if let Ok(selector) = text.parse::<LabelSelector>() {
            prop_assert_eq!(selector.to_string().parse::<LabelSelector>().unwrap(), selector);
        }
        if let Ok(selector) = text.parse::<FieldSelector>() {
            let form: Str = (&selector).into();
            prop_assert_eq!(form.parse::<FieldSelector>().unwrap().to_string(), form.as_str());
        }
    }
}
