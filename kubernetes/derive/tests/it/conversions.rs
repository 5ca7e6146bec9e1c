//! Versions of a resource, and the way between them.

use std::sync::atomic::{AtomicU8, Ordering};

use kubernetes_core::conversion::{Spoke, check_round_trips, convert_between, convert_from_hub, convert_to_hub};
use kubernetes_core::json;
use kubernetes_core::schema::{CustomResource as _, sample};
use kubernetes_core::{Map, ObjectMeta, Str};
use kubernetes_derive::{CustomResource, Schema};

/// The hub.
#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "light.example.com", version = "v2", kind = "Lantern", namespaced)]
struct Hub {
    metadata: ObjectMeta,
    spec: HubSpec,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct HubSpec {
    colors: Vec<String>,
    bulbs: u8,
    labels: Option<Map<Str>>,
}

/// It has one color, and no labels.
#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "light.example.com", version = "v1", kind = "Lantern", namespaced)]
struct One {
    metadata: ObjectMeta,
    color: Option<String>,
    bulbs: u8,
}

/// It has a note that no other version has, and no bulbs.
#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "light.example.com", version = "v1alpha1", kind = "Lantern", namespaced)]
struct Zero {
    metadata: ObjectMeta,
    colors: Vec<String>,
    note: Option<String>,
}

impl Spoke for One {
    type Hub = Hub;

    fn to_hub(&self) -> Hub {
        let colors = self.color.iter().cloned().collect();
        Hub { metadata: ObjectMeta::default(), spec: HubSpec { colors, bulbs: self.bulbs, labels: None } }
    }

    fn from_hub(hub: &Hub) -> Self {
        Self { metadata: ObjectMeta::default(), color: hub.spec.colors.first().cloned(), bulbs: hub.spec.bulbs }
    }
}

impl Spoke for Zero {
    type Hub = Hub;

    fn to_hub(&self) -> Hub {
        Hub { metadata: ObjectMeta::default(), spec: HubSpec { colors: self.colors.clone(), bulbs: 1, labels: None } }
    }

    fn from_hub(hub: &Hub) -> Self {
        Self { metadata: ObjectMeta::default(), colors: hub.spec.colors.clone(), note: None }
    }
}

fn hub(spec: &str) -> Hub {
    json::from_str(&format!(r#"{{"metadata":{{"name":"a","annotations":{{"theirs":"x"}}}},"spec":{spec}}}"#)).unwrap()
}

#[test]
fn nothing_is_lost_on_the_way_there_and_back() {
    check_round_trips::<One>(500).unwrap();
    check_round_trips::<Zero>(500).unwrap();
    let schema = Hub::definition().unwrap().schema("v2").unwrap().clone();
    for seed in 0..500 {
        let mut tree = sample(&schema, seed);
        // The type has its own version and kind.
        tree.remove("/apiVersion");
        tree.remove("/kind");
        let hub: Hub = tree.to_value().unwrap_or_else(|error| panic!("{seed}: {}: {error}", tree.to_text()));
        let one: One = convert_from_hub(&hub).unwrap();
        let zero: Zero = convert_between(&one).unwrap();
        let back: One = convert_between(&zero).unwrap();
        assert_eq!(convert_to_hub(&back).unwrap(), hub, "{seed}");
    }
}

#[test]
fn a_change_in_between_wins_over_what_was_kept() {
    let before = hub(r#"{"colors":["red","blue"],"bulbs":3,"labels":{"a":"b"}}"#);
    let mut one: One = convert_from_hub(&before).unwrap();
    assert!(one.metadata.annotations.contains_key("light.example.com/only-in-v2"));
    one.bulbs = 4;
    let after = convert_to_hub(&one).unwrap();
    assert_eq!((&after.spec.colors, after.spec.bulbs), (&before.spec.colors, 4));
    assert_eq!(after.metadata.annotations, before.metadata.annotations);
    one.color = Some("green".into());
    let after = convert_to_hub(&one).unwrap();
    assert_eq!(after.spec.colors, ["green"]);
    assert_eq!(after.spec.labels, before.spec.labels);
}

#[test]
fn a_spokes_own_fields_are_kept_in_the_hub() {
    let zero: Zero = json::from_str(r#"{"metadata":{"name":"a"},"colors":["red"],"note":"mind"}"#).unwrap();
    let hub = convert_to_hub(&zero).unwrap();
    assert_eq!(hub.metadata.annotations.keys().collect::<Vec<_>>(), ["light.example.com/only-in-v1alpha1"]);
    assert_eq!(convert_from_hub::<Zero>(&hub).unwrap(), zero);
    // Foreign text in the annotation counts for nothing.
    for text in ["", "[1]", r#"[{"path":"/metadata/name","back":"a","was":"b"}]"#, r#"[{"path":"note","was":"x"}]"#] {
        let mut hub = hub.clone();
        hub.metadata.annotations.insert("light.example.com/only-in-v1alpha1", text);
        assert_eq!(convert_from_hub::<Zero>(&hub).unwrap().note, None, "{text}");
    }
}

/// It invents its bulbs, and takes but one of its names.
#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "light.example.com", version = "v0", kind = "Lantern", namespaced)]
struct Unsteady {
    metadata: ObjectMeta,
    bulbs: u8,
}

static BULBS: AtomicU8 = AtomicU8::new(0);

impl Spoke for Unsteady {
    type Hub = Hub;

    fn to_hub(&self) -> Hub {
        Hub { metadata: ObjectMeta::default(), spec: HubSpec { colors: Vec::new(), bulbs: self.bulbs, labels: None } }
    }

    fn from_hub(_: &Hub) -> Self {
        Self { metadata: ObjectMeta::default(), bulbs: BULBS.fetch_add(1, Ordering::Relaxed) }
    }
}

/// No sample of its schema has the form.
#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "light.example.com", version = "v3", kind = "Lantern", namespaced)]
struct Unreadable {
    metadata: ObjectMeta,
    #[kubernetes(schema = String)]
    at: kubernetes_core::Time,
}

impl Spoke for Unreadable {
    type Hub = Unreadable;

    fn to_hub(&self) -> Self {
        self.clone()
    }

    fn from_hub(hub: &Self) -> Self {
        hub.clone()
    }
}

#[test]
fn a_conversion_that_loses_something_is_found() {
    let error = check_round_trips::<Unsteady>(50).unwrap_err().to_string();
    assert!(
        error.starts_with("Lantern v2 differs at /metadata/annotations after a conversion to v0 and back (sample "),
        "{error}"
    );
    let error = check_round_trips::<Unreadable>(50).unwrap_err().to_string();
    assert!(error.starts_with("Lantern v3 reads only 0 of 50 samples of its schema"), "{error}");
}
