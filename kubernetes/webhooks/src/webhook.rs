//! An admission webhook: its handlers, and its settings for the API server.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use kubernetes_core::json::Value;
use kubernetes_core::meta::v1::LabelSelector;
use kubernetes_core::{Resource, Str};
use kubernetes_models::admissionregistration::v1::{MatchCondition, MutatingWebhook, RuleWithOperations};

use crate::admission::{AdmissionRequest, Admit, Allowed, Denied, Mutate, Mutated, Operation, Validate};

/// The API server's decision when a webhook can't be reached, or fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// The request is refused.
    Fail,
    /// The request is carried out.
    Ignore,
}

/// Whether a handler has side effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideEffects {
    /// Never.
    None,
    /// Only for requests that are not dry runs.
    NoneOnDryRun,
}

/// The requests that a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchPolicy {
    /// Those of exactly the rule's group, version and resource.
    Exact,
    /// Also those that change the same objects in another version or group; the object is converted first.
    Equivalent,
}

/// An admission webhook: handlers at a path, and the rules by which the API server calls them.
///
/// ```
/// use std::time::Duration;
///
/// use kubernetes_models::core::v1::Pod;
/// use kubernetes_webhooks::{AdmissionRequest, Denied, FailurePolicy, Operation, Webhook, Webhooks};
///
/// let guard = Webhook::validating(|request: AdmissionRequest<Pod>| async move {
///     match request.old_object {
///         Some(pod) if pod.metadata.labels.contains_key("protected") => Err(Denied::new("the pod is protected")),
///         _ => Ok(()),
///     }
/// })
/// .name("guard.pods.example.com")
/// .operations([Operation::Delete])
/// .failure_policy(FailurePolicy::Ignore)
/// .timeout(Duration::from_secs(2))
/// .match_condition("not-in-kube-system", "request.namespace != 'kube-system'");
/// let webhooks = Webhooks::new().with(guard);
/// ```
///
/// By default it is called for creates and updates of its type in any equivalent version, has no side effects, and a
/// failure means that the request is refused.
#[must_use]
pub struct Webhook {
    pub(crate) path: String,
    pub(crate) is_mutating: bool,
    pub(crate) handlers: Vec<Box<dyn Admit>>,
    /// With all fields that a validating one has.
    pub(crate) settings: MutatingWebhook,
}

impl Webhook {
    /// Creates a webhook that validates requests for objects of type `K`, at the path `/validate-GROUP-VERSION-KIND`.
    pub fn validating<K, F, T, A, E>(handler: F) -> Self
    where
        K: Resource,
        F: Fn(AdmissionRequest<K>) -> T + Send + Sync + 'static,
        T: Future<Output = Result<A, E>> + Send + 'static,
        A: Into<Allowed> + 'static,
        E: Into<Denied> + 'static,
    {
        Self::validating_at(&path_of::<K>("validate"), handler).name(name_of::<K>("validate")).rule_of::<K>()
    }

    /// Creates a webhook that changes objects of type `K`, at the path `/mutate-GROUP-VERSION-KIND`.
    ///
    /// The handler gets the object, and the request without it. It returns the object, alone or with warnings and
    /// audit annotations ([`Mutated`]). Fields that `K` does not know stay as they are.
    pub fn mutating<K, F, T, M, E>(handler: F) -> Self
    where
        K: Resource,
        F: Fn(K, AdmissionRequest<K>) -> T + Send + Sync + 'static,
        T: Future<Output = Result<M, E>> + Send + 'static,
        M: Into<Mutated<K>> + 'static,
        E: Into<Denied> + 'static,
    {
        Self::mutating_at(&path_of::<K>("mutate"), handler).name(name_of::<K>("mutate")).rule_of::<K>()
    }

