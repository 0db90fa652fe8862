//! Panics, aborts and signals.

use std::os::unix::process::ExitStatusExt;

use telemetry_core::Status;
use telemetry_core::evidence::{CauseKind, Fate, OpenSpan, Report};
use telemetry_core::record::Value;

use crate::Test;
use crate::child::{Held, Place, run};

pub(crate) const TESTS: &[Test] = &[
    ("a_panic_in_main_is_reported_and_the_spans_it_unwound_are_open_in_the_report", panic_in_main),
    ("a_panic_in_a_thread_is_reported_with_the_thread_and_the_process_goes_on", panic_in_a_thread),
    ("a_hundred_panics_at_once_are_one_report", panics_that_are_served),
    ("a_panic_is_reported_also_where_the_ring_lies_elsewhere", panic_outside),
    ("an_abort_leaves_the_spans_and_stays_an_abort", abort),
    ("an_abort_is_named_where_signals_are_wanted", abort_with_signals),
    ("an_abort_writes_a_ring_that_lies_elsewhere", abort_outside),
    ("a_null_write_leaves_the_spans_and_stays_a_segmentation_fault", null_write),
    ("a_null_write_is_named_with_address_and_thread", null_write_with_signals),
    ("a_stack_that_overflows_is_named_and_rust_says_so_as_ever", overflow),
    ("a_handler_that_was_there_before_is_called", own_handler),
    ("a_signal_that_was_sent_ends_the_process", sent),
    ("evidence_that_is_begun_again_tells_of_the_second_time", twice),
];

/// The spans that `work` has open at its end, and what is known of them.
pub(crate) fn assert_work(report: &Report) {
    assert_eq!((&*report.service, &*report.version), ("doomed", "1.2.3"));
    assert!(report.executable.contains("crash_evidence"), "{}", report.executable);
    let names: Vec<&str> = report.open.iter().map(|span| &*span.record.name).collect();
    assert_eq!(names, ["request", "load", "query 9"], "{report}");
    let [request, load, query] = &report.open[..] else { unreachable!() };
    assert_eq!(request.record.attribute("http.route"), Some(&Value::Str("/books/{id}".into())));
    assert_eq!(request.record.attribute("book.id"), Some(&Value::I64(7)));
    assert_eq!(request.record.events[0].name, "cache.miss");
    assert_eq!(request.record.parent_span_id, None);
    assert_eq!(load.record.parent_span_id, Some(request.record.span_id));
    assert_eq!(load.record.attribute("db.system"), Some(&Value::Str("sqlite".into())));
    assert_eq!(load.record.attribute("db.statement"), Some(&Value::Str("select * from books".into())));
    assert!(load.record.origin.file.ends_with("doomed.rs"), "{:?}", load.record.origin);
    assert_eq!(query.record.parent_span_id, Some(load.record.span_id));
    assert_eq!(query.record.attribute("rows"), Some(&Value::U64(3)));
    let done = Some(&Value::Str("done before".into()));
    let ended = report.ended.iter().find(|span| span.attribute("step.name") == done).expect("it has ended");
    assert_eq!(ended.name, "step");
    assert_eq!(ended.parent_span_id, Some(request.record.span_id));
    assert_eq!(report.lost_records, 0, "{report}");
    // Times are those of this hour, and the one that was opened first has been open for longest.
    let hour = 3_600_000_000_000;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
    for OpenSpan { record, .. } in &report.open {
        assert!(now.abs_diff(record.start_unix_nanos) < hour, "{report}");
        assert!(record.duration_nanos < hour, "{report}");
    }
    assert!(request.record.duration_nanos >= query.record.duration_nanos);
}

fn signal(report: &Report) -> (i32, u64) {
    match &report.fate {
        Fate::Died(cause) => match cause.kind {
            CauseKind::Signal { number, address, .. } => (number, address),
            _ => panic!("{report}"),
        },
        _ => panic!("{report}"),
    }
}

fn panic_of(report: &Report) -> (&str, Option<&str>) {
    match &report.fate {
        Fate::Died(cause) => match &cause.kind {
            CauseKind::Panic { message } => (message, cause.thread.name.as_deref()),
            _ => panic!("{report}"),
        },
        _ => panic!("{report}"),
    }
}

fn panic_in_main() {
    let place = Place::new("panic-in-main");
    let said = run("panic_in_main", place.path());
    assert_eq!(said.status.code(), Some(101));
    assert!(said.error.contains("boom in main"), "{}", said.error);
    assert_eq!(place.files().len(), 1, "{:?}", place.files());
    let report = place.report("panic1");
    assert_work(&report);
    let (message, thread) = panic_of(&report);
    assert!(message.starts_with("boom in main (") && message.contains("doomed.rs"), "{message}");
    assert_eq!(thread, Some("main"));
    assert!(report.to_string().contains("● query 9"), "{report}");
}

