//! Shapes that the API server would refuse do not compile, and the message names field and rule.

#[test]
fn messages_of_the_compiler() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
