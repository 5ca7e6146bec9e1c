//! Code that must not compile: asking a resource for something that it can't do.

#[test]
fn capabilities_are_types() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
