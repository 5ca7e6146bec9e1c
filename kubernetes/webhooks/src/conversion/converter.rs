use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use kubernetes_core::conversion::{TrySpoke, convert_from_hub, convert_to_hub};
use kubernetes_core::json::{self, Tree};
use kubernetes_core::{GroupVersionKind, Json, Resource};

use super::metadata;

/// The message of a panic, which is controller-runtime's: a panic may quote the object.
pub(crate) const PANIC: &str = "internal error occurred during conversion";

/// After so many objects, others get a turn: a list may have thousands.
const OBJECTS_AT_A_TIME: usize = 16;

/// Converts between the versions of a custom resource by way of one of them, the hub.
///
/// ```
/// # use kubernetes_core::conversion::Spoke;
/// # use kubernetes_core::{ObjectMeta, resource};
/// # #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
/// # struct Lantern { metadata: ObjectMeta, color: String }
/// # #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
/// # struct OldLantern { metadata: ObjectMeta, paint: String }
/// # resource!(Lantern: "light.example.com" / "v1" / "Lantern", "lanterns", namespaced, serde);
/// # resource!(OldLantern: "light.example.com" / "v1beta1" / "Lantern", "lanterns", namespaced, serde);
/// use kubernetes_webhooks::{Converter, Webhooks};
///
/// impl Spoke for OldLantern {
///     type Hub = Lantern;
///
///     fn to_hub(&self) -> Lantern {
///         Lantern { color: self.paint.clone(), ..Lantern::default() }
///     }
///
///     fn from_hub(hub: &Lantern) -> Self {
///         Self { paint: hub.color.clone(), ..Self::default() }
///     }
/// }
///
/// let webhooks = Webhooks::new().convert(Converter::hub::<Lantern>().spoke::<OldLantern>());
/// ```
///
/// Metadata is carried over, and fields that a version does not have are kept in an annotation; see
/// [`conversion`](kubernetes_core::conversion).
pub struct Converter<H> {
    spokes: BTreeMap<&'static str, Functions<H>>,
}

/// The two ways of a spoke.
struct Functions<H> {
    to_hub: fn(&str) -> Result<H, String>,
    from_hub: fn(&H) -> Result<String, String>,
}

/// A converter, type-erased.
pub(crate) trait Convert: Send + Sync {
    /// Converts an object of the kind, without its metadata.
    fn convert(&self, from: &str, to: &str, object: &str) -> Result<String, String>;
}

/// The resource that a converter is for.
pub(crate) struct HubAndSpokes {
    pub(crate) group: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) converter: Box<dyn Convert>,
}

impl Converter<()> {
    /// Creates a converter with the hub `H`, without other versions yet.
    pub fn hub<H: Resource>() -> Converter<H> {
        Converter { spokes: BTreeMap::new() }
    }
}

impl<H: Resource> Converter<H> {
    /// Adds a version: a [`Spoke`](kubernetes_core::conversion::Spoke), or a [`TrySpoke`] whose errors users see.
    ///
    /// # Panics
    ///
    /// Panics if it is of another group, kind or resource than the hub, or there is one of its version.
    #[must_use]
    pub fn spoke<S: TrySpoke<Hub = H>>(mut self) -> Self {
        let hub = GroupVersionKind::of::<H>();
        assert!(
            S::GROUP == H::GROUP && S::KIND == H::KIND && S::PLURAL == H::PLURAL,
            "{} can't be a version of {hub}",
            GroupVersionKind::of::<S>()
        );
        let functions = Functions {
            to_hub: |object| {
                let spoke: S = json::from_str(object).map_err(|error| error.to_string())?;
                convert_to_hub(&spoke).map_err(|error| error.to_string())
            },
            from_hub: |hub| {
                let spoke: S = convert_from_hub(hub).map_err(|error| error.to_string())?;
                json::to_string(&spoke).map_err(|error| error.to_string())
            },
        };
        let is_new = S::VERSION != H::VERSION && self.spokes.insert(S::VERSION, functions).is_none();
        assert!(is_new, "{hub} has two versions {}", S::VERSION);
        self
    }

    pub(crate) fn erased(self) -> HubAndSpokes {
        HubAndSpokes { group: H::GROUP, kind: H::KIND, plural: H::PLURAL, converter: Box::new(self) }
    }

    fn find(&self, version: &str) -> Result<Option<&Functions<H>>, String> {
        if version == H::VERSION {
            return Ok(None);
        }
        let unknown = || {
            let known: Vec<&str> = self.spokes.keys().copied().chain([H::VERSION]).collect();
            format!("{} has no version {version}; known versions: {}", H::KIND, known.join(", "))
        };
        self.spokes.get(version).map(Some).ok_or_else(unknown)
    }
}

impl<H: Resource> Convert for Converter<H> {
    fn convert(&self, from: &str, to: &str, object: &str) -> Result<String, String> {
        let (from, to) = (self.find(from)?, self.find(to)?);
        let hub = match from {
            Some(from) => (from.to_hub)(object)?,
            None => json::from_str(object).map_err(|error| error.to_string())?,
        };
        match to {
            Some(to) => (to.from_hub)(&hub),
            None => json::to_string(&hub).map_err(|error| error.to_string()),
        }
    }
}

impl<H: Resource> fmt::Debug for Converter<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spokes: Vec<_> = self.spokes.keys().collect();
        f.debug_struct("Converter").field("hub", &GroupVersionKind::of::<H>()).field("spokes", &spokes).finish()
    }
}

/// Why objects were not converted.
pub(crate) enum Failure {
    Message(String),
    Panic,
}

/// Converts all objects to a version, in their order, or none.
pub(crate) async fn convert_all(
    converters: &[Arc<HubAndSpokes>],
    desired: &str,
    objects: &[Json],
) -> Result<Vec<String>, Failure> {
    let mut converted = Vec::with_capacity(objects.len());
    for (index, object) in objects.iter().enumerate() {
        if index % OBJECTS_AT_A_TIME == OBJECTS_AT_A_TIME - 1 {
            tokio::task::yield_now().await;
        }
        // A converter holds functions alone.
        let result = catch_unwind(AssertUnwindSafe(|| convert_one(converters, desired, object.as_str())));
        let result = result.map_err(|_| Failure::Panic)?;
        converted.push(result.map_err(|message| Failure::Message(format!("object {index}: {message}")))?);
    }
    Ok(converted)
}

fn convert_one(converters: &[Arc<HubAndSpokes>], desired: &str, object: &str) -> Result<String, String> {
    let document: Tree = json::from_str(object).map_err(|error| error.to_string())?;
    let text = |field: &str| document.get(field).and_then(Tree::as_str).unwrap_or_default();
    let of = |api_version: &str| {
        GroupVersionKind::from_api_version(api_version, text("kind")).map_err(|error| error.to_string())
    };
    let (from, to) = (of(text("apiVersion"))?, of(desired)?);
    if from.group != to.group {
        return Err(format!("{from} and {desired} are not of the same API group"));
    }
    if from.version == to.version {
        return Err(format!("{from} is already at version {desired}"));
    }
    let converter = converters.iter().find(|other| from.group == other.group && from.kind == other.kind);
    let converter = converter.ok_or_else(|| format!("there is no converter for {from}"))?;
    let converted = converter.converter.convert(&from.version, &to.version, object)?;
    metadata::restore(&document, &converted)
}
