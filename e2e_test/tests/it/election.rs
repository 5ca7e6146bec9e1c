//! Leader election: beside client-go's, and with leaders that are killed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use kubernetes_sdk::Client;
use kubernetes_sdk::api::coordination::v1 as coordination_v1;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::election::{Election, Leadership, LeaseConfig};
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_testing::TestServer;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::cluster::{self, LIMIT, test_cluster};
use crate::go;

/// A leader, and from when to when it led.
type Term = (&'static str, u64, u64);

/// A few in the check; `HAND_OVERS=500` for longer.
fn hand_overs() -> usize {
    std::env::var("HAND_OVERS").ok().and_then(|count| count.parse().ok()).unwrap_or(50)
}

fn unix_nanos() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970").as_nanos().try_into().expect("it is before 2554")
}

/// client-go and this SDK take turns on one Lease, and never lead both.
#[tokio::test(flavor = "multi_thread")]
async fn takes_turns_with_client_go() {
    let server = TestServer::start().await.expect("a port is free");
    let terms: Arc<Mutex<Vec<Term>>> = Arc::default();
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("client-go-candidate.log");
    let mut child = Command::new(client_go_candidate())
        .args([&server.url(), "default", "turns"])
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log).expect("a log can be created"))
        .kill_on_drop(true)
        .spawn()
        .expect("the Go program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let of_go = Arc::clone(&terms);
    let reading = tokio::spawn(async move {
        while let Some(line) = lines.next_line().await.expect("the Go program's output can be read") {
            let (start, end) = line.split_once(' ').expect("a line has two times");
            let time = |text: &str| text.parse::<u64>().expect("a time is a number");
            of_go.lock().unwrap().push(("client-go", time(start), time(end)));
        }
    });
    let ours = tokio::spawn(lead_for_moments(server.client(), Arc::clone(&terms)));
    let limit = Duration::from_secs(60 + 2 * hand_overs() as u64);
    let enough = async {
        while turns(&terms.lock().unwrap()) < hand_overs() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let result = tokio::time::timeout(limit, enough).await;
    child.kill().await.expect("the Go program can be killed");
    ours.abort();
    reading.await.expect("the output was read");
    let terms = terms.lock().unwrap().clone();
    let log = || std::fs::read_to_string(&log).unwrap_or_default();
    assert!(result.is_ok(), "{} hand-overs in {limit:?}\n{}", turns(&terms), log());
    assert_one_at_a_time(terms);
}

/// Leads a little, again and again; each fifth time it does not release the Lease.
async fn lead_for_moments(client: Client, terms: Arc<Mutex<Vec<Term>>>) {
    for round in 0.. {
        let is_released = round % 5 != 4;
        let config = LeaseConfig::new("default", "turns")
            .identity("kubernetes-sdk")
            .lease_duration(Duration::from_secs(2))
            .renew_deadline(Duration::from_millis(1500))
            .retry_period(Duration::from_millis(100))
            .release_on_cancel(is_released);
        let lead = |leadership: Leadership| {
            let terms = Arc::clone(&terms);
            async move {
                let start = unix_nanos();
                tokio::time::sleep(Duration::from_millis(200)).await;
                assert!(leadership.is_valid());
                terms.lock().unwrap().push(("kubernetes-sdk", start, unix_nanos()));
            }
        };
        Election::new(&client, config).expect("it is valid").run(lead).await.expect("leadership is not lost");
        tokio::time::sleep(Duration::from_millis(if is_released { 300 } else { 3500 })).await;
    }
}

/// How often the leader was another than before.
fn turns(terms: &[Term]) -> usize {
    let mut terms = terms.to_vec();
    terms.sort_by_key(|(_, start, _)| *start);
    terms.windows(2).filter(|pair| pair[0].0 != pair[1].0).count()
}

fn assert_one_at_a_time(mut terms: Vec<Term>) {
    terms.sort_by_key(|(_, start, _)| *start);
    for pair in terms.windows(2) {
        assert!(pair[0].2 <= pair[1].1, "two lead: {pair:?}");
    }
}

/// Builds the candidate that uses client-go, with the flags of the cluster's programs, so that Go's cache is theirs.
fn client_go_candidate() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("election");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("client-go-candidate");
    let mut command = std::process::Command::new(go::program());
    command.args(["build", "-trimpath", "-o"]).arg(&program).arg(".").current_dir(folder);
    command.env("GOFLAGS", "-mod=readonly").env("GOWORK", "off").env("CGO_ENABLED", "0");
    let output = command.output().expect("go starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

const NAMESPACE: &str = "KUBERNETES_E2E_ELECTION_NAMESPACE";
const IDENTITY: &str = "KUBERNETES_E2E_ELECTION_IDENTITY";

/// A process that leads until it is killed, and writes all the time.
#[tokio::test]
async fn candidate_process() {
    let (Ok(namespace), Ok(identity)) = (std::env::var(NAMESPACE), std::env::var(IDENTITY)) else { return };
    let client = cluster::client("admin");
    loop {
        let config = LeaseConfig::new(&namespace, "killed").identity(identity.as_str());
        let lead = |leadership: Leadership| {
            let namespace = &namespace;
            async move {
                let client = leadership.client();
                for index in 0.. {
                    let name = format!("w-{:012}-{index}", leadership.fencing_number());
                    let _ =
                        core_v1::create_namespaced_config_map(namespace, &ConfigMap::named(name)).send(&client).await;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        };
        let _ = Election::new(&client, config).expect("it is valid").run(lead).await;
    }
}

fn start_candidate(namespace: &str, identity: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args(["--exact", "election::candidate_process"]).env(NAMESPACE, namespace).env(IDENTITY, identity);
    command.stdout(Stdio::null()).kill_on_drop(true).spawn().expect("this program starts")
}

async fn holder(client: &Client, namespace: &str) -> Option<String> {
    let lease = coordination_v1::read_namespaced_lease(namespace, "killed").send(client).await.ok()?;
    lease.spec?.holder_identity.map(|holder| holder.to_string())
}

async fn wait_for_holder(client: &Client, namespace: &str, is_it: impl Fn(&str) -> bool) -> String {
    let wait = async {
        loop {
            match holder(client, namespace).await {
                Some(holder) if is_it(&holder) => return holder,
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    tokio::time::timeout(LIMIT, wait).await.expect("there is a new holder in time")
}

/// Each leader's writes come before those of the next, by the versions that the server has given them.
async fn assert_writes_in_order(client: &Client, namespace: &str, leaders: usize) {
    let list = core_v1::list_namespaced_config_map(namespace).send(client).await.unwrap();
    let version = |map: &ConfigMap| map.metadata.resource_version.as_deref().unwrap().parse::<u64>().unwrap();
    let mut writes: Vec<_> = list.items.iter().filter(|map| map.name().starts_with("w-")).collect();
    writes.sort_by_key(|map| version(map));
    let terms: Vec<_> = writes.iter().map(|map| &map.name()[..14]).collect();
    assert!(terms.is_sorted(), "{terms:?}");
    let mut distinct = terms.clone();
    distinct.dedup();
    assert_eq!(distinct.len(), leaders, "{distinct:?}");
    assert!(terms.len() > 50, "{}", terms.len());
}

/// A new leader comes within the lease's 15 s and the longest wait between attempts, 4.4 s; the old one writes nothing
/// after the new one's first write.
#[tokio::test(flavor = "multi_thread")]
async fn another_leads_when_the_leader_is_killed() {
    let (client, namespace) = cluster::namespace("election-killed").await;
    let mut candidates = [("a", start_candidate(&namespace, "a")), ("b", start_candidate(&namespace, "b"))];
    let first = wait_for_holder(&client, &namespace, |holder| !holder.is_empty()).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let (_, leader) = candidates.iter_mut().find(|(name, _)| *name == first).expect("it is one of them");
    leader.kill().await.unwrap();
    let killed = Instant::now();
    wait_for_holder(&client, &namespace, |holder| holder != first).await;
    let waited = killed.elapsed();
    assert!(waited <= Duration::from_millis(15_000 + 4_400 + 1_000), "{waited:?}");
    tokio::time::sleep(Duration::from_secs(3)).await;
    for (_, candidate) in &mut candidates {
        let _ = candidate.kill().await;
    }
    assert_writes_in_order(&client, &namespace, 2).await;
}

/// A leader that stalls (SIGSTOP) does not know that its Lease has ended; when it goes on, its gate is closed.
#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_leader_writes_nothing_when_it_goes_on() {
    let (client, namespace) = cluster::namespace("election-stalled").await;
    let mut candidates = [("a", start_candidate(&namespace, "a")), ("b", start_candidate(&namespace, "b"))];
    let first = wait_for_holder(&client, &namespace, |holder| !holder.is_empty()).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let (_, leader) = candidates.iter().find(|(name, _)| *name == first).expect("it is one of them");
    let signal = |signal: &str| {
        let id = leader.id().expect("it runs").to_string();
        assert!(std::process::Command::new("kill").args([signal, &id]).status().unwrap().success());
    };
    signal("-STOP");
    wait_for_holder(&client, &namespace, |holder| holder != first).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    signal("-CONT");
    tokio::time::sleep(Duration::from_secs(5)).await;
    for (_, candidate) in &mut candidates {
        let _ = candidate.kill().await;
    }
    assert_writes_in_order(&client, &namespace, 2).await;
}

/// The API server is gone for less time than the renew deadline: the leader stays. For longer: it ends, and one leads
/// when the server is back.
#[tokio::test(flavor = "multi_thread")]
async fn leadership_survives_a_short_restart_of_the_api_server() {
    let (client, namespace) = cluster::namespace("election-restart").await;
    let mut election = Election::new(&client, LeaseConfig::new(&namespace, "killed").identity("a")).unwrap();
    let status = election.status();
    let running =
        tokio::spawn(async move { election.run(async |leadership: Leadership| leadership.ended().await).await });
    wait_for_holder(&client, &namespace, |holder| holder == "a").await;
    let before = coordination_v1::read_namespaced_lease(&namespace, "killed").send(&client).await.unwrap();
    cluster::kill_apiserver();
    test_cluster(&["start-apiserver"]);
    let stayed = status.is_leading();
    tokio::time::sleep(Duration::from_secs(5)).await;
    if stayed {
        let after = coordination_v1::read_namespaced_lease(&namespace, "killed").send(&client).await.unwrap();
        assert!(status.is_leading() && !running.is_finished());
        let spec = |lease: &kubernetes_sdk::models::coordination::v1::Lease| lease.spec.clone().unwrap();
        assert_eq!(spec(&after).acquire_time, spec(&before).acquire_time);
        assert!(spec(&after).renew_time > spec(&before).renew_time);
        running.abort();
    } else {
        // The start took longer than the renew deadline.
        assert!(running.await.unwrap().unwrap_err().is_lost());
    }
}
