//! `kill -9`: nobody is told, and the spans are there.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use telemetry_core::evidence::{self, Fate, Report};

use crate::Test;
use crate::child::{Held, Place, command};
use crate::deaths::assert_work;

pub(crate) const TESTS: &[Test] = &[
    ("a_kill_leaves_every_span_that_was_open", kill),
    ("a_hundred_kills_at_any_moment_leave_every_span_that_was_told_to_be_open", hundred_kills),
    ("ten_thousand_threads_that_ended_take_no_room_of_the_last_one", threads),
    ("a_future_that_waits_is_open_on_no_thread", task),
    ("the_child_of_a_fork_leaves_its_parents_evidence_alone", fork),
    ("every_child_has_evidence_of_its_own", children),
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

/// Starts a program that forks, and waits until a line with each of these words has come; the lines.
fn start_family(how: &str, place: &Place, words: &[&str]) -> (Child, Vec<String>) {
    let (read, write) = std::io::pipe().unwrap();
    let parent = command(how, place.path()).stdout(write).spawn().unwrap();
    let said = BufReader::new(read).lines().map(Result::unwrap);
    let mut waiting: HashSet<&str> = words.iter().copied().collect();
    let mut lines = Vec::new();
    for line in said {
        waiting.remove(line.split(' ').next().unwrap_or_default());
        lines.push(line);
        if waiting.is_empty() {
            break;
        }
    }
    (parent, lines)
}

fn children() {
    let place = Place::new("children");
    let (mut parent, lines) = start_family("children", &place, &["parent", "child", "last"]);
    let pid = |word: &str| -> libc::pid_t {
        let line = lines.iter().find_map(|line| line.strip_prefix(word)).unwrap();
        line.trim().parse().unwrap()
    };
    let report = |process: libc::pid_t| {
        let of_process = |path: &&PathBuf| path.to_str().unwrap().contains(&format!("-{process}-"));
        let files = place.files();
        let file = files.iter().find(of_process).unwrap_or_else(|| panic!("{process}: {files:?}"));
        let report = evidence::read(file).unwrap();
        assert_eq!((report.process_id.cast_signed(), &*report.service), (process, "doomed"));
        report
    };
    // The last one dies when its standard input ends.
    drop(parent.stdin.take());
    let (last, child) = (pid("last"), pid("child"));
    while !matches!(report(last).fate, Fate::Died(_)) {
        std::thread::yield_now();
    }
    kill_process(child);
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert_work(&report(child));
    let names = |report: &Report| -> Vec<String> {
        report.open.iter().map(|span| span.record.name.to_string()).collect()
    };
    assert_eq!(names(&report(pid("parent"))), ["of_the_parent"]);
    let last = report(last);
    assert_eq!(names(&last), ["of_the_last"]);
    assert!(last.to_string().contains("got SIGSEGV at address 0x8"), "{last}");
    // Nobody is missing, and the next start finds all three.
    assert_eq!(place.files().len(), 3, "{:?}", place.files());
    let said = crate::child::run("end", place.path());
    assert_eq!(said.out.matches("crash ").count(), 3, "{}", said.out);
}

/// As `kill -9` does, and waits until the process is gone, whoever its parent is.
#[allow(unsafe_code, reason = "a process that is no child is killed by the system's call")]
fn kill_process(process: libc::pid_t) {
    // SAFETY: sends a signal to a process that this test has started.
    assert_eq!(unsafe { libc::kill(process, libc::SIGKILL) }, 0);
    let state = || std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    while !(state().is_empty() || state().contains(") Z ")) {
        std::thread::yield_now();
    }
}

fn fork() {
    let place = Place::new("fork");
    let (mut parent, _) = start_family("fork", &place, &["ready", "child"]);
    parent.kill().unwrap();
    // The child lives on until its standard input ends, which is here.
    let stdin = parent.stdin.take();
    parent.wait().unwrap();
    let report = place.report("running");
    assert_work(&report);
    assert!(report.ended.iter().all(|span| span.name != "in_the_child"), "{report}");
    // Of the child's own evidence its panic is left.
    let panic = place.report("panic1");
    assert_ne!(panic.process_id, report.process_id);
    assert_eq!(
        panic.open.iter().map(|span| &*span.record.name).collect::<Vec<_>>(),
        ["in_the_child"],
        "{panic}"
    );
    // It does not keep its parent's file from being found.
    let said = crate::child::run("end", place.path());
    assert!(said.out.contains("crash "), "{}", said.out);
    drop(stdin);
}
