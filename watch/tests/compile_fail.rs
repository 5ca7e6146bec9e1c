//! What must not compile, and what the compiler then says.

#[test]
fn what_can_not_be_watched_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
