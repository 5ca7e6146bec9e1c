//! The selection of objects by a list or watch.

mod expression;
mod shard;

use kubernetes_core::selector::{FieldSelector, LabelSelector};

use crate::request::Query;
use crate::resources::ServedResource;
use crate::status::{Result, Status};
use crate::store::Stored;
pub(crate) use shard::ShardSelector;

/// The objects in one or all namespaces that match selectors.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) namespace: Option<String>,
    labels: Option<LabelSelector>,
    fields: Option<FieldSelector>,
    shard: Option<ShardSelector>,
}

impl Selection {
    /// # Errors
    /// Returns an error if a selector is invalid, or names a field that the resource does not support.
    pub(crate) fn read(
        query: &Query,
        served: &ServedResource,
        namespace: Option<&str>,
        sharding: bool,
    ) -> Result<Self> {
        let labels = query.text("labelSelector").map(|text| {
            text.parse::<LabelSelector>()
                .map_err(|error| Status::bad_request(format!("unable to parse requirement: {error}")))
        });
        let fields = query.text("fieldSelector").map(|text| field_selector(text, served));
        let (labels, fields) = (labels.transpose()?, fields.transpose()?);
        let shard = query.text("shardSelector").filter(|_| sharding).map(|text| {
            ShardSelector::parse(text).map_err(|why| Status::internal(format!("invalid shard selector: {why}")))
        });
        Ok(Self { namespace: namespace.map(str::to_owned), labels, fields, shard: shard.transpose()? })
    }

    /// The shard, if the selection has one.
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
        self.namespace.as_deref().is_none_or(|namespace| object.key.namespace() == Some(namespace))
            && self.shard.as_ref().is_none_or(|shard| shard.matches(object))
            && self.labels.as_ref().is_none_or(|labels| labels.matches(&object.labels))
            && self.fields.as_ref().is_none_or(|fields| fields.matches(|name| object.field(name).or(Some(""))))
    }
}

fn field_selector(text: &str, served: &ServedResource) -> Result<FieldSelector> {
    let selector: FieldSelector =
        text.parse().map_err(|error| Status::bad_request(format!("invalid field selector {text:?}: {error}")))?;
    for (field, _, _) in selector.terms() {
        let known = matches!(field, "metadata.name" | "metadata.namespace")
            || served.selectable_fields.iter().any(|name| name == field);
        if known {
            continue;
        }
        let message = if served.selectable_fields.is_empty() && !served.is_custom() {
            format!("{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
        } else {
            format!("field label not supported: {field}")
        };
        return Err(Status::bad_request(message));
    }
    Ok(selector)
}
