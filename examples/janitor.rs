//! An operator of all kinds, which it discovers at run time: it deletes objects with the annotation `example.com/ttl`
//! when they are older than that, including custom resources that are defined later.
//!
//! ```text
//! cargo run --example janitor
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kubernetes_sdk::Client;
use kubernetes_sdk::controller::{Action, Context, Controller, Informers, Predicate, Source, Terminal};
use kubernetes_sdk::core::meta::v1::{DeleteOptions, Preconditions};
use kubernetes_sdk::core::{DeleteRequest, ListRequest, PartialObjectMetadata, Time};
use kubernetes_sdk::dynamic::{ApiResource, Discovery, DynamicObject};
use kubernetes_sdk::models::apiextensions::v1::CustomResourceDefinition;
use tokio::task::JoinHandle;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The metadata of objects of any kind.
type Metadata = PartialObjectMetadata<DynamicObject>;

const TTL: &str = "example.com/ttl";

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (client, _server) = kubernetes_examples::connect(false).map_err(|error| error.to_string())?;
    println!("cleaning up, until interrupted");
    tokio::select! {
        result = operate(&client) => result,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

/// Runs until its future is dropped.
pub(crate) async fn operate(client: &Client) -> Result<(), Error> {
    let janitor = Janitor { client: client.clone(), informers: Informers::new(client), running: Arc::default() };
    janitor.clean_new_kinds().await?;
    // Definitions add and remove kinds.
    let definitions = ListRequest::<CustomResourceDefinition>::cluster();
    let changes = janitor.clone();
    Controller::new(client, definitions)
        .named("definitions")
        .informers(&janitor.informers)
        .on_deleted({
            let janitor = janitor.clone();
            move |definition, _| {
                janitor.forget(&definition.spec.group, &definition.spec.names.plural);
                std::future::ready(Ok::<_, Infallible>(Action::await_change()))
            }
        })
        .run(move |definition: Arc<CustomResourceDefinition>, _| {
            let janitor = changes.clone();
            async move {
                janitor.clean_new_kinds().await?;
                let (group, plural) = (&definition.spec.group, &definition.spec.names.plural);
                // The kind is served shortly after its definition is established.
                Ok::<_, Error>(if janitor.knows(group, plural) { Action::await_change() } else { Action::requeue() })
            }
        })
        .await?;
    Ok(())
}

/// The controllers of all kinds.
#[derive(Clone)]
struct Janitor {
    client: Client,
    informers: Informers,
    /// By group and plural.
    running: Arc<Mutex<HashMap<(String, String), Running>>>,
}

/// The task of a controller, which is aborted when this is dropped.
struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Janitor {
    /// Starts a controller for each kind that has none.
    async fn clean_new_kinds(&self) -> Result<(), Error> {
        let discovery = Discovery::run(&self.client).await?;
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        for resource in discovery.preferred_resources() {
            let can = |verb: &&str| resource.supports(verb);
            // Events are numerous, and the server deletes them after an hour.
            if resource.kind == "Event" || !["list", "watch", "delete"].iter().all(can) {
                continue;
            }
            let key = (resource.group.to_string(), resource.plural.to_string());
            running.entry(key).or_insert_with(|| {
                let (janitor, resource) = (self.clone(), resource.clone());
                Running(tokio::spawn(async move { janitor.clean(resource).await }))
            });
        }
        Ok(())
    }

    fn knows(&self, group: &str, plural: &str) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.contains_key(&(group.to_owned(), plural.to_owned()))
    }

    fn forget(&self, group: &str, plural: &str) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(&(group.to_owned(), plural.to_owned()));
    }

    /// Deletes the expired objects of a kind.
    async fn clean(&self, resource: ApiResource) {
        let objects = resource.all_namespaces().list().metadata_only();
        let source = Source::new(objects).filter(Predicate::annotations_changed()).drop_managed_fields();
        let name = resource.to_string();
        let controller = Controller::new(&self.client, source).named(&name).informers(&self.informers);
        if let Err(error) = controller.run(delete_in_time).await {
            println!("{name}: {error}");
        }
    }
}

async fn delete_in_time(object: Arc<Metadata>, context: Context<Metadata>) -> Result<Action, Error> {
    let metadata = &object.metadata;
    let Some(text) = metadata.annotations.get(TTL) else { return Ok(Action::await_change()) };
    let parsed = text.parse::<kubernetes_sdk::core::Duration>().ok().and_then(kubernetes_sdk::core::Duration::to_std);
    let Some(ttl) = parsed else {
        return Err(Terminal::new(format!("{TTL} is {text:?}; use a duration such as 90m")).into());
    };
    let created = metadata.creation_timestamp.unwrap_or_else(Time::now);
    let age = Duration::try_from(Time::now().timestamp().duration_since(created.timestamp())).unwrap_or_default();
    if let Some(rest) = ttl.checked_sub(age).filter(|rest| !rest.is_zero()) {
        return Ok(Action::requeue_after(rest));
    }
    // Does not delete an object that was created under the same name in the meantime.
    let preconditions = Preconditions { uid: metadata.uid.clone(), ..Preconditions::default() };
    let options = DeleteOptions { preconditions: Some(Box::new(preconditions)), ..DeleteOptions::default() };
    match DeleteRequest::<DynamicObject>::at(context.path()).options(&options).send(context.client()).await {
        Err(error) if !error.is_not_found() && !error.is_conflict() => Err(error.into()),
        _ => {
            println!("deleted {} {}", context.controller_name(), context.key());
            Ok(Action::await_change())
        }
    }
}