    /// Like [`validating`](Self::validating), for objects of any type that can be read as `K`, such as
    /// [`Tree`](kubernetes_core::json::Tree), at this path. It has no [rules](Self::rule) and no [name](Self::name)
    /// yet.
    pub fn validating_at<K, F, T, A, E>(path: &str, handler: F) -> Self
    where
        K: Value + Send + 'static,
        F: Fn(AdmissionRequest<K>) -> T + Send + Sync + 'static,
        T: Future<Output = Result<A, E>> + Send + 'static,
        A: Into<Allowed> + 'static,
        E: Into<Denied> + 'static,
    {
        Self::new(path, false, Box::new(Validate::new(handler)))
    }

    /// Like [`mutating`](Self::mutating), for objects of any type that can be read as `K`, at this path.
    pub fn mutating_at<K, F, T, M, E>(path: &str, handler: F) -> Self
    where
        K: Value + Send + 'static,
        F: Fn(K, AdmissionRequest<K>) -> T + Send + Sync + 'static,
        T: Future<Output = Result<M, E>> + Send + 'static,
        M: Into<Mutated<K>> + 'static,
        E: Into<Denied> + 'static,
    {
        Self::new(path, true, Box::new(Mutate::new(handler)))
    }

    fn new(path: &str, is_mutating: bool, handler: Box<dyn Admit>) -> Self {
        let settings = MutatingWebhook {
            admission_review_versions: vec!["v1".into()],
            failure_policy: Some("Fail".into()),
            match_policy: Some("Equivalent".into()),
            side_effects: "None".into(),
            timeout_seconds: Some(10),
            ..MutatingWebhook::default()
        };
        Self { path: absolute(path), is_mutating, handlers: vec![handler], settings }
    }

    /// Adds a handler that validates the object as the preceding handlers have left it. The first refusal wins.
    pub fn and_validate<K, F, T, A, E>(mut self, handler: F) -> Self
    where
        K: Value + Send + 'static,
        F: Fn(AdmissionRequest<K>) -> T + Send + Sync + 'static,
        T: Future<Output = Result<A, E>> + Send + 'static,
        A: Into<Allowed> + 'static,
        E: Into<Denied> + 'static,
    {
        self.handlers.push(Box::new(Validate::new(handler)));
        self
    }

    /// Adds a handler that changes the object as the ones before have left it. This makes the webhook a mutating one.
    pub fn and_mutate<K, F, T, M, E>(mut self, handler: F) -> Self
    where
        K: Value + Send + 'static,
        F: Fn(K, AdmissionRequest<K>) -> T + Send + Sync + 'static,
        T: Future<Output = Result<M, E>> + Send + 'static,
        M: Into<Mutated<K>> + 'static,
        E: Into<Denied> + 'static,
    {
        self.handlers.push(Box::new(Mutate::new(handler)));
        self.is_mutating = true;
        self
    }

    /// Sets the path.
    pub fn path(mut self, path: &str) -> Self {
        self.path = absolute(path);
        self
    }

    /// Sets the name, such as `guard.pods.example.com`: it must have three parts, and users see it if a request is
    /// refused. By default it is `validate.KIND.VERSION.GROUP` or `mutate.KIND.VERSION.GROUP`.
    pub fn name(mut self, name: impl Into<Str>) -> Self {
        self.settings.name = name.into();
        self
    }

    /// Sets the operations of the first rule; by default creates and updates.
    pub fn operations(mut self, operations: impl IntoIterator<Item = Operation>) -> Self {
        let rule = self.first_rule();
        rule.operations = operations.into_iter().map(|operation| operation.as_str().into()).collect();
        self
    }

