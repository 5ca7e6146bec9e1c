//! Shards: shared evenly, held by one at a time, and taken over from those that leave or crash.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::{DeleteRequest, ListRequest};
use kubernetes_election::{HeldShard, LeaseConfig, Shards, ShardsConfig, ShardsStatus};
use kubernetes_models::coordination::v1::Lease;
use kubernetes_testing::{Fault, TestServer};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::network::Network;
use crate::support::{seconds, server};

/// The replicas that work on each shard: it panics if two do, and remembers how often each shard was taken.
#[derive(Clone, Default)]
struct Work(Arc<Mutex<HashMap<u32, (String, Instant)>>>, Arc<Mutex<Vec<(u32, String)>>>);

impl Work {
    fn begin(&self, shard: u32, replica: &str) -> Working {
        let other = self.0.lock().unwrap().insert(shard, (replica.to_owned(), Instant::now()));
        assert!(other.is_none(), "{replica} works on shard {shard}, and so does {other:?}");
        self.1.lock().unwrap().push((shard, replica.to_owned()));
        Working { work: self.clone(), shard }
    }

    /// How many shards each replica works on.
    fn shares(&self) -> Vec<(String, usize)> {
        let mut shares: HashMap<String, usize> = HashMap::new();
        self.0.lock().unwrap().values().for_each(|(replica, _)| *shares.entry(replica.clone()).or_default() += 1);
        let mut shares: Vec<_> = shares.into_iter().collect();
        shares.sort();
        shares
    }

    /// How often a shard has changed hands since the last call.
    fn moves(&self) -> usize {
        std::mem::take(&mut *self.1.lock().unwrap()).len()
    }
}

struct Working {
    work: Work,
    shard: u32,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.work.0.lock().unwrap().remove(&self.shard);
    }
}

struct Replica {
    task: JoinHandle<Result<(), String>>,
    status: ShardsStatus,
    stop: Option<oneshot::Sender<()>>,
}

fn config(identity: &str, count: u32) -> ShardsConfig {
    ShardsConfig::new(LeaseConfig::new("shop", "operator").identity(identity), count)
}

impl Replica {
    fn start(client: &Client, identity: &str, count: u32, work: &Work) -> Self {
        let mut shards = Shards::new(client, config(identity, count)).unwrap();
        let (status, (stop, stopped)) = (shards.status(), oneshot::channel::<()>());
        let (work, identity) = (work.clone(), identity.to_owned());
        let work = move |shard: HeldShard| {
            let (work, identity) = (work.clone(), identity.clone());
            async move {
                let _working = work.begin(shard.index(), &identity);
                assert!(shard.leadership().is_valid());
                shard.end().await;
                // What is under way is finished.
                tokio::time::sleep(Duration::from_millis(500)).await;
                assert!(shard.leadership().is_valid());
                Ok::<_, String>(())
            }
        };
        let task = tokio::spawn(async move { shards.run_until(async move { drop(stopped.await) }, work).await });
        Self { task, status, stop: Some(stop) }
    }

    async fn stop(mut self) {
        self.stop.take();
        self.task.await.unwrap().unwrap();
    }
}

fn shares(of: &[(&str, usize)]) -> Vec<(String, usize)> {
    of.iter().map(|(replica, share)| ((*replica).to_owned(), *share)).collect()
}

async fn leases(server: &TestServer) -> Vec<Lease> {
    ListRequest::<Lease>::namespaced("shop").send(&server.client()).await.unwrap().items
}

