//! Built-in types that custom resources have written out, recognized by their shape.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashSet};

use kubernetes_swagger::extension;
use openapiv3::{AdditionalProperties, OpenAPI, ReferenceOr, Schema};

use super::schemas::Form;
use crate::references::{data, keywords};

/// The types that are looked for, the largest first: what is inside of one is not looked at.
const TYPES: &[&str] = &[
    "io.k8s.api.core.v1.PodTemplateSpec",
    "io.k8s.api.core.v1.PodSpec",
    "io.k8s.api.core.v1.Container",
    "io.k8s.api.core.v1.Volume",
    "io.k8s.api.core.v1.PersistentVolumeClaimSpec",
    "io.k8s.api.core.v1.Affinity",
    "io.k8s.api.core.v1.PodSecurityContext",
    "io.k8s.api.core.v1.SecurityContext",
    "io.k8s.api.core.v1.Probe",
    "io.k8s.api.core.v1.EnvVar",
    "io.k8s.api.core.v1.EnvFromSource",
    "io.k8s.api.core.v1.Toleration",
    "io.k8s.api.core.v1.TopologySpreadConstraint",
    "io.k8s.api.core.v1.ResourceRequirements",
    "io.k8s.api.core.v1.SecretKeySelector",
    "io.k8s.api.core.v1.ObjectReference",
    "io.k8s.api.core.v1.LocalObjectReference",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Condition",
    "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector",
];

/// The definitions of a description, to compare with.
pub(crate) struct Reuse<'a> {
    definitions: BTreeMap<&'a str, &'a ReferenceOr<Schema>>,
}

impl<'a> Reuse<'a> {
    pub(crate) fn new(description: &'a OpenAPI) -> Self {
        let schemas = description.components.iter().flat_map(|components| &components.schemas);
        Self { definitions: schemas.map(|(name, schema)| (name.as_str(), schema)).collect() }
    }

    /// The types that can be found, with the groups of kinds that are theirs.
    pub(crate) fn types(&self) -> impl Iterator<Item = &'static str> {
        TYPES.iter().copied().filter(|name| self.definitions.contains_key(name))
    }

    /// The built-in type that a schema has written out: one that has all of its properties, each of the same type, and the
    /// same required ones. A schema of an older Kubernetes lacks some; it must have most of them, and all of a small type.
    pub(super) fn recognize<S: Borrow<Schema>>(&self, schema: &ReferenceOr<S>) -> Option<&'static str> {
        let written = keywords(schema);
        if written.properties.is_empty() || extension::preserves_unknown_fields(data(schema)) {
            return None;
        }
        self.types().find(|name| {
            let Some(definition) = self.definitions.get(name).map(|definition| keywords(*definition)) else {
                return false;
            };
            let (own, all) = (written.properties.len(), definition.properties.len());
            let required: HashSet<&String> = written.required.iter().collect();
            let is_most = own * 4 >= all * 3 && (all > 6 || own == all);
            // Controller-gen makes `name` of references optional with a default, and requires keys of lists.
            let is_required = definition.required.iter().all(|name| required.contains(name) || name == "name");
            is_most && is_required && self.covers(definition, written)
        })
    }

    /// Whether everything that a schema declares is declared by a built-in type as well.
    fn covers(&self, built_in: &openapiv3::AnySchema, written: &openapiv3::AnySchema) -> bool {
        written.properties.iter().all(|(name, written)| {
            built_in.properties.get(name).is_some_and(|built_in| self.is_same(built_in, written))
        })
    }

    fn is_same<A: Borrow<Schema>, B: Borrow<Schema>>(
        &self,
        built_in: &ReferenceOr<A>,
        written: &ReferenceOr<B>,
    ) -> bool {
        let form = Form { data: data(written), keywords: keywords(written) };
        // In a built-in type `null` and absent are the same.
        if form.data.nullable || extension::preserves_unknown_fields(form.data) {
            return false;
        }
        if let Some(name) = extension::definition_name(built_in) {
            let short = name.rsplit('.').next().unwrap_or(name);
            return match (short, form.type_(), form.format()) {
                ("Quantity", ..) => form.is_quantity(),
                ("IntOrString", ..) => extension::is_int_or_string(form.data) && !form.is_quantity(),
                ("Time" | "MicroTime", Some("string"), Some("date-time")) => true,
                _ => match self.definitions.get(name) {
                    Some(definition) => {
                        form.type_() == Some("object")
                            && !form.keywords.properties.is_empty()
                            && self.covers(keywords(*definition), form.keywords)
                    }
                    None => false,
                },
            };
        }
        let own = Form { data: data(built_in), keywords: keywords(built_in) };
        if own.type_() != form.type_() || extension::is_int_or_string(form.data) {
            return false;
        }
        match (&own.keywords.items, &form.keywords.items) {
            (None, None) => {}
            (Some(own), Some(written)) if self.is_same(own, written) => {}
            _ => return false,
        }
        match (&own.keywords.additional_properties, &form.keywords.additional_properties) {
            (None, None) => form.keywords.properties.is_empty(),
            (Some(AdditionalProperties::Schema(own)), Some(AdditionalProperties::Schema(written))) => {
                self.is_same(&**own, &**written)
            }
            _ => false,
        }
    }
}
