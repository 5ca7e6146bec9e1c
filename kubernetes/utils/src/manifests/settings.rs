use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::Str;
use kubernetes_dynamic::Mapper;

use super::event::ManifestEvent;

/// The settings common to all operations.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) mapper: Option<Mapper>,
    pub(super) namespace: Option<Str>,
    pub(super) one_namespace: bool,
    pub(super) concurrency: usize,
    pub(super) dry_run: bool,
    pub(super) skip_invalid: bool,
    /// The time limit for definitions to be established, and for objects to disappear.
    pub(super) wait_limit: Duration,
    pub(super) observer: Option<Observer>,
}

pub(super) type Observer = Arc<dyn Fn(&ManifestEvent<'_>) + Send + Sync>;

/// kubectl's default treatment of unknown fields.
pub(super) const STRICT: Str = Str::from_static("Strict");

/// The number of concurrent requests.
const CONCURRENCY: usize = 16;

/// The default time limit for definitions to be established, and for objects to disappear.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

impl Default for Settings {
    fn default() -> Self {
        Self {
            mapper: None,
            namespace: None,
            one_namespace: false,
            concurrency: CONCURRENCY,
            dry_run: false,
            skip_invalid: false,
            wait_limit: WAIT_LIMIT,
            observer: None,
        }
    }
}

impl Settings {
    pub(super) fn mapper(&self, client: &Client) -> Mapper {
        self.mapper.clone().unwrap_or_else(|| Mapper::new(client))
    }

    pub(super) fn notify(&self, event: &ManifestEvent<'_>) {
        if let Some(observer) = &self.observer {
            observer(event);
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("namespace", &self.namespace)
            .field("one_namespace", &self.one_namespace)
            .field("concurrency", &self.concurrency)
            .field("dry_run", &self.dry_run)
            .field("skip_invalid", &self.skip_invalid)
            .field("wait_limit", &self.wait_limit)
            .finish_non_exhaustive()
    }
}

/// Implements the setters common to all operations.
macro_rules! setters {
    () => {
        /// Resolves kinds with this mapper, which shares its discovery, instead of a new one.
        pub fn mapper(mut self, mapper: &kubernetes_dynamic::Mapper) -> Self {
            self.settings.mapper = Some(mapper.clone());
            self
        }

        /// Sets the namespace of objects without one; by default that of the client.
        pub fn namespace(mut self, namespace: impl Into<kubernetes_core::Str>) -> Self {
            self.settings.namespace = Some(namespace.into());
            self
        }

        /// Refuses objects in other namespaces, as kubectl does with `--namespace`.
        pub fn only_namespace(mut self, namespace: impl Into<kubernetes_core::Str>) -> Self {
            self.settings.namespace = Some(namespace.into());
            self.settings.one_namespace = true;
            self
        }

        /// Sets the number of concurrent requests; 16 by default.
        pub fn concurrency(mut self, requests: usize) -> Self {
            self.settings.concurrency = requests.max(1);
            self
        }

        /// Processes the valid objects even if others are invalid; these are failures in the report. By default,
        /// nothing is sent in this case.
        pub fn skip_invalid(mut self, skip: bool) -> Self {
            self.settings.skip_invalid = skip;
            self
        }

        /// Calls a function for every progress event. It must not block.
        pub fn observe(
            mut self,
            observer: impl Fn(&crate::manifests::ManifestEvent<'_>) + Send + Sync + 'static,
        ) -> Self {
            self.settings.observer = Some(std::sync::Arc::new(observer));
            self
        }
    };
}

/// Implements the setters of operations that write.
macro_rules! write_setters {
    () => {
        /// Validates on the server without storing the results.
        pub fn dry_run(mut self, dry_run: bool) -> Self {
            self.settings.dry_run = dry_run;
            self
        }

        /// Sets the time limit for a definition to be established, and for a deleted object to disappear; one minute by
        /// default.
        pub fn wait_limit(mut self, limit: std::time::Duration) -> Self {
            self.settings.wait_limit = limit;
            self
        }
    };
}

pub(super) use {setters, write_setters};
