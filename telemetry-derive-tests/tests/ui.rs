//! Programs that the macros refuse, with the message each gets, and programs that they take.

#[test]
fn mistakes_get_one_clear_message_each() {
    trybuild::TestCases::new().compile_fail("tests/ui/fail/*/*.rs");
}

#[test]
fn correct_programs_compile() {
    trybuild::TestCases::new().pass("tests/ui/pass/*.rs");
}
