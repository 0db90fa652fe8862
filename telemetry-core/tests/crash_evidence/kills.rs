//! `kill -9`: nobody is told, and the spans are there.

use std::collections::HashSet;
use std::time::Duration;

use telemetry_core::evidence::Fate;

use crate::Test;
use crate::child::{Held, Place, command};
use crate::deaths::assert_work;

pub(crate) const TESTS: &[Test] = &[
    ("a_kill_leaves_every_span_that_was_open", kill),
    ("a_hundred_kills_at_any_moment_leave_every_span_that_was_told_to_be_open", hundred_kills),
    ("ten_thousand_threads_that_ended_take_no_room_of_the_last_one", threads),
    ("a_future_that_waits_is_open_on_no_thread", task),
    ("the_child_of_a_fork_leaves_its_parents_evidence_alone", fork),
];

fn kill() {
    let place = Place::new("kill");
    let (held, told) = Held::start("hold", place.path());
    held.kill();
    let report = place.report("running");
    assert_work(&report);
    assert_eq!(report.fate, Fate::Unknown);
    for line in told {
        let found = report
            .open
            .iter()
            .any(|span| line == format!("open {} {}", span.record.trace_id, span.record.span_id));
        assert!(found, "{line} is not in\n{report}");
    }
}

fn hundred_kills() {
    let mut seen = 0;
    for round in 0..100_u64 {
        let place = Place::new("kills");
        let (mut held, mut lines) = Held::start("churn", place.path());
        // A different moment each time: after so many lines, in the midst of four threads.
        lines.extend((0..round * 7).map_while(|_| held.line()));
        std::thread::sleep(Duration::from_micros(round * 13));
        lines.extend(held.kill());
        let mut open = HashSet::new();
        for line in &lines {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["+", id, _] => open.insert(id.to_owned()),
                // Once it is said, it may have ended.
                ["-", id, _] => open.remove(id),
                ["lost", ..] => false,
                _ => panic!("{line}"),
            };
        }
        let report = place.report("running");
        let there: HashSet<String> = report.open.iter().map(|span| span.record.span_id.to_string()).collect();
        assert!(open.is_subset(&there), "round {round}: {:?} of\n{report}", open.difference(&there));
        // At most one more a thread than was told, which had been opened and not told yet, and one that was told to end.
        assert!(there.len() <= open.len() + 8, "round {round}: {open:?} of\n{report}");
        assert!(report.open.iter().all(|span| span.record.name == "nest"), "{report}");
        assert!(!report.to_string().is_empty());
        seen += open.len();
    }
    assert!(seen > 100, "spans are open nearly always: {seen}");
}

fn threads() {
    let place = Place::new("threads");
    let (held, _) = Held::start("threads", place.path());
    held.kill();
    let report = place.report("running");
    assert_work(&report);
    assert_eq!(report.threads.len(), 4_096);
    let thread = report.open[0].thread.as_ref().unwrap();
    assert_eq!(thread.name.as_deref(), Some("the last one"));
}

fn task() {
    let place = Place::new("task");
    let (held, _) = Held::start("task", place.path());
    held.kill();
    let report = place.report("running");
    let [span] = &report.open[..] else { panic!("{report}") };
    assert_eq!((&*span.record.name, &span.thread), ("waits", &None));
    assert!(report.to_string().contains("waiting"), "{report}");
}

fn fork() {
    let place = Place::new("fork");
    let mut parent = command("fork", place.path());
    let (read, write) = std::io::pipe().unwrap();
    parent.stdout(write);
    let mut parent = parent.spawn().unwrap();
    let mut out = std::io::BufReader::new(read);
    let mut waiting: HashSet<&str> = HashSet::from(["ready", "child"]);
    while !waiting.is_empty() {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut out, &mut line).unwrap();
        waiting.remove(line.trim_end());
    }
    parent.kill().unwrap();
    // The child lives on until its standard input ends, which is here.
    let stdin = parent.stdin.take();
    parent.wait().unwrap();
    let report = place.report("running");
    assert_work(&report);
    assert!(report.ended.iter().all(|span| span.name != "in_the_child"), "{report}");
    // It does not keep its parent's file from being found.
    let said = crate::child::run("end", place.path());
    assert!(said.out.contains("crash "), "{}", said.out);
    drop(stdin);
}
