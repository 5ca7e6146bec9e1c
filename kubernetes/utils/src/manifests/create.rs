use kubernetes_client::{Client, Error};
use kubernetes_core::{Object, Str};
use kubernetes_dynamic::{DynamicObject, Mapper};

use super::Manifests;
use super::error::ManifestError;
use super::plan::{Names, Plan, Step, not_empty};
use super::report::{Action, OperationError, Report};
use super::served::{await_definition, when_served};
use super::settings::{STRICT, Settings, setters, write_setters};
use super::waves::{self, Done, Verb};
use crate::{Retry, retry_on_conflict};

/// The two operations, whose requests alone differ.
macro_rules! operation {
    ($(#[$documentation:meta])* $name:ident, $participle:literal, $names:expr, $verb:ident) => {
        $(#[$documentation])*
        #[derive(Clone, Debug)]
        #[must_use = "nothing is written until it is sent"]
        pub struct $name<'a> {
            manifests: &'a Manifests,
            settings: Settings,
            fields: Fields,
        }

        impl<'a> $name<'a> {
            pub(super) fn new(manifests: &'a Manifests) -> Self {
                Self { manifests, settings: Settings::default(), fields: Fields::default() }
            }

            setters!();
            write_setters!();

            /// Sets the field manager, which becomes the owner of the fields.
            pub fn field_manager(mut self, manager: impl Into<Str>) -> Self {
                self.fields.manager = Some(manager.into());
                self
            }

            /// Sets the treatment of unknown fields: `Ignore`, `Warn` or `Strict` (the default).
            pub fn field_validation(mut self, validation: impl Into<Str>) -> Self {
                self.fields.validation = validation.into();
                self
            }

            /// Checks all objects, and sends them.
            ///
            /// # Errors
            /// Returns an error, before anything is written, if manifests are not valid or the server's resources can't be
            #[doc = concat!("read. An object that could not be ", $participle, " is a result in the report.")]
            ///
            /// # Cancel safety
            #[doc = concat!("If the future is dropped, it is unknown which objects were ", $participle, ".")]
            pub async fn send(self, client: &Client) -> Result<Report, ManifestError> {
                let mapper = self.settings.mapper(client);
                not_empty(self.manifests)?;
                let plan = Plan::new(self.manifests, $names, &self.settings, &mapper, client).await?;
                let verb = $verb { fields: self.fields, mapper };
                Ok(Report::new(waves::run(client, &self.settings, &plan, &verb).await))
            }
        }

        struct $verb {
            fields: Fields,
            mapper: Mapper,
        }
    };
}

operation! {
    /// The creation of the objects of manifests; created by [`Manifests::create`].
    Create, "created", Names::MayBeGenerated, CreateVerb
}

operation! {
    /// The replacement of the objects of manifests; created by [`Manifests::replace`].
    Replace, "replaced", Names::Required, ReplaceVerb
}

#[derive(Clone, Debug)]
struct Fields {
    manager: Option<Str>,
    validation: Str,
}

impl Default for Fields {
    fn default() -> Self {
        Self { manager: None, validation: STRICT }
    }
}

/// Sets the common parameters of a request of either verb, which have different types.
macro_rules! with_fields {
    ($request:expr, $fields:expr, $settings:expr) => {{
        let mut request = $request.field_validation($fields.validation.clone());
        if $settings.dry_run {
            request = request.dry_run("All");
        }
        if let Some(manager) = &$fields.manager {
            request = request.field_manager(manager);
        }
        request
    }};
}

impl Verb for CreateVerb {
    async fn run(&self, client: &Client, settings: &Settings, step: &Step) -> Result<Done, OperationError> {
        let created = when_served(settings, step, || async {
            let scope = step.target.scope();
            with_fields!(scope.create(&step.object), self.fields, settings).send(client).await
        });
        match created.await? {
            Some(object) => {
                await_definition(client, settings, &self.mapper, step, &object).await?;
                Ok(Done::new(Action::Created, object))
            }
            None => Ok(Done::new(Action::Unchecked, None)),
        }
    }
}

impl Verb for ReplaceVerb {
    async fn run(&self, client: &Client, settings: &Settings, step: &Step) -> Result<Done, OperationError> {
        let attempts = if has_version(&step.object) { 1 } else { Retry::default().attempts };
        let replaced =
            retry_on_conflict(Retry { attempts, ..Retry::default() }, || self.replace(client, settings, step));
        let object = replaced.await.map_err(OperationError::request)?;
        await_definition(client, settings, &self.mapper, step, &object).await?;
        Ok(Done::new(Action::Replaced, object))
    }
}

impl ReplaceVerb {
    /// Replaces the version in the manifest if there is one, as kubectl does, and otherwise the server's current
    /// version.
    async fn replace(&self, client: &Client, settings: &Settings, step: &Step) -> Result<DynamicObject, Error> {
        let scope = step.target.scope();
        let mut object = step.object.clone();
        if !has_version(&object) {
            let current = scope.read(step.target.key.name()).metadata_only().send(client).await?;
            object.metadata.resource_version = current.metadata().resource_version.clone();
        }
        with_fields!(scope.replace(&object), self.fields, settings).send(client).await
    }
}

/// Whether a manifest names the version that it replaces.
fn has_version(object: &DynamicObject) -> bool {
    object.metadata.resource_version.as_ref().is_some_and(|version| !version.is_empty())
}
