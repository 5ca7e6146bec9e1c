//! Several candidates on bad networks: never do two lead, and no write of an old leader comes after one of a new.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_core::CreateRequest;
use kubernetes_election::{Election, Leadership};
use kubernetes_models::core::v1::ConfigMap;
use kubernetes_testing::TestServer;
use tokio::task::JoinHandle;

use crate::network::Network;
use crate::support::{config, seconds, server};

/// Runs an election again and again, and writes while it leads.
fn candidate(network: &Network, identity: &'static str, tokens: &Arc<Mutex<Vec<Leadership>>>) -> JoinHandle<()> {
    let (client, tokens) = (network.client(), Arc::clone(tokens));
    tokio::spawn(async move {
        let mut election = Election::new(&client, config(identity)).unwrap();
        loop {
            let tokens = Arc::clone(&tokens);
            let lead = |leadership: Leadership| async move {
                tokens.lock().unwrap().push(leadership.clone());
                let client = leadership.client();
                for index in 0.. {
                    let fencing = leadership.fencing_number();
                    let map = ConfigMap::named(format!("w-{fencing:08}-{index}"));
                    let _ = CreateRequest::<ConfigMap>::namespaced("shop", &map).send(&client).await;
                    tokio::time::sleep(Duration::from_millis(700)).await;
                    // Now and then a leader is done.
                    if index > 60 {
                        return;
                    }
                }
            };
            let _ = election.run(lead).await;
        }
    })
}

/// One world: networks break and heal for ten minutes.
async fn world(seed: u64) -> usize {
    let mut random = fastrand::Rng::with_seed(seed);
    let server = TestServer::builder().namespace("shop").record_limits(1_000_000, 1 << 30).in_process();
    let networks: Vec<_> = (0..3).map(|_| Network::to(&server)).collect();
    let tokens = Arc::default();
    let tasks: Vec<_> =
        networks.iter().zip(["a", "b", "c"]).map(|(network, identity)| candidate(network, identity, &tokens)).collect();
    for step in 0..6000 {
        if step % 20 == 0 {
            let network = &networks[random.usize(..3)];
            let mut delay = || Duration::from_millis(random.u64(..6000).saturating_sub(3000));
            let (there, back) = (delay(), delay());
            match random.u8(..4) {
                0 => network.cut(true),
                1 => network.slow(there, back),
                _ => {
                    network.cut(false);
                    network.slow(Duration::ZERO, Duration::ZERO);
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let leading = tokens.lock().unwrap().iter().filter(|token| token.is_valid()).count();
        assert!(leading <= 1, "seed {seed}: {leading} lead");
    }
    tasks.iter().for_each(JoinHandle::abort);
    check_order(seed, &server);
    let mut terms: Vec<_> = tokens.lock().unwrap().iter().map(Leadership::fencing_number).collect();
    let in_order = terms.clone();
    terms.sort_unstable();
    assert_eq!(terms, in_order, "seed {seed}: fencing numbers grow");
    terms.len()
}

/// The writes that reached the server are in the order of their terms.
fn check_order(seed: u64, server: &TestServer) {
    let mut last = String::new();
    for request in
        server.requests().iter().filter(|request| request.resource() == "configmaps" && request.verb() == "create")
    {
        let name = request.json()["metadata"]["name"].as_str().unwrap_or_default()[..10].to_owned();
        assert!(name >= last, "seed {seed}: {name} after {last}");
        last = name;
    }
}

#[tokio::test(start_paused = true)]
async fn at_most_one_leads_on_bad_networks() {
    let mut terms = 0;
    for seed in 0..6 {
        terms += world(seed).await;
    }
    assert!(terms > 30, "there are changes of leadership: {terms}");
}

#[tokio::test(start_paused = true)]
async fn a_crowd_elects_one_at_a_time() {
    let server = server();
    let network = Network::to(&server);
    network.slow(Duration::from_millis(20), Duration::from_millis(20));
    let tokens: Arc<Mutex<Vec<Leadership>>> = Arc::default();
    let names: Vec<&'static str> = (0..30).map(|index| &*format!("c{index}").leak()).collect();
    let tasks: Vec<_> = names.into_iter().map(|identity| candidate(&network, identity, &tokens)).collect();
    for _ in 0..1500 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(tokens.lock().unwrap().iter().filter(|token| token.is_valid()).count() <= 1);
    }
    let terms = tokens.lock().unwrap().len();
    assert!(terms >= 3, "{terms}");
    tasks.iter().for_each(JoinHandle::abort);
    tokio::time::sleep(seconds(1)).await;
}