    /// Sets the resources of the first rule, such as `lanterns/status` for a subresource; by default the plural.
    pub fn resources(mut self, resources: impl IntoIterator<Item = impl Into<Str>>) -> Self {
        self.first_rule().resources = resources.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a rule: requests that match any of the rules are sent to the webhook.
    pub fn rule(mut self, rule: RuleWithOperations) -> Self {
        self.settings.rules.push(rule);
        self
    }

    /// Sets the decision when the webhook can't be reached or fails; by default [`FailurePolicy::Fail`].
    pub fn failure_policy(mut self, policy: FailurePolicy) -> Self {
        self.settings.failure_policy = Some(policy.as_str().into());
        self
    }

    /// Says whether the handlers have side effects; by default [`SideEffects::None`]. With
    /// [`NoneOnDryRun`](SideEffects::NoneOnDryRun), handlers must check [`AdmissionRequest::dry_run`].
    pub fn side_effects(mut self, effects: SideEffects) -> Self {
        self.settings.side_effects = effects.as_str().into();
        self
    }

    /// Sets the time for an answer, by default 10 s. API servers take whole seconds from 1 to 30: parts of a second are
    /// rounded up, and longer times become 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        let seconds = timeout.as_millis().div_ceil(1000).clamp(1, 30);
        self.settings.timeout_seconds = i32::try_from(seconds).ok();
        self
    }

    /// Sets whether requests in other versions count; by default [`MatchPolicy::Equivalent`].
    pub fn match_policy(mut self, policy: MatchPolicy) -> Self {
        self.settings.match_policy = Some(policy.as_str().into());
        self
    }

    /// Selects namespaces by their labels; objects outside of namespaces always count.
    pub fn namespace_selector(mut self, selector: LabelSelector) -> Self {
        self.settings.namespace_selector = selector.into();
        self
    }

    /// Selects objects by their labels, of the new object or the old one. Users can change labels, which makes it unfit
    /// for protection.
    pub fn object_selector(mut self, selector: LabelSelector) -> Self {
        self.settings.object_selector = selector.into();
        self
    }

    /// Adds a condition in CEL, which the API server evaluates: the webhook is called only if all are true.
    pub fn match_condition(mut self, name: impl Into<Str>, expression: impl Into<Str>) -> Self {
        let condition = MatchCondition { name: name.into(), expression: expression.into() };
        self.settings.match_conditions.push(condition);
        self
    }

    /// Asks to be called again, once, if a later webhook changes the object. It has no effect on a validating webhook,
    /// which is called when all changes are made.
    pub fn reinvoke_if_needed(mut self) -> Self {
        self.settings.reinvocation_policy = Some("IfNeeded".into());
        self
    }

    fn rule_of<K: Resource>(self) -> Self {
        self.rule(RuleWithOperations {
            api_groups: vec![K::GROUP.into()],
            api_versions: vec![K::VERSION.into()],
            operations: vec!["CREATE".into(), "UPDATE".into()],
            resources: vec![K::PLURAL.into()],
            scope: None,
        })
    }

    fn first_rule(&mut self) -> &mut RuleWithOperations {
        if self.settings.rules.is_empty() {
            self.settings.rules.push(RuleWithOperations::default());
        }
        &mut self.settings.rules[0]
    }
}

/// The path with a slash before it, and none behind.
pub(crate) fn absolute(path: &str) -> String {
    format!("/{}", path.trim_matches('/'))
}

/// Like controller-runtime's `generateMutatePath`: dots become dashes, and the kind is in lower case.
fn path_of<K: Resource>(verb: &str) -> String {
    format!("{verb}-{}-{}-{}", K::GROUP.replace('.', "-"), K::VERSION, K::KIND.to_lowercase())
}

/// The API server demands a name of at least three parts.
fn name_of<K: Resource>(verb: &str) -> String {
    let group = if K::GROUP.is_empty() { "core" } else { K::GROUP };
    format!("{verb}.{}.{}.{group}", K::KIND.to_lowercase(), K::VERSION)
}

impl FailurePolicy {
    /// The value as it is on the wire.
    fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "Fail",
            Self::Ignore => "Ignore",
        }
    }
}

impl SideEffects {
    /// The value as it is on the wire.
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::NoneOnDryRun => "NoneOnDryRun",
        }
    }
}

impl MatchPolicy {
    /// The value as it is on the wire.
    fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "Exact",
            Self::Equivalent => "Equivalent",
        }
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("path", &self.path)
            .field("name", &self.settings.name)
            .field("is_mutating", &self.is_mutating)
            .field("handlers", &self.handlers.len())
            .finish_non_exhaustive()
    }
}
