use std::collections::{BTreeMap, BTreeSet};

use crate::ir::Krate;
use crate::output::Manifest;
use crate::passes::{Feature, Features};

/// The features of `kubernetes-utils`, which has conditions for a few groups' resources.
const OF_UTILS: [&str; 4] = ["apiextensions-v1", "apps-v1", "batch-v1", "core-v1"];

pub(super) fn manifests(features: &Features) -> Vec<Manifest> {
    let of_models = features.models.iter().map(|(name, feature)| (name.as_str(), (feature.stable, own(feature))));
    let of_api = features.api.iter().map(|(name, feature)| {
        let needs = feature.needs.iter().map(|need| format!("kubernetes-models/{need}")).collect();
        (name.as_str(), (feature.stable, needs))
    });
    let mut of_sdk: BTreeMap<&str, (bool, Vec<String>)> = BTreeMap::new();
    for (krate, features) in [("kubernetes-api", &features.api), ("kubernetes-models", &features.models)] {
        for (name, feature) in features {
            let (_, needs) = of_sdk.entry(name).or_insert((feature.stable, Vec::new()));
            needs.push(format!("{krate}/{name}"));
        }
    }
    for name in OF_UTILS {
        if let Some((_, needs)) = of_sdk.get_mut(name) {
            needs.push(format!("kubernetes-utils?/{name}"));
        }
    }
    vec![
        Manifest {
            path: "kubernetes/models/Cargo.toml",
            lines: lines(&of_models.collect(), Some("kubernetes-apimachinery/serde"), &[]),
        },
        Manifest { path: "kubernetes/api/Cargo.toml", lines: lines(&of_api.collect(), None, &[]) },
        Manifest {
            path: "kubernetes/sdk/Cargo.toml",
            lines: lines(&of_sdk, Some("kubernetes-models/serde"), &["ring", "utils"]),
        },
    ]
}

/// The features of a crate of custom resources: each version's types and operations, all of them by default.
pub(super) fn custom(features: &Features) -> String {
    let mut all: BTreeMap<&str, (bool, Vec<String>)> = BTreeMap::new();
    let is_custom = |name: &str| features.models.get(name).is_some_and(|feature| feature.krate == Some(Krate::Custom));
    let declared = features.models.iter().filter(|(name, _)| is_custom(name)).chain(&features.api);
    for (name, feature) in declared {
        let (_, needs) = all.entry(name).or_insert((true, Vec::new()));
        let others = feature.needs.iter().filter(|need| *need != name);
        needs.extend(
            others.map(|need| if is_custom(need) { need.clone() } else { format!("kubernetes-models/{need}") }),
        );
    }
    lines(&all, Some("kubernetes-core/serde"), &[])
}

fn own(feature: &Feature) -> Vec<String> {
    feature.needs.iter().cloned().collect()
}

/// The features of groups, and the one for serde's traits, which is on by default, where a crate has models. So are
/// others, which the manifest has beside these.
fn lines(groups: &BTreeMap<&str, (bool, Vec<String>)>, serde: Option<&str>, others: &[&'static str]) -> String {
    let stable = groups.iter().filter(|(_, (stable, _))| *stable).map(|(name, _)| *name);
    let default = stable.chain(serde.map(|_| "serde")).chain(others.iter().copied()).collect();
    let all = groups.keys().copied().collect();
    let mut text = list("default", &default) + &list("all", &all);
    for (name, (_, needs)) in groups {
        text.push_str(&list(name, &needs.iter().map(String::as_str).collect()));
    }
    text + &serde.map(|needs| list("serde", &BTreeSet::from([needs]))).unwrap_or_default()
}

/// One feature, on a line of its own if it is short.
fn list(name: &str, needs: &BTreeSet<&str>) -> String {
    let quoted: Vec<String> = needs.iter().map(|need| format!("\"{need}\"")).collect();
    let line = format!("{name} = [{}]\n", quoted.join(", "));
    if line.len() <= 120 { line } else { format!("{name} = [\n    {},\n]\n", quoted.join(",\n    ")) }
}
