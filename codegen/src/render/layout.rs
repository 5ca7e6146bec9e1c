use askama::Template;

use super::features;
use super::imports::Target;
use crate::ir::Krate;
use crate::output::Manifest;
use crate::passes::{Features, Plan};

const APIMACHINERY: &str = "kubernetes/apimachinery/src/generated";
pub(super) const CORE: &str = "kubernetes/core/src/generated";
pub(super) const MODELS: &str = "kubernetes/models/src/generated";
const API: &str = "kubernetes/api/src/generated";

/// The folder of the generated files in a crate of custom resources.
pub(super) const CUSTOM: &str = "src/generated";
const CUSTOM_MODELS: &str = "src/generated/models";
const CUSTOM_API: &str = "src/generated/api";

/// Which crates are rendered, and where their files are.
pub(crate) enum Layout {
    /// The SDK's: apimachinery, core, models and api.
    Sdk,
    /// One crate of custom resources.
    Custom {
        /// Its name.
        name: String,
        /// Where the SDK's crates are; the registry, if there is no such place.
        sdk: Option<String>,
    },
}

#[derive(Template)]
#[template(path = "custom_manifest.toml.j2", escape = "none")]
struct CustomManifest<'a> {
    /// Quoted.
    name: String,
    core: String,
    models: String,
    features: &'a str,
}

#[derive(Template)]
#[template(path = "custom_library.rs.j2", escape = "none")]
struct CustomLibrary<'a> {
    kinds: Vec<&'a str>,
}

impl Layout {
    pub(crate) fn sdk() -> Self {
        Self::Sdk
    }

    pub(crate) fn custom(name: &str, sdk: Option<&str>) -> Self {
        Self::Custom { name: name.to_owned(), sdk: sdk.map(str::to_owned) }
    }

    /// The crates whose types are rendered, each with its folder.
    pub(super) fn models(&self) -> &'static [(Krate, &'static str)] {
        match self {
            Self::Sdk => &[(Krate::Apimachinery, APIMACHINERY), (Krate::Models, MODELS)],
            Self::Custom { .. } => &[(Krate::Custom, CUSTOM_MODELS)],
        }
    }

    /// The folder of the operations, and the crate that it is in.
    pub(super) fn api(&self) -> (&'static str, Target) {
        match self {
            Self::Sdk => (API, Target::Api),
            Self::Custom { .. } => (CUSTOM_API, Target::Custom),
        }
    }

    /// The folders that hold generated files and nothing else.
    pub(super) fn folders(&self) -> Vec<&'static str> {
        match self {
            Self::Sdk => vec![APIMACHINERY, CORE, MODELS, API, super::TESTS, super::TESTING],
            Self::Custom { .. } => vec![CUSTOM],
        }
    }

    /// Whether the parameters of requests become methods here, and tables are made of all types; a custom resource's
    /// requests have the methods of core.
    pub(super) fn is_sdk(&self) -> bool {
        matches!(self, Self::Sdk)
    }

    pub(super) fn manifests(&self, features: &Features) -> Vec<Manifest> {
        match self {
            Self::Sdk => features::manifests(features),
            Self::Custom { .. } => vec![Manifest { path: "Cargo.toml", lines: features::custom(features) }],
        }
    }

    /// The files that are written once: a manifest and the root of the library.
    pub(super) fn initial(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let Self::Custom { name, sdk } = self else { return Vec::new() };
        let version = env!("CARGO_PKG_VERSION");
        let dependency = |krate: &str, more: &str| match sdk {
            Some(sdk) => {
                let path = toml::Value::from(format!("{sdk}/kubernetes/{krate}"));
                format!("{{ version = \"{version}\", path = {path}{more} }}")
            }
            None => format!("{{ version = \"{version}\"{more} }}"),
        };
        let kinds = plan.definitions.values().filter(|definition| definition.home.krate == Krate::Custom);
        let resources =
            kinds.filter(|definition| definition.structs().first().is_some_and(|object| object.resource.is_some()));
        let manifest = CustomManifest {
            name: toml::Value::from(name.as_str()).to_string(),
            core: dependency("core", ""),
            models: dependency("models", ", default-features = false"),
            features: &features::custom(&plan.features),
        };
        let library = CustomLibrary { kinds: resources.map(|definition| definition.type_name.as_str()).collect() };
        // A template with nothing but strings can't fail.
        let text = |rendered: askama::Result<String>| rendered.unwrap_or_default();
        vec![("Cargo.toml", text(manifest.render())), ("src/lib.rs", text(library.render()))]
    }
}
