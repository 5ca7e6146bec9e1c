use expect_test::expect_file;

use super::support::{generate_pinned, pinned};

/// The facts of the pinned description: trips when Kubernetes changes shape.
#[test]
fn facts_of_the_pinned_description() {
    let (bytes, kubernetes) = pinned();
    expect_file!["../facts.md"].assert_eq(&generate_pinned(&bytes, &kubernetes).facts);
}
