//! Checks that conversions lose nothing, for tests.

use super::{ConversionError, Convert, TrySpoke, compare, convert, written};
use crate::json::Tree;
use crate::schema::{CustomResource, sample};
use crate::{JsonPointer, Resource};

/// Checks that an object survives a conversion to a version and back, for tests.
///
/// [`check_round_trips`] generates the objects.
///
/// # Errors
/// If the object differs afterwards: the message names the first place.
pub fn check_round_trip<S: TrySpoke>(hub: &S::Hub) -> Result<(), ConversionError> {
    round_trip(hub, S::try_from_hub, S::try_to_hub)
}

/// Checks that conversions lose nothing, for tests: converts `count` objects of the hub to a version and back, and
/// `count` objects of that version to the hub and back.
///
/// ```
/// # use kubernetes_core::conversion::{ConversionError, Spoke, check_round_trips};
/// # use kubernetes_core::schema::CustomResource;
/// # fn example<OldLantern: Spoke<Hub: CustomResource> + CustomResource>() -> Result<(), ConversionError> {
/// check_round_trips::<OldLantern>(200)?;
/// # Ok(())
/// # }
/// ```
///
/// The objects are [samples](sample) of the schemas. Samples that their type can't read are skipped; these are few
/// unless the schema has patterns or formats.
///
/// # Errors
/// Returns an error if an object differs afterwards (the message names the first place and the seed of the sample), if
/// the definition is not valid, or if most samples do not fit their type.
pub fn check_round_trips<S>(count: u64) -> Result<(), ConversionError>
where
    S: TrySpoke<Hub: CustomResource> + CustomResource,
{
    samples::<S::Hub>(count, |hub| round_trip(hub, S::try_from_hub, S::try_to_hub))?;
    samples::<S>(count, |spoke| round_trip(spoke, S::try_to_hub, S::try_from_hub))
}

fn round_trip<A: Resource, B: Resource>(
    object: &A,
    forth: Convert<A, B>,
    back: Convert<B, A>,
) -> Result<(), ConversionError> {
    let converted = convert(object, forth, back)?;
    let (before, after) = (written(object)?, written(&convert(&converted, back, forth)?)?);
    let mut differences = Vec::new();
    compare(&JsonPointer::default(), Some(&before), Some(&after), &mut differences);
    let Some(difference) = differences.first() else { return Ok(()) };
    let place = difference.path.as_str();
    let (kind, version, other) = (A::KIND, A::VERSION, B::VERSION);
    Err(ConversionError(format!("{kind} {version} differs at {place} after a conversion to {other} and back")))
}

/// Checks the samples that their type can read.
fn samples<K: CustomResource>(
    count: u64,
    check: impl Fn(&K) -> Result<(), ConversionError>,
) -> Result<(), ConversionError> {
    let definition = K::definition().map_err(|error| ConversionError(error.to_string()))?;
    let schema = definition.schema(K::VERSION).unwrap_or(&Tree::Null);
    let mut read = 0;
    for seed in 0..count {
        let mut tree = sample(schema, seed);
        for key in ["/apiVersion", "/kind"] {
            tree.remove(key);
        }
        if let Ok(object) = tree.to_value::<K>() {
            read += 1;
            check(&object).map_err(|error| ConversionError(format!("{error} (sample {seed})")))?;
        }
    }
    if read * 2 < count {
        let (kind, version) = (K::KIND, K::VERSION);
        let message = format!(
            "{kind} {version} reads only {read} of {count} samples of its schema; check objects of your own with \
             check_round_trip"
        );
        return Err(ConversionError(message));
    }
    Ok(())
}
