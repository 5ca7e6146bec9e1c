use std::time::Duration;

use kubernetes_core::GroupVersion;
use serde_json::Value;

use crate::object::Object;
use crate::state::State;

/// The plugin that calls a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Mutating,
    Validating,
}

/// A webhook of a configuration, with the API server's defaults for missing fields.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    pub(super) kind: Kind,
    value: Value,
}

impl Hook {
    /// All webhooks, in the order of their configurations' names.
    pub(super) fn all(state: &State, kind: Kind) -> Vec<Self> {
        let plural = match kind {
            Kind::Mutating => "mutatingwebhookconfigurations",
            Kind::Validating => "validatingwebhookconfigurations",
        };
        let group_version = GroupVersion::new("admissionregistration.k8s.io", "v1");
        let Some(served) = state.registry.get(&group_version, plural) else { return Vec::new() };
        let mut configurations: Vec<Object> =
            state.store.collection(served.collection).objects(None).map(|stored| Object::of(stored)).collect();
        configurations.sort_by(|one, other| one.text("name").cmp(other.text("name")));
        let hooks = configurations.iter().flat_map(|configuration| configuration.list_at("webhooks"));
        hooks.map(|value| Self { kind, value: value.clone() }).collect()
    }

    fn text<'a>(&'a self, field: &str, default: &'a str) -> &'a str {
        self.value.get(field).and_then(Value::as_str).unwrap_or(default)
    }

    pub(super) fn get(&self, field: &str) -> Option<&Value> {
        self.value.get(field)
    }

    pub(super) fn list(&self, field: &str) -> &[Value] {
        self.value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(super) fn name(&self) -> &str {
        self.text("name", "")
    }

    pub(super) fn ignores_failures(&self) -> bool {
        self.text("failurePolicy", "Fail") == "Ignore"
    }

    pub(super) fn matches_equivalents(&self) -> bool {
        self.text("matchPolicy", "Equivalent") == "Equivalent"
    }

    pub(super) fn is_reinvoked(&self) -> bool {
        self.text("reinvocationPolicy", "Never") == "IfNeeded"
    }

    /// Whether the webhook may be called for a dry run.
    pub(super) fn allows_dry_run(&self) -> bool {
        matches!(self.text("sideEffects", "Unknown"), "None" | "NoneOnDryRun")
    }

    pub(super) fn timeout(&self) -> Duration {
        let seconds = self.value.get("timeoutSeconds").and_then(Value::as_u64).unwrap_or(10);
        Duration::from_secs(seconds.clamp(1, 30))
    }

    /// The version of reviews: the first that this server supports.
    pub(super) fn review_version(&self) -> Option<&str> {
        let versions = self.list("admissionReviewVersions").iter().filter_map(Value::as_str);
        versions.into_iter().find(|version| matches!(*version, "v1" | "v1beta1"))
    }
}