fn panic_in_a_thread() {
    let place = Place::new("panic-in-a-thread");
    let said = run("panic_in_a_thread", place.path());
    assert!(said.status.success());
    assert!(said.out.ends_with("goes on\n"), "{}", said.out);
    // Hooks of the user's, from before and after, are called too.
    assert!(
        said.error.contains("the user's hook") && said.error.contains("boom in a thread"),
        "{}",
        said.error
    );
    let report = place.report("panic1");
    assert_work(&report);
    assert_eq!(panic_of(&report).1, Some("worker-7"));
    for span in &report.open {
        assert_eq!(span.thread.as_ref().unwrap().name.as_deref(), Some("worker-7"));
    }
}

fn panics_that_are_served() {
    let place = Place::new("served");
    let said = run("panics_that_are_served", place.path());
    assert!(said.out.ends_with("served all\n"));
    let reports = place.files().len();
    assert!((1..=4).contains(&reports), "{:?}", place.files());
    assert_work(&place.report("panic1"));
}

fn panic_outside() {
    let place = Place::new("panic-outside");
    assert_eq!(run("panic_outside", place.path()).status.code(), Some(101));
    assert_work(&place.report("panic1"));
}

fn abort() {
    let place = Place::new("abort");
    let said = run("abort", place.path());
    assert_eq!(said.status.signal(), Some(libc::SIGABRT));
    let report = place.report("running");
    assert_work(&report);
    assert_eq!(report.fate, Fate::Unknown);
}

fn abort_with_signals() {
    let place = Place::new("abort-with-signals");
    assert_eq!(run("abort_with_signals", place.path()).status.signal(), Some(libc::SIGABRT));
    let report = place.report("running");
    assert_work(&report);
    assert_eq!(signal(&report), (libc::SIGABRT, 0));
}

fn abort_outside() {
    let place = Place::new("abort-outside");
    assert_eq!(run("abort_outside", place.path()).status.signal(), Some(libc::SIGABRT));
    let report = place.report("running");
    assert_work(&report);
    assert_eq!(signal(&report), (libc::SIGABRT, 0));
    // Where nothing could be written, the file says so.
    let place = Place::new("kill-outside");
    let (held, _) = Held::start("kill_outside", place.path());
    held.kill();
    let report = place.report("running");
    assert!(!report.has_slots && report.open.is_empty());
    assert!(report.to_string().contains("nothing wrote it down"), "{report}");
}

fn null_write() {
    let place = Place::new("null-write");
    assert_eq!(run("null_write", place.path()).status.signal(), Some(libc::SIGSEGV));
    assert_work(&place.report("running"));
}

fn null_write_with_signals() {
    let place = Place::new("null-write-with-signals");
    assert_eq!(run("null_write_with_signals", place.path()).status.signal(), Some(libc::SIGSEGV));
    let report = place.report("running");
    assert_work(&report);
    assert_eq!(signal(&report), (libc::SIGSEGV, 8));

    let place = Place::new("null-write-in-a-thread");
    assert_eq!(run("null_write_in_a_thread", place.path()).status.signal(), Some(libc::SIGSEGV));
    let report = place.report("running");
    let Fate::Died(cause) = &report.fate else { panic!("{report}") };
    assert_eq!(cause.thread.name.as_deref(), Some("writer"));
    assert!(report.to_string().contains("got SIGSEGV at address 0x8, on thread"), "{report}");
    assert!(report.open.iter().all(|span| span.thread.as_ref() == Some(&cause.thread)));
}

fn overflow() {
    let place = Place::new("overflow");
    let said = run("overflow", place.path());
    assert_eq!(said.status.signal(), Some(libc::SIGABRT));
    assert!(said.error.contains("has overflowed its stack"), "{}", said.error);
    let report = place.report("running");
    assert_work(&report);
    assert_eq!(signal(&report).0, libc::SIGSEGV);
}

fn own_handler() {
    let place = Place::new("own-handler");
    assert_eq!(run("own_handler", place.path()).status.code(), Some(42));
    assert_eq!(signal(&place.report("running")), (libc::SIGFPE, 0));
}

fn sent() {
    let place = Place::new("sent");
    let said = run("sent", place.path());
    assert_eq!(said.status.signal(), Some(libc::SIGSEGV), "{}", said.out);
    assert_eq!(signal(&place.report("running")), (libc::SIGSEGV, 0));
}

fn twice() {
    let place = Place::new("twice");
    let said = run("twice", place.path());
    assert_eq!(said.status.signal(), Some(libc::SIGABRT));
    assert!(said.error.contains("the ring was in use before"), "{}", said.error);
    let report = place.report("running");
    assert_work(&report);
    assert_eq!(report.open[0].record.status, Status::Unset);
}
