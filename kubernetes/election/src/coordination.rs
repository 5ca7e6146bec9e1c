use kubernetes_core::Str;

use crate::error::Error;

/// How a candidate takes part in a coordinated election; see
/// [`LeaseConfig::coordinated`](crate::LeaseConfig::coordinated).
///
/// ```
/// use kubernetes_election::{Coordination, LeaseConfig};
///
/// let config = LeaseConfig::new("shop", "operator")
///     .identity("operator-7c9f")
///     .coordinated(Coordination::new("1.4.0").emulation_version("1.3.0"));
/// ```
///
/// The candidate announces itself by a `LeaseCandidate` of its identity's name, renews it every 5 minutes, and when the
/// server asks whether it is still there.
#[derive(Clone, Debug)]
pub struct Coordination {
    pub(crate) binary_version: Str,
    pub(crate) emulation_version: Str,
    pub(crate) strategy: Str,
}

impl Coordination {
    /// A candidate of this version of the program, such as `1.4.0`, with the strategy `OldestEmulationVersion`.
    pub fn new(binary_version: &str) -> Self {
        Self {
            binary_version: binary_version.into(),
            emulation_version: binary_version.into(),
            strategy: "OldestEmulationVersion".into(),
        }
    }

    /// The version that the program behaves as, at most that of the program.
    pub fn emulation_version(mut self, version: &str) -> Self {
        self.emulation_version = version.into();
        self
    }

    /// The strategy by which the server picks the leader.
    pub fn strategy(mut self, strategy: &str) -> Self {
        self.strategy = strategy.into();
        self
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        for version in [&self.binary_version, &self.emulation_version] {
            let numbers = version.split(['-', '+']).next().unwrap_or_default();
            let are_numbers = numbers.split('.').all(|number| number.parse::<u64>().is_ok());
            if !are_numbers || numbers.split('.').count() != 3 {
                return Err(Error::config(format!("{version:?} is not a semantic version such as 1.4.0")));
            }
        }
        Ok(())
    }
}
