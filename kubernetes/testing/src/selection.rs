//! Which objects a list or a watch is about.

use kubernetes_core::selector::{FieldSelector, LabelSelector};

use crate::call::Parameters;
use crate::failure::{Failure, Result};
use crate::registry::Served;
use crate::shard::ShardSelector;
use crate::state::Settings;
use crate::store::Stored;

/// The objects of a namespace, or of all, that selectors match.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// What the keys begin with.
    pub(crate) prefix: String,
    labels: Option<LabelSelector>,
    fields: Option<FieldSelector>,
    shard: Option<ShardSelector>,
}

impl Selection {
    /// # Errors
    /// If a selector is wrong, or names a field that the resource has no selector for.
    pub(crate) fn read(
        query: &Parameters,
        served: &Served,
        namespace: Option<&str>,
        settings: &Settings,
    ) -> Result<Self> {
        let prefix = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let labels = query.text("labelSelector").map(|text| {
            text.parse::<LabelSelector>()
                .map_err(|error| Failure::bad_request(format!("unable to parse requirement: {error}")))
        });
        let fields = query.text("fieldSelector").map(|text| field_selector(text, served));
        let (labels, fields) = (labels.transpose()?, fields.transpose()?);
        let shard = query.text("shardSelector").filter(|_| settings.sharding).map(|text| {
            ShardSelector::parse(text).map_err(|why| Failure::internal(format!("invalid shard selector: {why}")))
        });
        Ok(Self { prefix, labels, fields, shard: shard.transpose()? })
    }

    /// Which shard it is, if it is one.
    pub(crate) fn shard(&self) -> Option<&ShardSelector> {
        self.shard.as_ref()
    }

    /// Whether selectors narrow the selection.
    pub(crate) fn has_selectors(&self) -> bool {
        self.labels.as_ref().is_some_and(|labels| !labels.is_empty())
            || self.fields.as_ref().is_some_and(|fields| !fields.is_empty())
            || self.shard.is_some()
    }

    pub(crate) fn matches(&self, object: &Stored) -> bool {
        object.key.starts_with(&self.prefix)
            && self.shard.as_ref().is_none_or(|shard| shard.matches(object))
            && self.labels.as_ref().is_none_or(|labels| labels.matches(&object.labels))
            && self.fields.as_ref().is_none_or(|fields| fields.matches(|name| object.field(name).or(Some(""))))
    }
}

fn field_selector(text: &str, served: &Served) -> Result<FieldSelector> {
    let selector: FieldSelector =
        text.parse().map_err(|error| Failure::bad_request(format!("invalid field selector {text:?}: {error}")))?;
    for (field, _, _) in selector.terms() {
        let known =
            matches!(field, "metadata.name" | "metadata.namespace") || served.fields.iter().any(|name| name == field);
        if known {
            continue;
        }
        let message = if served.fields.is_empty() && !served.is_custom() {
            format!("{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
        } else {
            format!("field label not supported: {field}")
        };
        return Err(Failure::bad_request(message));
    }
    Ok(selector)
}
