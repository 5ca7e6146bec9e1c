//! Waits against the testing server, while requests fail and connections break by chance.

use std::time::Duration;

use kubernetes_core::{DeleteRequest, ListRequest, ObjectMeta, Raw, ReadRequest};
use kubernetes_testing::{Fault, RandomFaults, TestServer};
use kubernetes_watch::{Informer, ListCondition, ObjectCondition, until};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct ConfigMap {
    metadata: ObjectMeta,
}

kubernetes_core::resource!(ConfigMap: "" / "v1" / "ConfigMap", "configmaps", namespaced, watch, serde);

const LIMIT: Duration = Duration::from_secs(3600);

fn maps() -> ListRequest<ConfigMap> {
    ListRequest::namespaced("default")
}

fn in_round(round: u32) -> ObjectCondition<ConfigMap> {
    let wanted = round.to_string();
    ObjectCondition::new(format!("is in round {round}"), move |map: &ConfigMap| {
        map.metadata.labels.get("round").is_some_and(|label| *label == wanted)
    })
}

/// Faults concern requests, and not what is loaded.
fn load(server: &TestServer, name: &str, round: u32) {
    let map = format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, labels: {{round: '{round}'}}}}}}");
    server.load_yaml(&map).expect("it is loaded");
}

async fn delete(server: &TestServer, name: &str) {
    let client = server.client();
    while ReadRequest::<ConfigMap>::namespaced("default", name).send(&client).await.is_ok() {
        let _ = DeleteRequest::<ConfigMap>::namespaced("default", name).send(&client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_whatever_goes_wrong_meanwhile() {
    for seed in 0..40 {
        let server = TestServer::builder().seed(seed).in_process();
        server.inject_random(RandomFaults::seeded(seed).share(0.5));
        // Nobody may be kept from a version forever.
        server.inject(Fault::compaction().verb("watch").nth(3));
        let client = server.client();
        let object = tokio::spawn(until(&client, maps()).named("a").within(LIMIT).is(in_round(5)));
        let all = tokio::spawn(until(&client, maps()).within(LIMIT).all(in_round(5)));
        let two = ListCondition::at_least(2, in_round(5));
        let two = tokio::spawn(until(&client, maps()).within(LIMIT).is(two));
        for round in 1..=5 {
            for name in ["a", "b"] {
                load(&server, name, round);
                tokio::time::sleep(Duration::from_millis(700)).await;
            }
        }
        let found = object.await.unwrap().unwrap_or_else(|error| panic!("seed {seed}: {error:?}")).expect("it exists");
        for list in [all.await.unwrap(), two.await.unwrap()] {
            assert_eq!(list.unwrap_or_else(|error| panic!("seed {seed}: {error:?}")).len(), 2);
        }

        let gone = tokio::spawn(until(&client, maps()).named("a").uid(found.uid()).within(LIMIT).deleted());
        let stays = tokio::spawn(until(&client, maps()).named("a").uid(found.uid()).within(LIMIT).is(in_round(9)));
        tokio::time::sleep(Duration::from_secs(5)).await;
        server.clear_faults();
        delete(&server, "a").await;
        load(&server, "a", 9);
        gone.await.unwrap().unwrap_or_else(|error| panic!("seed {seed}: {error:?}"));
        let error = stays.await.unwrap().expect_err("another object is in round 9");
        assert!(error.is_deleted(), "seed {seed}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_informer_keeps_raw_objects_too() {
    let server = TestServer::in_process();
    load(&server, "a", 1);
    let informer = Informer::start(&server.client(), maps().raw());
    informer.wait_until_ready().await.unwrap();
    let map: std::sync::Arc<Raw<ConfigMap>> = informer.store().get("default", "a").expect("it is there");
    assert!(map.text().contains(r#""round":"1""#), "{}", map.text());
    assert!(in_round(1).check(Some(&map.decode().unwrap())).is_met());
}
