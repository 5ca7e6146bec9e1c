//! Migration by the controller manager, requested with a `StorageVersionMigration`.
//!
//! Source: <https://github.com/kubernetes/kubernetes/tree/v1.37.2/pkg/controller/storageversionmigrator>

use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::meta::v1::GroupResource;
use kubernetes_core::{CreateRequest, DeleteRequest, ListRequest, ObjectMeta, Resource};
use kubernetes_models::storagemigration::v1::{StorageVersionMigration, StorageVersionMigrationSpec};
use kubernetes_watch::{ObjectCondition, UntilError, Verdict, until};

use crate::definitions::error::Cause;

/// The time limit for the server to start. A controller manager that becomes the leader needs about 20 seconds.
const START_LIMIT: Duration = Duration::from_secs(60);

/// The time limit of a migration.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// Makes the server migrate the objects; returns false if it does not.
pub(super) async fn migrate<K: Resource>(client: &Client) -> Result<bool, Cause> {
    let resource = GroupResource { group: K::GROUP.into(), resource: K::PLURAL.into() };
    let metadata =
        ObjectMeta { generate_name: Some(format!("{}.{}-", K::PLURAL, K::GROUP).into()), ..ObjectMeta::default() };
    let migration = StorageVersionMigration { metadata, ..StorageVersionMigration::default() }
        .with_spec(StorageVersionMigrationSpec { resource });
    let created = match CreateRequest::cluster(&migration).send(client).await {
        Ok(created) => created,
        Err(error) if error.is_not_found() || error.is_forbidden() => return Ok(false),
        Err(error) => return Err(Cause::Request("create a StorageVersionMigration for", Box::new(error))),
    };
    let name = created.metadata.name.unwrap_or_default();
    let ended = ended(client, &name).await;
    // A leftover object has no effect, so an error here must not hide an earlier one.
    drop(DeleteRequest::<StorageVersionMigration>::cluster(&name).send(client).await);
    ended.map_err(Cause::Migration)
}

/// Waits until the migration has ended; returns false if the server does not start it.
async fn ended(client: &Client, name: &str) -> Result<bool, UntilError> {
    let wait = |limit| until(client, ListRequest::<StorageVersionMigration>::cluster()).named(name).within(limit);
    match wait(START_LIMIT).is(ObjectCondition::new("is begun", is_begun)).await {
        Ok(_) => {}
        Err(error) if error.is_timeout() => return Ok(false),
        Err(error) => return Err(error),
    }
    wait(LIMIT).is(ObjectCondition::new("has succeeded", success)).await.map(|_| true)
}

fn is_begun(migration: &StorageVersionMigration) -> bool {
    let status = migration.status.as_deref();
    status.is_some_and(|status| status.resource_version.is_some() || !status.conditions.is_empty())
}

/// `Running` is false again once the server has cleaned up the stored versions.
fn success(migration: &StorageVersionMigration) -> Verdict {
    let conditions = migration.status.as_deref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    let if_true =
        |type_: &str| conditions.iter().find(|condition| condition.type_ == type_ && condition.status == "True");
    match (if_true("Failed"), if_true("Running"), if_true("Succeeded")) {
        (Some(failed), ..) => Verdict::failed(failed.message.clone()),
        (None, Some(running), _) => Verdict::waiting(running.message.clone()),
        (None, None, Some(_)) => Verdict::Met,
        (None, None, None) => Verdict::waiting("it is waiting for its turn"),
    }
}
