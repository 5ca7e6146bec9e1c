use super::*;
use crate::config::LeaseConfig;

fn config(identity: &str) -> ShardsConfig {
    ShardsConfig::new(LeaseConfig::new("shop", "operator").identity(identity), 4)
}

fn lease(config: &LeaseConfig, renewal: i64) -> Lease {
    let mut lease = Lease::named(config.key.name());
    lease.metadata.labels = config.labels.clone();
    let renewed = jiff::Timestamp::from_second(renewal).unwrap();
    lease.spec = Some(Box::new(LeaseSpec {
        holder_identity: Some(config.identity.clone()),
        lease_duration_seconds: Some(15),
        renew_time: Some(renewed.into()),
        ..LeaseSpec::default()
    }));
    lease
}

#[test]
fn whoever_does_not_renew_is_gone() {
    let (start, mut board) = (clock::now(), Board::default());
    let at = |seconds| start + Duration::from_secs(seconds);
    let (own, other) = (config("a"), config("b"));
    let member = other.member();
    let all = |renewal| vec![lease(&member, renewal), lease(&other.shard(2), 5), lease(&own.shard(1), 5)];
    board.update(all(1), &own, at(0));
    board.update(all(1), &own, at(8));
    let indexes = |board: &Board, now| board.free_shards(&own, 2, now).map(|free| free.index).collect::<Vec<_>>();
    assert_eq!(board.balance(&own, 0, at(14)).len(), 2);
    assert_eq!(indexes(&board, at(14)), [3, 0], "those of an earlier run with its name are held, too");
    assert_eq!(board.balance(&own, 0, at(15)).len(), 1);
    assert_eq!(indexes(&board, at(15)), [2, 3, 0, 1]);
    let forgotten = |board: &Board, now| {
        let leases = board.forgotten(&own, now);
        leases.iter().map(|lease| lease.metadata.name.clone().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert!(forgotten(&board, at(299)).is_empty());
    assert_eq!(forgotten(&board, at(300)), [member.key.name()], "shards of the same number stay");
    board.update(all(2), &own, at(20));
    assert_eq!((board.balance(&own, 0, at(34)).len(), board.balance(&own, 0, at(35)).len()), (2, 1));
    board.update(Vec::new(), &own, at(21));
    assert_eq!(board.balance(&own, 0, at(22)).len(), 1, "it has left");
}

#[test]
fn members_do_not_age_while_lists_fail() {
    let (start, mut board) = (clock::now(), Board::default());
    let at = |seconds| start + Duration::from_secs(seconds);
    let (own, b, c) = (config("a"), config("b").member(), config("c").member());
    for now in (0..=40).step_by(4) {
        board.update(vec![lease(&b, 1), lease(&c, now)], &own, at(now as u64));
    }
    assert_eq!(board.balance(&own, 0, at(40)).len(), 2, "one has crashed before");
    let shard = lease(&config("c").shard(1), 1);
    board.update(vec![lease(&b, 1), lease(&c, 40), shard.clone()], &own, at(42));
    board.update(vec![lease(&b, 1), lease(&c, 40), shard], &own, at(72));
    let balance = board.balance(&own, 0, at(72));
    assert_eq!((balance.len(), balance.kept()), (2, 2), "it is not on probation");
    assert_eq!(board.free_shards(&own, 0, at(72)).count(), 4, "its shards are free");
    assert_eq!(board.balance(&own, 0, at(84)).len(), 2);
    assert_eq!(board.balance(&own, 0, at(85)).len(), 1, "it has not come back");
}

/// One that has joined sees no replica for longer than itself, so that its view of probations is another.
#[test]
fn after_a_crash_all_replicas_take_shards() {
    let (start, own, joined) = (clock::now(), config("a"), config("n"));
    let (a, b, n) = (own.member(), config("b").member(), joined.member());
    let (mut board, mut board_of_joined) = (Board::default(), Board::default());
    for seconds in (0..=64).step_by(4) {
        let now = start + Duration::from_secs(seconds);
        let renewal = seconds.cast_signed();
        let mut leases = vec![lease(&a, renewal), lease(&b, renewal.min(44))];
        if seconds >= 40 {
            leases.push(lease(&n, renewal));
            board_of_joined.update(leases.clone(), &joined, now);
        }
        board.update(leases, &own, now);
    }
    let now = start + Duration::from_secs(64);
    let (balance, of_joined) = (board.balance(&own, 2, now), board_of_joined.balance(&joined, 0, now));
    assert_eq!((balance.len(), balance.taken(false), balance.kept()), (2, 4, 4));
    assert_eq!((of_joined.len(), of_joined.taken(false)), (2, 2));
}

#[test]
fn of_two_numbers_of_shards_the_first_works() {
    let (now, mut board) = (clock::now(), Board::default());
    let (own, mut other) = (config("a"), config("b"));
    other.count = 8;
    let of = |config: &LeaseConfig, created: i64| {
        let mut lease = lease(config, 1);
        lease.metadata.creation_timestamp = Some(jiff::Timestamp::from_second(created).unwrap().into());
        lease
    };
    let (own_member, other_member) = (of(&own.member(), 5), of(&other.member(), 7));
    board.update(vec![own_member.clone(), other_member.clone()], &own, now);
    assert_eq!((board.standing(&own, now), board.standing(&other, now)), (Standing::Works, Standing::Waits));
    assert_eq!(board.balance(&own, 0, now).len(), 1);
    // The number whose shards are held stays, and takes those of a replica that leaves.
    board.update(vec![own_member.clone(), other_member.clone(), of(&other.shard(3), 8)], &own, now);
    let later = now + Duration::from_secs(300);
    let forgotten = board.forgotten(&own, later).into_iter().filter_map(|lease| lease.metadata.name);
    assert!(forgotten.into_iter().any(|name| name == other.shard_name(3)), "nobody has that many any more");
    assert_eq!((board.standing(&own, now), board.standing(&other, now)), (Standing::Waits, Standing::Works));
    // Both hold some, after a pause of one at the wrong moment: the later yields.
    board.update(vec![own_member, other_member, of(&other.shard(3), 8), of(&own.shard(1), 9)], &own, now);
    assert_eq!((board.standing(&own, now), board.standing(&other, now)), (Standing::Works, Standing::Yields));
    assert_eq!(board.standing(&other, now + Duration::from_secs(15)), Standing::Works, "nobody lives");
}
