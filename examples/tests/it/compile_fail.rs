//! The compiler's hints, for a program that depends on the SDK alone: they name paths that it can write.

#[test]
fn hints_name_paths_of_the_sdk() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
