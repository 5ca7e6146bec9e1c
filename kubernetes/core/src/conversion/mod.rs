//! Conversion between the versions of a custom resource: each version, a spoke, is converted to and from the hub.
//!
//! ```
//! use kubernetes_core::conversion::{Spoke, convert_from_hub, convert_to_hub};
//! # use kubernetes_core::schema::{CustomResource, Declaration, Schema, Scope, Type, Shape, Version};
//! # use kubernetes_core::{ObjectMeta, json, resource};
//! # #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
//! # struct Lantern { metadata: ObjectMeta, color: String, bulbs: i32 }
//! # #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
//! # struct OldLantern { metadata: ObjectMeta, color: String }
//! # resource!(Lantern: "light.example.com" / "v1" / "Lantern", "lanterns", namespaced, serde);
//! # resource!(OldLantern: "light.example.com" / "v1beta1" / "Lantern", "lanterns", namespaced, serde);
//!
//! impl Spoke for OldLantern {
//!     type Hub = Lantern;
//!
//!     fn to_hub(&self) -> Lantern {
//!         Lantern { color: self.color.clone(), bulbs: 1, ..Lantern::default() }
//!     }
//!
//!     fn from_hub(hub: &Lantern) -> Self {
//!         Self { color: hub.color.clone(), ..Self::default() }
//!     }
//! }
//!
//! let lantern = Lantern { bulbs: 3, color: "red".into(), ..Lantern::named("a") };
//! // The old version has no field for bulbs, so an annotation keeps them.
//! let mut old: OldLantern = convert_from_hub(&lantern)?;
//! old.color = "green".into();
//! let lantern = convert_to_hub(&old)?;
//! assert_eq!((lantern.color.as_str(), lantern.bulbs), ("green", 3));
//! assert!(lantern.metadata.annotations.is_empty());
//! # Ok::<(), kubernetes_core::conversion::ConversionError>(())
//! ```
//!
//! The functions carry metadata over, not the traits. A field that the target version does not have is kept in the
//! annotation `GROUP/only-in-VERSION` of the converted object, and restored when that object is converted again, unless
//! its surroundings have been changed in the meantime.

mod check;

use std::error::Error;
use std::fmt;

pub use check::{check_round_trip, check_round_trips};

use crate::json::{Tree, Value};
use crate::{JsonPointer, Map, Resource, Str};

/// A version of a custom resource that is converted by way of another one, the hub.
///
/// `metadata` can be left at its default value: the functions of this module copy it.
pub trait Spoke: Resource + Sized {
    /// The version through which this one is converted to all others.
    type Hub: Resource;

    /// Converts this object to the hub's version.
    fn to_hub(&self) -> Self::Hub;

    /// Converts the hub's object to this version.
    fn from_hub(hub: &Self::Hub) -> Self;
}

/// As [`Spoke`], for a version with objects that the other one can't express: a conversion of one is refused, with the
/// reason.
///
/// ```
/// use kubernetes_core::conversion::{ConversionError, TrySpoke, convert_to_hub};
/// # use kubernetes_core::{ObjectMeta, resource};
/// # #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
/// # struct Lantern { metadata: ObjectMeta, hours: u32 }
/// # #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
/// # struct OldLantern { metadata: ObjectMeta, hours: String }
/// # resource!(Lantern: "light.example.com" / "v1" / "Lantern", "lanterns", namespaced, serde);
/// # resource!(OldLantern: "light.example.com" / "v1beta1" / "Lantern", "lanterns", namespaced, serde);
///
/// impl TrySpoke for OldLantern {
///     type Hub = Lantern;
///
///     fn try_to_hub(&self) -> Result<Lantern, ConversionError> {
///         let invalid = |_| ConversionError::new(format!("hours: {:?} is not a number", self.hours));
///         Ok(Lantern { hours: self.hours.parse().map_err(invalid)?, ..Lantern::default() })
///     }
///
///     fn try_from_hub(hub: &Lantern) -> Result<Self, ConversionError> {
///         Ok(Self { hours: hub.hours.to_string(), ..Self::default() })
///     }
/// }
///
/// let old = OldLantern { hours: "long".into(), ..OldLantern::default() };
/// assert_eq!(convert_to_hub(&old).unwrap_err().to_string(), "hours: \"long\" is not a number");
/// ```
///
/// Every [`Spoke`] is one.
pub trait TrySpoke: Resource + Sized {
    /// The version through which this one is converted to all others.
    type Hub: Resource;

    /// Converts this object to the hub's version.
    ///
    /// # Errors
    /// If the hub's version can't express it.
    fn try_to_hub(&self) -> Result<Self::Hub, ConversionError>;

    /// Converts the hub's object to this version.
    ///
    /// # Errors
    /// If this version can't express it.
    fn try_from_hub(hub: &Self::Hub) -> Result<Self, ConversionError>;
}

impl<S: Spoke> TrySpoke for S {
    type Hub = S::Hub;

    fn try_to_hub(&self) -> Result<S::Hub, ConversionError> {
        Ok(self.to_hub())
    }

    fn try_from_hub(hub: &S::Hub) -> Result<Self, ConversionError> {
        Ok(Self::from_hub(hub))
    }
}

