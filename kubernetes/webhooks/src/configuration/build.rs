use kubernetes_core::json::Tree;
use kubernetes_core::{ByteString, Json, Str};
use kubernetes_models::admissionregistration::v1::{
    MutatingWebhookConfiguration, ServiceReference, ValidatingWebhook, ValidatingWebhookConfiguration,
    WebhookClientConfig,
};

use super::{CaBundle, Configuration, Endpoint, Place, metadata, tree};
use crate::service::{CONVERT_PATH, Webhooks};

impl Configuration {
    /// The configuration of all webhooks, under a name that is unique in the cluster.
    pub fn new(name: &str, webhooks: &Webhooks, endpoint: &Endpoint, ca_bundle: &CaBundle) -> Self {
        let (mut mutating, mut validating) = (Vec::new(), Vec::new());
        for webhook in webhooks.0.admission.values() {
            let mut settings = webhook.settings.clone();
            if settings.rules.is_empty() {
                tracing::warn!(path = webhook.path, "a webhook has no rules, so API servers do not call it");
            }
            settings.client_config = client_config(endpoint, &webhook.path, ca_bundle);
            match webhook.is_mutating {
                true => mutating.push(settings),
                false => validating.push(ValidatingWebhook {
                    admission_review_versions: settings.admission_review_versions,
                    client_config: settings.client_config,
                    failure_policy: settings.failure_policy.map(|policy| policy.as_str().into()),
                    match_conditions: settings.match_conditions,
                    match_policy: settings.match_policy.map(|policy| policy.as_str().into()),
                    name: settings.name,
                    namespace_selector: settings.namespace_selector,
                    object_selector: settings.object_selector,
                    rules: settings.rules,
                    side_effects: settings.side_effects.as_str().into(),
                    timeout_seconds: settings.timeout_seconds,
                }),
            }
        }
        let mutating = (!mutating.is_empty())
            .then(|| MutatingWebhookConfiguration { metadata: metadata(name, ca_bundle), webhooks: mutating });
        let validating = (!validating.is_empty())
            .then(|| ValidatingWebhookConfiguration { metadata: metadata(name, ca_bundle), webhooks: validating });
        let conversions = webhooks.0.conversion.iter().map(|converter| {
            let name = format!("{}.{}", converter.plural, converter.group);
            let definition = conversion(&name, endpoint, ca_bundle);
            (name, definition)
        });
        Self { name: name.into(), validating, mutating, conversions: conversions.collect() }
    }
}

fn client_config(endpoint: &Endpoint, path: &str, ca_bundle: &CaBundle) -> WebhookClientConfig {
    let ca_bundle = match ca_bundle {
        CaBundle::Pem(pem) => Some(ByteString::from(pem.as_slice())),
        CaBundle::Unset | CaBundle::CertManager(_) => None,
    };
    match &endpoint.0 {
        Place::Service { namespace, name, port } => {
            let service = ServiceReference {
                name: name.as_str().into(),
                namespace: namespace.as_str().into(),
                path: Some(path.into()),
                port: Some(i32::from(*port)),
            };
            WebhookClientConfig { ca_bundle, service: service.into(), url: None }
        }
        Place::Url(base) => WebhookClientConfig { ca_bundle, service: None, url: Some(format!("{base}{path}").into()) },
    }
}

/// The fields that are applied to the definition of a converted resource. Its client configuration has the form of those
/// of admission webhooks.
fn conversion(name: &str, endpoint: &Endpoint, ca_bundle: &CaBundle) -> Json {
    let text = |text: &str| Tree::String(text.into());
    let webhook = object([
        ("clientConfig", tree(&client_config(endpoint, CONVERT_PATH, ca_bundle))),
        ("conversionReviewVersions", Tree::List(vec![text("v1")])),
    ]);
    let conversion = object([("strategy", text("Webhook")), ("webhook", webhook)]);
    let definition = object([
        ("apiVersion", text("apiextensions.k8s.io/v1")),
        ("kind", text("CustomResourceDefinition")),
        ("metadata", tree(&metadata(name, ca_bundle))),
        ("spec", object([("conversion", conversion)])),
    ]);
    Json::from(definition)
}

fn object<const N: usize>(fields: [(&'static str, Tree); N]) -> Tree {
    Tree::Object(fields.into_iter().map(|(key, value)| (Str::from_static(key), value)).collect())
}