#[tokio::test(start_paused = true)]
async fn replicas_come_leave_and_crash() {
    let (server, work) = (server(), Work::default());
    let a = Replica::start(&server.client(), "a", 8, &work);
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(work.shares(), shares(&[("a", 8)]), "the first has all at once");
    assert_eq!((a.status.held().len(), a.status.share(), a.status.members()), (8, 8, 1));

    let b = Replica::start(&server.client(), "b", 8, &work);
    let network = Network::to(&server);
    let c = Replica::start(&network.client(), "c", 8, &work);
    work.moves();
    tokio::time::sleep(seconds(30)).await;
    assert_eq!(work.shares(), shares(&[("a", 3), ("b", 3), ("c", 2)]));
    assert_eq!(work.moves(), 5, "no more than needed");

    // It leaves in order: the others have its shards within seconds.
    b.stop().await;
    tokio::time::sleep(seconds(7)).await;
    assert_eq!(work.shares(), shares(&[("a", 4), ("c", 4)]));
    assert_eq!(work.moves(), 3);

    // It can't be reached, and stops before others begin; then it comes back.
    network.cut(true);
    tokio::time::sleep(seconds(14)).await;
    assert_eq!(work.shares(), shares(&[("a", 4)]));
    tokio::time::sleep(seconds(8)).await;
    assert_eq!(work.shares(), shares(&[("a", 8)]));
    network.cut(false);
    tokio::time::sleep(seconds(10)).await;
    assert_eq!(work.shares(), shares(&[("a", 8)]), "it may be cut off again");
    tokio::time::sleep(seconds(20)).await;
    assert_eq!(work.shares(), shares(&[("a", 4), ("c", 4)]));

    // It crashes: nothing is released.
    network.cut(true);
    c.task.abort();
    tokio::time::sleep(seconds(22)).await;
    assert_eq!(work.shares(), shares(&[("a", 8)]));
    a.stop().await;
    assert_eq!(work.shares(), []);
    let held = |lease: &&Lease| {
        let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref());
        holder.is_some_and(|holder| !holder.is_empty()) && lease.name().contains("-of-")
    };
    assert_eq!(leases(&server).await.iter().filter(held).count(), 0, "all are released");
}

/// One that joins late gets its share of the shards, once it has lived for a while, and no other shard moves.
#[tokio::test(start_paused = true)]
async fn a_late_replica_gets_its_share_and_nothing_else_moves() {
    let (server, work) = (server(), Work::default());
    let [b, c, d] = ["b", "c", "d"].map(|identity| Replica::start(&server.client(), identity, 7, &work));
    tokio::time::sleep(seconds(60)).await;
    let before = work.shares();
    assert_eq!(before.iter().map(|(_, share)| share).sum::<usize>(), 7);
    work.moves();
    let a = Replica::start(&server.client(), "a", 7, &work);
    tokio::time::sleep(seconds(10)).await;
    assert_eq!((work.shares(), a.status.is_waiting()), (before, true));
    tokio::time::sleep(seconds(20)).await;
    assert_eq!(work.shares(), shares(&[("a", 1), ("b", 2), ("c", 2), ("d", 2)]));
    assert_eq!((work.moves(), a.status.is_waiting()), (1, false));
    for replica in [a, b, c, d] {
        replica.stop().await;
    }
}

