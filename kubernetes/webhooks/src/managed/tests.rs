use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::rotation::{Lifetimes, Rotation};

const DAY: i64 = 24 * 3600;

fn after(days: i64, seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs((20_000 + days) * DAY + seconds)
}

#[test]
fn a_ca_is_trusted_before_it_signs_and_until_it_expires() {
    let lifetimes = Lifetimes { ca: Duration::from_secs(90 * DAY as u64), ..Lifetimes::default() };
    let step = |rotation: &Rotation, now| {
        rotation.next_step(now, &lifetimes, Some(after(60, 0))).expect("certificates are made")
    };
    let first = Rotation::create(after(0, 0), &lifetimes).expect("a CA");
    assert_eq!(step(&first, after(59, 0)), None, "it is not due");

    let prepared = step(&first, after(60, 0)).expect("a successor is made");
    let (old, new) = (first.current.certificate.as_str(), prepared.next.as_ref().expect("a successor"));
    assert_eq!(prepared.current, first.current, "the old one signs");
    assert!(prepared.bundle().contains(old) && prepared.bundle().contains(&new.certificate));
    assert_eq!(step(&prepared, after(60, 599)), None, "it is not trusted everywhere yet");

    let untrusted = prepared.next_step(after(60, 601), &lifetimes, None).expect("certificates are made");
    assert_eq!(untrusted, None, "the API server does not know it yet");

    let promoted = step(&prepared, after(60, 601)).expect("the successor signs");
    assert_eq!(&promoted.current, new);
    assert!(promoted.bundle().contains(old), "certificates of the old one are still in use");
    assert_eq!(step(&promoted, after(89, 0)), None);
    let pruned = step(&promoted, after(91, 0)).expect("the old one has expired");
    assert_eq!(pruned.bundle(), new.certificate);
}

#[test]
fn a_ca_is_replaced_without_an_overlap_before_it_expires() {
    let lifetimes = Lifetimes { overlap: Duration::from_secs(3600), ..Lifetimes::default() };
    let first = Rotation::create(after(0, 0), &lifetimes).expect("a CA");
    let prepared =
        first.next_step(after(400, 0), &lifetimes, None).expect("certificates are made").expect("a successor");
    let promoted =
        prepared.next_step(after(400, 10), &lifetimes, None).expect("certificates are made").expect("it signs");
    assert_eq!(Some(&promoted.current), prepared.next.as_ref());
    // Replicas need a moment to follow.
    let late =
        first.next_step(after(364, DAY - 170), &lifetimes, None).expect("certificates are made").expect("a successor");
    assert!(late.next_step(after(364, DAY - 170), &lifetimes, None).expect("certificates are made").is_some());
    let early =
        first.next_step(after(364, DAY - 190), &lifetimes, None).expect("certificates are made").expect("a successor");
    assert_eq!(early.next_step(after(364, DAY - 190), &lifetimes, None).expect("certificates are made"), None);
    assert!(!first.current.is_pressing(after(300, 0)) && first.current.is_pressing(after(330, 0)));
}

#[test]
fn certificates_end_with_their_ca_and_are_renewed_before() {
    let lifetimes = Lifetimes::default();
    let ca = Rotation::create(after(0, 0), &lifetimes).expect("a CA").current;
    let names = ["webhooks.shop.svc".to_owned(), "127.0.0.1".to_owned()];
    let leaf = ca.sign(&names, after(0, 0), lifetimes.leaf).expect("a certificate");
    assert_eq!(leaf.not_after, after(30, 0));
    assert!(leaf.is_current(&ca, after(19, 0)) && !leaf.is_current(&ca, after(20, 1)));
    let other = Rotation::create(after(0, 0), &lifetimes).expect("a CA").current;
    assert!(!leaf.is_current(&other, after(1, 0)));
    let last = ca.sign(&names, after(350, 0), lifetimes.leaf).expect("a certificate");
    assert_eq!(last.not_after, ca.not_after);
    assert!(last.is_current(&ca, after(364, 0)), "another would end at the same time");
    let error = ca.sign(&names, after(365, 0), lifetimes.leaf).err().expect("it has expired").to_string();
    assert!(error.starts_with("the CA expired at "), "{error}");
}

#[test]
fn certificates_in_use_stay_trusted_by_a_new_ca() {
    let lifetimes = Lifetimes::default();
    let old = Rotation::create(after(0, 0), &lifetimes).expect("a CA").bundle();
    let expired = Rotation::create(after(-400, 0), &lifetimes).expect("a CA").bundle();
    let mut new = Rotation::create(after(1, 0), &lifetimes).expect("a CA");
    for _ in 0..2 {
        new.retire(&format!("garbage{expired}\n{old}"), after(1, 0));
    }
    assert_eq!(new.retired, [old]);
}

#[test]
fn cas_of_others_are_not_taken_over() {
    let (lifetimes, now) = (Lifetimes::default(), after(1, 0));
    let create = || Rotation::create(now, &lifetimes).expect("a CA");
    let mut new = create();
    let key = rcgen::KeyPair::generate().expect("a key");
    let foreign = rcgen::CertificateParams::new(Vec::new()).and_then(|params| params.self_signed(&key));
    let foreign = foreign.expect("a certificate").pem();
    new.retire(&foreign, now);
    assert_eq!(new.retired, [""; 0]);
    for _ in 0..30 {
        new.retire(&create().bundle(), now);
    }
    assert_eq!(new.retired.len(), 16, "there is a limit");
}

#[test]
fn lifetimes_leave_time_to_renew() {
    let check = |lifetimes: Lifetimes| lifetimes.check().map_err(|error| error.to_string());
    assert_eq!(check(Lifetimes::default()), Ok(()));
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    assert!(check(Lifetimes { ca: minutes(39), ..Lifetimes::default() }).is_err_and(|error| error.contains("overlap")));
    assert_eq!(check(Lifetimes { ca: minutes(40), ..Lifetimes::default() }), Ok(()));
    assert!(check(Lifetimes { overlap: Duration::MAX, ..Lifetimes::default() }).is_err());
    assert!(
        check(Lifetimes { leaf: minutes(3), ..Lifetimes::default() }).is_err_and(|error| error.contains("interval"))
    );
}

#[test]
fn keys_are_not_shown() {
    let rotation = Rotation::create(after(0, 0), &Lifetimes::default()).expect("a CA");
    let key = rotation.current.key.lines().nth(1).expect("a line of the key").to_owned();
    assert!(!format!("{rotation:?}").contains(&key));
}
