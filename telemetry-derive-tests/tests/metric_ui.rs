//! What the compiler says about declarations of metrics and labels.

#[test]
fn metrics_and_labels_that_are_right_compile_and_wrong_ones_say_why() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/metric_*.rs");
    cases.pass("tests/ui/pass/label_*.rs");
    cases.compile_fail("tests/ui/fail/metric/*.rs");
    cases.compile_fail("tests/ui/fail/label/*.rs");
}
