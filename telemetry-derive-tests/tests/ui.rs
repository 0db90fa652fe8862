//! Functions that the span macros refuse, with the message each mistake gets, and functions that they take.

/// The folders of mistakes, each by its topic.
const TOPICS: &[&str] = &[
    "arguments",
    "async",
    "attrs",
    "bind",
    "block",
    "body",
    "err",
    "item",
    "kind",
    "level",
    "links",
    "metrics",
    "name",
    "parent",
    "ret",
    "room",
    "root",
    "sample",
    "step",
    "timing",
];

#[test]
fn mistakes_get_one_clear_message_each() {
    let cases = trybuild::TestCases::new();
    for topic in TOPICS {
        cases.compile_fail(format!("tests/ui/fail/{topic}/*.rs"));
    }
}

#[test]
fn correct_programs_compile() {
    let cases = trybuild::TestCases::new();
    for program in ["arguments", "attributes", "conditional", "shapes", "steps"] {
        cases.pass(format!("tests/ui/pass/{program}.rs"));
    }
}
