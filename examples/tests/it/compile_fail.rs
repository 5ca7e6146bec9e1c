//! The hints of rustc name paths of the SDK to a program that depends on nothing else.

#[test]
fn hints_name_paths_of_the_sdk() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

/// The paths of the hints in `tests/ui`.
#[test]
fn the_paths_of_hints_compile() {
    use kubernetes_sdk::Client;
    use kubernetes_sdk::core::{Execute, Object};
    use kubernetes_sdk::models::core::v1::Pod;

    fn executes<E: Execute>(_: &E) {}

    assert!(!Pod::named("web").is_being_deleted());
    let _: fn(&Client) = executes::<Client>;
}
