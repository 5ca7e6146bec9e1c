use kubernetes_client::Client;
use kubernetes_core::selector::FieldSelector;
use kubernetes_core::{GroupVersionKind, Str};
use kubernetes_dynamic::{ApiResource, DynamicObject};

use super::VerbError;
use crate::Target;

/// The events about an object, oldest first, as shown by `kubectl describe`.
///
/// With a [uid](Target::uid), events about an earlier object of the same name are left out.
///
/// # Errors
/// Returns an error if the events can't be listed.
///
/// # Cancel safety
/// If the future is dropped, the request is abandoned; it changes nothing on the server.
pub async fn events_of(client: &Client, target: &Target) -> Result<Vec<DynamicObject>, VerbError> {
    let of_type = GroupVersionKind::new("", "v1", "Event");
    let events = ApiResource::new(&of_type, "events", true);
    // Events about cluster-scoped objects are in the namespace `default`, or in any other.
    let scope = match target.key.namespace() {
        Some(namespace) => events.in_namespace(namespace),
        None => events.all_namespaces(),
    };
    let fields = [
        ("involvedObject.name", Some(target.key.name())),
        ("involvedObject.kind", Some(target.resource.kind.as_str())),
        ("involvedObject.uid", target.uid.as_deref()),
    ];
    let mut selector = FieldSelector::new();
    for (field, value) in fields {
        if let Some(value) = value {
            let added = selector.equals(field, value.to_owned());
            selector = added.map_err(|error| VerbError::refused(error.to_string()))?;
        }
    }
    let mut events = scope.list().field_selector(selector.to_string()).send(client).await?.items;
    events.sort_by_cached_key(last_seen);
    Ok(events)
}

/// Times as text sort correctly, to the second.
fn last_seen(event: &DynamicObject) -> Str {
    let fields = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/firstTimestamp"];
    let mut times = fields.iter().filter_map(|field| event.get::<Str>(*field).ok().flatten());
    times.next().unwrap_or_default()
}
