use std::cmp::Ordering;

use kubernetes_core::Str;

use super::version;
use crate::Error;

/// The progress of each source of a store, and the reason why the store has stopped.
pub(super) struct Progress {
    sources: Vec<SourceProgress>,
    /// The error that ended the store.
    pub(super) cause: Option<Error>,
}

/// The progress of a source.
#[derive(Clone, Default)]
pub(super) struct SourceProgress {
    pub(super) stage: Stage,
    /// The version up to which it has seen everything.
    pub(super) version: Option<Str>,
}

#[derive(Clone, Copy, Default, PartialEq)]
pub(super) enum Stage {
    /// The first list is not complete.
    #[default]
    Listing,
    Listed,
    /// The source has no objects and never will.
    Retired,
}

impl Progress {
    pub(super) fn new(sources: usize) -> Self {
        Self { sources: vec![SourceProgress::default(); sources], cause: None }
    }

    pub(super) fn of(&mut self, source: usize) -> Option<&mut SourceProgress> {
        self.sources.get_mut(source)
    }

    /// Whether all sources have been listed.
    pub(super) fn is_ready(&self) -> bool {
        self.sources.iter().all(|source| source.stage != Stage::Listing)
    }

    /// The version that all sources have reached.
    pub(super) fn version(&self) -> Option<&Str> {
        let mut sources = self.sources.iter().filter(|source| source.stage != Stage::Retired);
        let first = sources.next()?.version.as_ref()?;
        sources.try_fold(first, |oldest, source| {
            let version = source.version.as_ref()?;
            let is_older = version::compare(version, oldest)?.is_lt();
            Some(if is_older { version } else { oldest })
        })
    }

    /// Whether all sources have reached `version`.
    pub(super) fn has_reached(&self, version: &str) -> bool {
        self.sources.iter().all(|source| source.has_reached(version))
    }

    /// Whether one of the sources has reached `version`.
    pub(super) fn source_has_reached(&self, source: usize, version: &str) -> bool {
        self.sources.get(source).is_some_and(|source| source.has_reached(version))
    }
}

impl SourceProgress {
    fn has_reached(&self, version: &str) -> bool {
        let reached = |seen: &Str| version::compare(seen, version).is_some_and(Ordering::is_ge);
        self.stage == Stage::Retired || self.version.as_ref().is_some_and(reached)
    }
}