/// In a rollout, each new replica takes the shards of the one that it replaces.
#[tokio::test(start_paused = true)]
async fn a_rollout_moves_each_shard_once() {
    let (server, work) = (server(), Work::default());
    let mut replicas: Vec<_> =
        ["a", "b", "c"].map(|identity| Replica::start(&server.client(), identity, 9, &work)).into_iter().collect();
    tokio::time::sleep(seconds(60)).await;
    assert_eq!(work.shares(), shares(&[("a", 3), ("b", 3), ("c", 3)]));
    work.moves();
    for identity in ["d", "e", "f"] {
        replicas.push(Replica::start(&server.client(), identity, 9, &work));
        tokio::time::sleep(seconds(5)).await;
        replicas.remove(0).stop().await;
        tokio::time::sleep(seconds(5)).await;
    }
    tokio::time::sleep(seconds(60)).await;
    assert_eq!(work.shares(), shares(&[("d", 3), ("e", 3), ("f", 3)]));
    assert_eq!(work.moves(), 9);
    for replica in replicas {
        replica.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_crashes_again_and_again_moves_few_shards() {
    let (server, work) = (server(), Work::default());
    let [a, b] = ["a", "b"].map(|identity| Replica::start(&server.client(), identity, 8, &work));
    tokio::time::sleep(seconds(60)).await;
    assert_eq!(work.shares(), shares(&[("a", 4), ("b", 4)]));
    work.moves();
    for _ in 0..8 {
        let network = Network::to(&server);
        let crashing = Replica::start(&network.client(), "c", 8, &work);
        tokio::time::sleep(seconds(25)).await;
        network.cut(true);
        crashing.task.abort();
        tokio::time::sleep(seconds(10)).await;
    }
    tokio::time::sleep(seconds(60)).await;
    assert_eq!(work.shares(), shares(&[("a", 4), ("b", 4)]));
    let moves = work.moves();
    assert!((2..=4).contains(&moves), "{moves}");
    // One that lives gets its share all the same.
    let c = Replica::start(&server.client(), "c", 8, &work);
    tokio::time::sleep(seconds(330)).await;
    assert_eq!(work.shares(), shares(&[("a", 3), ("b", 3), ("c", 2)]));
    for replica in [a, b, c] {
        replica.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn shards_that_are_fewer_than_replicas_have_one_each() {
    let (server, work) = (server(), Work::default());
    let replicas: Vec<_> =
        ["a", "b", "c"].map(|identity| Replica::start(&server.client(), identity, 2, &work)).into_iter().collect();
    tokio::time::sleep(seconds(30)).await;
    let shares: Vec<_> = work.shares().into_iter().map(|(_, share)| share).collect();
    assert_eq!(shares, [1, 1]);
    for replica in replicas {
        replica.stop().await;
    }
}

/// A Lease that is deleted by hand, as every other way to lose it, ends the work on its shard alone.
#[tokio::test(start_paused = true)]
async fn a_shard_is_lost_by_itself_and_taken_again() {
    let (server, work) = (server(), Work::default());
    let a = Replica::start(&server.client(), "a", 3, &work);
    tokio::time::sleep(seconds(5)).await;
    assert_eq!(work.moves(), 3);
    DeleteRequest::<Lease>::namespaced("shop", "operator-1-of-3").send(&server.client()).await.unwrap();
    tokio::time::sleep(seconds(10)).await;
    assert_eq!((work.shares(), work.moves()), (shares(&[("a", 3)]), 1));
    a.stop().await;
}

/// As while a version with another number of shards is rolled out.
#[tokio::test(start_paused = true)]
async fn another_number_of_shards_waits_for_the_first() {
    let (server, work, other) = (server(), Work::default(), Work::default());
    let a = Replica::start(&server.client(), "a", 4, &work);
    tokio::time::sleep(seconds(5)).await;
    let b = Replica::start(&server.client(), "b", 8, &other);
    tokio::time::sleep(seconds(60)).await;
    assert_eq!((work.shares(), other.shares()), (shares(&[("a", 4)]), shares(&[])));
    a.stop().await;
    tokio::time::sleep(seconds(5)).await;
    assert_eq!((work.shares(), other.shares()), (shares(&[]), shares(&[("b", 8)])));
    b.stop().await;
}

/// Those with the first number go on as they leave one after another, and only then do those with the other begin.
#[tokio::test(start_paused = true)]
async fn a_rollout_to_another_number_of_shards_leaves_no_shard_alone() {
    let (server, work, other) = (server(), Work::default(), Work::default());
    let a = Replica::start(&server.client(), "a", 4, &work);
    let b = Replica::start(&server.client(), "b", 4, &work);
    tokio::time::sleep(seconds(30)).await;
    let c = Replica::start(&server.client(), "c", 8, &other);
    tokio::time::sleep(seconds(10)).await;
    assert_eq!((work.shares(), other.shares()), (shares(&[("a", 2), ("b", 2)]), shares(&[])));
    b.stop().await;
    tokio::time::sleep(seconds(10)).await;
    assert_eq!((work.shares(), other.shares()), (shares(&[("a", 4)]), shares(&[])));
    a.stop().await;
    tokio::time::sleep(seconds(5)).await;
    assert_eq!((work.shares(), other.shares()), (shares(&[]), shares(&[("c", 8)])));
    c.stop().await;
}

#[tokio::test(start_paused = true)]
async fn of_two_numbers_of_shards_at_once_one_works() {
    let (server, work, other) = (server(), Work::default(), Work::default());
    let a = Replica::start(&server.client(), "a", 4, &work);
    let b = Replica::start(&server.client(), "b", 8, &other);
    tokio::time::sleep(seconds(10)).await;
    assert!(work.shares().is_empty() != other.shares().is_empty(), "{:?} {:?}", work.shares(), other.shares());
    a.stop().await;
    b.stop().await;
}

/// A run that is dropped releases its Leases in the background; one that begins meanwhile does not take them for its own.
#[tokio::test(start_paused = true)]
async fn a_run_after_one_that_was_dropped_holds_what_it_works_on() {
    let (server, work) = (server(), Work::default());
    let network = Network::to(&server);
    let mut shards = Shards::new(&network.client(), config("a", 4)).unwrap();
    let b = Replica::start(&server.client(), "b", 4, &work);
    let of_a = |work: Work| {
        move |shard: HeldShard| {
            let work = work.clone();
            async move {
                let _working = work.begin(shard.index(), "a");
                shard.end().await;
                Ok::<_, String>(())
            }
        }
    };
    for _ in 0..5 {
        let running = shards.run(of_a(work.clone()));
        assert!(tokio::time::timeout(seconds(9), running).await.is_err());
        network.slow(Duration::from_millis(700), Duration::from_millis(700));
    }
    network.slow(Duration::ZERO, Duration::ZERO);
    tokio::time::timeout(seconds(30), shards.run(of_a(work.clone()))).await.unwrap_err();
    tokio::time::sleep(seconds(5)).await;
    assert_eq!(work.shares(), shares(&[("b", 4)]));
    b.stop().await;
}

/// A process that was stopped, or is far from the server, does not work by a list that may be out of date.
#[tokio::test(start_paused = true)]
async fn shards_are_not_taken_by_an_old_list() {
    let (server, work) = (server(), Work::default());
    let network = Network::to(&server);
    network.slow(Duration::ZERO, Duration::from_millis(1_500));
    let a = Replica::start(&network.client(), "a", 4, &work);
    let shards = async || leases(&server).await.iter().filter(|lease| lease.name().contains("-of-")).count();
    tokio::time::sleep(seconds(40)).await;
    assert_eq!((shards().await, work.moves()), (4, 0), "they were taken, and not worked on");
    network.slow(Duration::ZERO, Duration::ZERO);
    tokio::time::sleep(seconds(20)).await;
    assert_eq!(work.shares(), shares(&[("a", 4)]));
    a.stop().await;
}

/// A list that is not answered does not keep a replica from telling that it lives.
#[tokio::test(start_paused = true)]
async fn a_replica_that_gets_no_list_is_still_a_member() {
    let (server, work) = (server(), Work::default());
    let a = Replica::start(&server.client(), "a", 4, &work);
    let b = Replica::start(&server.client(), "b", 4, &work);
    tokio::time::sleep(seconds(30)).await;
    work.moves();
    server.inject(Fault::silence().resource("leases").verb("list").always());
    let renewals = || {
        let requests = server.requests();
        let of_members = requests.iter().filter(|request| request.verb() == "update");
        of_members.filter(|request| request.name().is_some_and(|name| name.contains("-member-"))).count()
    };
    let before = renewals();
    tokio::time::sleep(seconds(60)).await;
    assert!(renewals() - before >= 2 * 6, "{}", renewals() - before);
    server.clear_faults();
    tokio::time::sleep(seconds(20)).await;
    assert_eq!((work.shares(), work.moves()), (shares(&[("a", 2), ("b", 2)]), 0));
    a.stop().await;
    b.stop().await;
}

/// The Leases of members that have crashed do not pile up.
#[tokio::test(start_paused = true)]
async fn members_that_are_gone_are_forgotten() {
    let (server, work) = (server(), Work::default());
    for _ in 0..3 {
        let network = Network::to(&server);
        let crashed = Replica::start(&network.client(), "crashed", 1, &work);
        tokio::time::sleep(seconds(3)).await;
        network.cut(true);
        crashed.task.abort();
    }
    let members = async || leases(&server).await.iter().filter(|lease| lease.name().contains("-member-")).count();
    let a = Replica::start(&server.client(), "a", 1, &work);
    tokio::time::sleep(seconds(30)).await;
    assert_eq!(members().await, 4);
    tokio::time::sleep(seconds(300)).await;
    assert_eq!(members().await, 1);
    assert_eq!(work.shares(), shares(&[("a", 1)]));
    a.stop().await;
    assert_eq!(members().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_fails_ends_all() {
    let server = server();
    let mut shards = Shards::new(&server.client(), config("a", 4)).unwrap();
    let ended = Arc::new(Mutex::new(Vec::new()));
    let work = {
        let ended = Arc::clone(&ended);
        move |shard: HeldShard| {
            let ended = Arc::clone(&ended);
            async move {
                if shard.index() == 2 {
                    tokio::time::sleep(seconds(10)).await;
                    return Err("no space left");
                }
                shard.end().await;
                ended.lock().unwrap().push(shard.index());
                Ok(())
            }
        }
    };
    assert_eq!(shards.run(work).await, Err("no space left"));
    ended.lock().unwrap().sort_unstable();
    assert_eq!(*ended.lock().unwrap(), [0, 1, 3]);
}

#[test]
fn configurations_are_checked() {
    let server = server();
    let problem =
        |config| Shards::new(&server.client(), config).err().map(|error| error.to_string()).unwrap_or_default();
    assert_eq!(problem(config("a", 256)), "");
    assert!(problem(config("a", 0)).contains("between 1 and 256"));
    assert!(problem(config("", 1)).contains("identity"));
    let long = LeaseConfig::new("shop", &"x".repeat(64));
    assert!(problem(ShardsConfig::new(long, 1)).contains("at most 63"));
}
