//! A user's program with a crate of custom resources: a lamp is created, watched, changed, scaled and deleted.

use std::error::Error;
use std::time::Duration;

use futures::TryStreamExt;
use kubernetes_sdk::watch::{Event, Watch};
use kubernetes_sdk::{Client, Patch};
use lamps::api::lighting_example_com::v1 as lighting;
use lamps::models::lighting_example_com::v1::Lamp;
use lamps::models::lighting_example_com::v1::lamp::spec::{Free, Mode, Schedule};
use lamps::models::lighting_example_com::v1::lamp::{Spec, Status};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let namespace = std::env::args().nth(1).ok_or("which namespace?")?;
    let client = Client::from_env()?;
    let before = lighting::list_namespaced_lamp(&namespace).send(&client).await?;
    let mut events = Watch::new(&client).stream(lighting::list_namespaced_lamp(&namespace).since(&before));

    let mut free = Free { known: Some("yes".into()), ..Default::default() };
    free.rest.insert("unknown", serde_json::json!([1, null]));
    let spec = Spec {
        mode: Mode::Dim,
        port: Some(8080.into()),
        free: free.into(),
        schedule: Some(vec![Schedule { from: "06:00".into() }]),
        ..Default::default()
    };
    let desk = Lamp::named("desk").with_spec(spec);
    let created = lighting::create_namespaced_lamp(&namespace, &desk).send(&client).await?;
    let spec = created.spec.clone().ok_or("the spec is kept")?;
    assert_eq!(spec.bulbs, Some(1), "the server set the default");
    assert_eq!(spec.free, desk.spec.as_ref().and_then(|spec| spec.free.clone()), "unknown fields are kept");

    let lit = created.clone().with_status(Status { bulbs: Some(1) });
    lighting::replace_namespaced_lamp_status(&namespace, "desk", &lit).send(&client).await?;
    let patch = Patch::merge(&serde_json::json!({"spec": {"replicas": 3}}));
    let scale = lighting::patch_namespaced_lamp_scale(&namespace, "desk", &patch).send(&client).await?;
    assert_eq!(scale.spec.and_then(|spec| spec.replicas), Some(3));
    lighting::delete_namespaced_lamp(&namespace, "desk").send(&client).await?;

    let mut seen = Vec::new();
    while seen.last() != Some(&"deleted".to_owned()) {
        let event = tokio::time::timeout(Duration::from_secs(60), events.try_next()).await?;
        match event?.ok_or("the stream goes on")? {
            Event::Added(lamp) => seen.push(format!("added {}", lamp.name())),
            Event::Modified(lamp) => {
                let bulbs = |bulbs: Option<i32>| bulbs.unwrap_or_default();
                let wanted = lamp.spec.as_ref().map(|spec| bulbs(spec.bulbs)).unwrap_or_default();
                let lit = lamp.status.as_ref().map(|status| bulbs(status.bulbs)).unwrap_or_default();
                seen.push(format!("{lit} of {wanted}"));
            }
            Event::Deleted(_) => seen.push("deleted".to_owned()),
            Event::Bookmark(_) => {}
        }
    }
    assert_eq!(seen, ["added desk", "1 of 1", "1 of 3", "deleted"]);
    Ok(())
}
