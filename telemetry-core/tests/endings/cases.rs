//! What must come out of each program.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::panic::catch_unwind;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread;

/// Says which program this is.
pub(crate) const ROLE: &str = "TELEMETRY_ROLE_OF_THE_TEST";
/// Spans in some work: more than a reservation, fewer than the ring.
pub(crate) const SPANS: usize = 1_000;

type Case = (&'static str, fn(&Ended));

const CASES: [Case; 13] = [
    ("return", |ended| ended.is(0, SPANS)),
    ("return_with_a_static", |ended| ended.is(0, SPANS)),
    ("return_with_threads", |ended| {
        let taken = ended.errors.lines().find_map(|line| line.strip_prefix("taken ")).unwrap();
        ended.is(0, taken.parse().unwrap());
        assert!(ended.spans() >= 4 * SPANS);
    }),
    ("exit", |ended| {
        ended.is(3, SPANS);
        assert!(
            ended.errors.contains("1 span was still open at the shutdown and not delivered"),
            "{ended:?}"
        );
    }),
    ("exit_on_a_thread", |ended| ended.is(3, SPANS)),
    ("exit_opted_out", |ended| ended.is(3, 0)),
    ("exit_in_a_sink", |ended| {
        ended.is(7, SPANS);
        assert!(ended.errors.contains("abandoned after 2s: telemetry-sink-exiting"), "{ended:?}");
    }),
    ("panic", |ended| {
        ended.is(101, SPANS + 1);
        let outer = ended.lines().find(|line| line["name"] == "outer").unwrap();
        assert_eq!(outer["outcome"], "panicked");
    }),
    ("abort", |ended| {
        assert_eq!((ended.status.signal(), ended.spans()), (Some(libc::SIGABRT), SPANS), "{ended:?}");
    }),
    ("terminated", |ended| ended.is(0, 2 * SPANS)),
    ("killed", |ended| {
        assert_eq!((ended.status.signal(), ended.spans()), (Some(libc::SIGTERM), SPANS), "{ended:?}");
    }),
    ("output_that_fills", |ended| ended.is(0, 0)),
    ("closed_output", |ended| {
        ended.is(0, 0);
        for sink in ["stdout", "tty"] {
            let all = 2 * SPANS;
            let line = format!("{sink} took {all}, delivered 0, dropped [(\"error\", {all})]");
            assert!(ended.errors.contains(&line), "{line} is missing in {ended:?}");
        }
    }),
];

/// Runs the cases whose names contain what the arguments ask for.
pub(crate) fn run() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let listing = arguments.iter().any(|argument| argument == "--list");
    let mut failed = 0;
    for (role, check) in CASES {
        if !wanted.is_empty() && !wanted.iter().any(|part| role.contains(part.as_str())) {
            continue;
        }
        if listing {
            println!("{role}: test");
            continue;
        }
        let outcome = catch_unwind(|| check(&Ended::of(role)));
        println!("test {role} ... {}", if outcome.is_ok() { "ok" } else { "FAILED" });
        failed += usize::from(outcome.is_err());
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A program that has ended.
#[derive(Debug)]
struct Ended {
    status: ExitStatus,
    output: String,
    errors: String,
}

impl Ended {
    fn of(role: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = String::new();
        let mut reader = BufReader::new(child.stderr.take().unwrap());
        if role == "closed_output" {
            drop(child.stdout.take());
            drop(child.stdin.take());
        }
        // Beside, since a pipe that is full would hold the program up.
        let output = child.stdout.take().map(|mut stdout| {
            thread::spawn(move || {
                let mut output = String::new();
                stdout.read_to_string(&mut output).map(|_| output)
            })
        });
        if ["terminated", "killed"].contains(&role) {
            reader.read_line(&mut errors).unwrap();
            assert_eq!(errors, "ready\n");
            terminate(&child);
        }
        reader.read_to_string(&mut errors).unwrap();
        let output = output.map_or_else(String::new, |output| output.join().unwrap().unwrap());
        Self { status: child.wait().unwrap(), output, errors }
    }

    fn lines(&self) -> impl Iterator<Item = serde_json::Value> {
        self.output.lines().map(|line| serde_json::from_str(line).expect("every line is a span"))
    }

    fn spans(&self) -> usize {
        self.lines().count()
    }

    fn is(&self, code: i32, spans: usize) {
        assert_eq!(
            (self.status.code(), self.spans()),
            (Some(code), spans),
            "{}\n{}",
            self.status,
            self.errors
        );
    }
}

fn terminate(child: &Child) {
    // SAFETY: sends a signal to a child that has not been waited for.
    assert_eq!(unsafe { libc::kill(child.id().cast_signed(), libc::SIGTERM) }, 0);
}
