//! Schemas of those models of this crate that custom resources may contain.

use super::{Keyword, MapType, Member, Schema, Shape, Type};
use crate::{Map, ObjectMeta, Str, Time};
use kubernetes_apimachinery::meta::v1::{Condition, LabelSelector, LabelSelectorRequirement};

impl Schema for ObjectMeta {
    /// The schema of metadata inside an object, such as that of a template, with the fields that people set. (The
    /// server removes fields that a schema does not have.)
    const SCHEMA: &'static Type = &Type::new(
        Shape::Object(&[
            Member::optional("annotations", <Map<Str>>::SCHEMA, &[]),
            Member::optional("finalizers", <Vec<Str>>::SCHEMA, &[]),
            Member::optional("generateName", Str::SCHEMA, &[]),
            Member::optional("labels", <Map<Str>>::SCHEMA, &[]),
            Member::optional("name", Str::SCHEMA, &[]),
            Member::optional("namespace", Str::SCHEMA, &[]),
        ]),
        &[],
    );
}

/// According to the markers of Go's `metav1.Condition`.
impl Schema for Condition {
    const SCHEMA: &'static Type = &Type::new(
        Shape::Object(&[
            Member::required("lastTransitionTime", Time::SCHEMA, &[]),
            Member::required("message", Str::SCHEMA, &[Keyword::MaxLength(32768)]),
            Member::optional("observedGeneration", i64::SCHEMA, &[Keyword::Minimum("0")]),
            Member::required(
                "reason",
                Str::SCHEMA,
                &[
                    Keyword::MinLength(1),
                    Keyword::MaxLength(1024),
                    Keyword::Pattern("^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"),
                ],
            ),
            Member::required("status", Str::SCHEMA, &[Keyword::Enum(&["\"True\"", "\"False\"", "\"Unknown\""])]),
            Member::required("type", Str::SCHEMA, &[Keyword::MaxLength(316), Keyword::Pattern(CONDITION_TYPE)]),
        ]),
        &[Keyword::Description("Condition contains details for one aspect of the current state of this API Resource.")],
    );
}

const CONDITION_TYPE: &str =
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$";

impl Schema for LabelSelector {
    const SCHEMA: &'static Type = &Type::new(
        Shape::Object(&[
            Member::optional(
                "matchExpressions",
                <Vec<LabelSelectorRequirement>>::SCHEMA,
                &[Keyword::ListType(super::ListType::Atomic)],
            ),
            Member::optional("matchLabels", <Map<Str>>::SCHEMA, &[]),
        ]),
        &[Keyword::MapType(MapType::Atomic)],
    );
}

impl Schema for LabelSelectorRequirement {
    const SCHEMA: &'static Type = &Type::new(
        Shape::Object(&[
            Member::required("key", Str::SCHEMA, &[]),
            Member::required("operator", Str::SCHEMA, &[]),
            Member::optional("values", <Vec<Str>>::SCHEMA, &[Keyword::ListType(super::ListType::Atomic)]),
        ]),
        &[],
    );
}
