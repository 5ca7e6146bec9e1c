use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{Body, Definition, Function, Home, Krate, Special, Type, names};
use crate::lower::version_of;

/// The features of `kubernetes-models` and `kubernetes-api`, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Features {
    /// One for each group and version of definitions; what each needs are other ones of these.
    pub(crate) models: BTreeMap<String, Feature>,
    /// One for each group and version of operations; what each needs are features of models.
    pub(crate) api: BTreeMap<String, Feature>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Feature {
    /// The crate of the definitions; that of operations is known.
    pub(crate) krate: Option<Krate>,
    /// Whether the version is `v1`, `v2` and so on.
    pub(crate) stable: bool,
    pub(crate) needs: BTreeSet<String>,
}

impl Features {
    /// The unstable features of models that a stable one needs, directly or not.
    pub(crate) fn pulled(&self) -> Vec<(String, String)> {
        let mut pulled = Vec::new();
        for (name, feature) in self.models.iter().filter(|(_, feature)| feature.stable) {
            let mut open: Vec<&String> = feature.needs.iter().collect();
            let mut seen = BTreeSet::new();
            while let Some(need) = open.pop() {
                if let Some(needed) = self.models.get(need).filter(|_| seen.insert(need)) {
                    open.extend(&needed.needs);
                }
            }
            let unstable = seen.into_iter().filter(|need| self.models.get(*need).is_some_and(|need| !need.stable));
            pulled.extend(unstable.map(|need| (name.clone(), need.clone())));
        }
        pulled
    }
}

/// The feature that gates a module of models; `kubernetes-apimachinery` has none.
fn feature_of(home: &Home) -> Option<String> {
    let version = home.version.as_ref().filter(|_| home.krate != Krate::Apimachinery)?;
    Some(names::feature(&home.group, version))
}

pub(super) fn compute(definitions: &BTreeMap<String, Definition>, functions: &[Function]) -> Features {
    let mut features = Features::default();
    for definition in definitions.values() {
        let Some(name) = feature_of(&definition.home) else { continue };
        let feature = features.models.entry(name.clone()).or_default();
        feature.stable = is_stable(definition.home.version.as_deref());
        feature.krate = Some(definition.home.krate);
        let mut needs = BTreeSet::new();
        match &definition.body {
            Body::Structs { structs, .. } => {
                for field in structs.iter().flat_map(|object| &object.fields) {
                    collect(&field.type_, definitions, &mut needs);
                }
            }
            Body::Special(Special { argument: Some(argument), .. }) => {
                collect(&Type::Definition((*argument).to_owned()), definitions, &mut needs);
            }
            // Every user of a list refers to its items as well.
            Body::Special(_) | Body::ListOf(_) => {}
        }
        needs.remove(&name);
        feature.needs.append(&mut needs);
    }
    for function in functions {
        let Some(version) = &function.version else { continue };
        let feature = features.api.entry(names::feature(&function.group, version)).or_default();
        feature.stable = is_stable(Some(version));
        for type_ in function.subject.iter().chain(&function.response) {
            collect(type_, definitions, &mut feature.needs);
        }
    }
    features
}

fn collect(type_: &Type, definitions: &BTreeMap<String, Definition>, needs: &mut BTreeSet<String>) {
    let Type::Definition(name) = type_.innermost() else { return };
    let Some(definition) = definitions.get(name) else { return };
    match &definition.body {
        Body::ListOf(items) => collect(&Type::Definition(items.clone()), definitions, needs),
        _ => needs.extend(feature_of(&definition.home)),
    }
}

fn is_stable(version: Option<&str>) -> bool {
    version.and_then(version_of).is_some_and(|(_, stable)| stable)
}