/// An object that can't be converted: a version can't express it, or it can't be written or read.
pub struct ConversionError(String);

impl ConversionError {
    /// An error with the reason for which a version can't express an object.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

crate::error_text!(ConversionError);

impl ConversionError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for ConversionError {}

/// Converts an object to the hub's version.
///
/// # Errors
/// If the hub's version can't express it, or an object can't be written or read, which is a bug of its type.
pub fn convert_to_hub<S: TrySpoke>(spoke: &S) -> Result<S::Hub, ConversionError> {
    convert(spoke, S::try_to_hub, S::try_from_hub)
}

/// Converts an object from the hub's version.
///
/// # Errors
/// As [`convert_to_hub`].
pub fn convert_from_hub<S: TrySpoke>(hub: &S::Hub) -> Result<S, ConversionError> {
    convert(hub, S::try_from_hub, S::try_to_hub)
}

/// Converts an object from one spoke to another.
///
/// # Errors
/// As [`convert_to_hub`].
pub fn convert_between<A: TrySpoke, B: TrySpoke<Hub = A::Hub>>(spoke: &A) -> Result<B, ConversionError> {
    convert_from_hub(&convert_to_hub(spoke)?)
}

/// A place where an object differs from the original after a conversion and back.
struct Difference {
    path: JsonPointer,
    /// The value after the conversion back.
    back: Option<Tree>,
    /// The original value.
    was: Option<Tree>,
}

/// A conversion from one type to another.
type Convert<A, B> = fn(&A) -> Result<B, ConversionError>;

fn convert<A: Resource, B: Resource>(
    from: &A,
    forth: Convert<A, B>,
    back: Convert<B, A>,
) -> Result<B, ConversionError> {
    let mut to = forth(from)?;
    *to.metadata_mut() = from.metadata().clone();
    let key = |version: &str| format!("{}/only-in-{version}", A::GROUP);
    let (theirs, ours) = (key(B::VERSION), key(A::VERSION));
    to.metadata_mut().annotations.remove(&ours);
    if let Some(kept) = to.metadata_mut().annotations.remove(&theirs) {
        to = restored(to, &kept)?;
    }
    let mut returned = back(&to)?;
    *returned.metadata_mut() = from.metadata().clone();
    let mut lost = Vec::new();
    compare(&JsonPointer::default(), Some(&written(&returned)?), Some(&written(from)?), &mut lost);
    if !lost.is_empty() {
        let annotations: &mut Map<Str> = &mut to.metadata_mut().annotations;
        annotations.insert(ours, recorded(&lost).to_text());
    }
    Ok(to)
}

fn written<V: Value>(value: &V) -> Result<Tree, ConversionError> {
    Tree::from_value(value).map_err(|error| ConversionError(format!("the object can't be written: {error}")))
}

/// Collects the places where two documents differ; lists are compared as a whole.
fn compare(path: &JsonPointer, back: Option<&Tree>, was: Option<&Tree>, found: &mut Vec<Difference>) {
    if let (Some(Tree::Object(ours)), Some(Tree::Object(theirs))) = (back, was) {
        let added = theirs.iter().filter(|(key, _)| !ours.iter().any(|(other, _)| other == key));
        for (key, _) in ours.iter().chain(added) {
            let side = |tree: Option<&Tree>| tree.and_then(|tree| tree.get(key)).cloned();
            compare(&path.clone().key(key), side(back).as_ref(), side(was).as_ref(), found);
        }
    } else if back != was {
        found.push(Difference { path: path.clone(), back: back.cloned(), was: was.cloned() });
    }
}

/// The differences as a document: a list of objects with `path`, `back` and `was`.
fn recorded(differences: &[Difference]) -> Tree {
    let record = |difference: &Difference| {
        let mut fields = vec![("path".into(), Tree::String(difference.path.as_str().into()))];
        for (key, value) in [("back", &difference.back), ("was", &difference.was)] {
            fields.extend(value.clone().map(|value| (Str::from(key), value)));
        }
        Tree::Object(fields)
    };
    Tree::List(differences.iter().map(record).collect())
}

/// Restores the lost values in places where the object is unchanged since its conversion.
fn restored<B: Resource>(to: B, kept: &str) -> Result<B, ConversionError> {
    // Anyone can write annotations, so a malformed one is ignored.
    let Ok(Tree::List(records)) = crate::json::from_str::<Tree>(kept) else { return Ok(to) };
    let mut tree = written(&to)?;
    for record in &records {
        let Some(path) = record.get("path").and_then(Tree::as_str).map(JsonPointer::from) else { continue };
        let is_metadata = ["/metadata", "/apiVersion", "/kind"].iter().any(|start| path.as_str().starts_with(start));
        if is_metadata || tree.at(path.clone()) != record.get("back") {
            continue;
        }
        match record.get("was") {
            // A place that can't be set has lost its surroundings.
            Some(was) => drop(tree.set(path, was.clone())),
            None => drop(tree.remove(path)),
        }
    }
    match tree.to_value::<B>() {
        Ok(mut value) => {
            *value.metadata_mut() = to.metadata().clone();
            Ok(value)
        }
        Err(_) => Ok(to),
    }
}
