//! The program as it is run: every case once, quickly.

use std::process::{Command, Output};

use serde_json::Value;

fn peers(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_peers")).args(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the program writes text")
}

#[test]
fn everybody_does_the_work_of_every_case() {
    let output = peers(&["--json", "--rounds", "1", "--bursts", "1"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let cases = report["cases"].as_array().expect("cases");
    for case in cases {
        for contestant in case["contestants"].as_array().expect("contestants") {
            assert_eq!(contestant["work_done"], true, "{}: {contestant}", case["id"]);
            assert!(contestant["median"].as_f64() > Some(0.0), "{}: {contestant}", case["id"]);
        }
    }
    assert_eq!(report["work_done"], true);
    assert!(output.status.success());
    let listed = peers(&["--list"]);
    assert_eq!(cases.len(), text(&listed.stdout).lines().count());
}

#[test]
fn a_case_is_chosen_by_its_name_or_many_by_their_beginning() {
    let names = |only: &str| -> Vec<String> {
        let output = peers(&["--list", "--only", only]);
        let lines = text(&output.stdout).lines();
        lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    };
    assert_eq!(names("span/disabled"), ["span/disabled"]);
    assert_eq!(names("metric/counter-"), ["metric/counter-two-threads"]);
    let all_of_metrics = names("metric");
    assert!(all_of_metrics.len() > 1 && all_of_metrics.iter().all(|name| name.starts_with("metric/")));
}

#[test]
fn an_unknown_case_is_refused() {
    let output = peers(&["--only", "span/fastest"]);
    assert_eq!(output.status.code(), Some(2));
    let complaint = "peers: there is no case `span/fastest`: --list names those there are\n";
    assert_eq!(text(&output.stderr), complaint);
}
