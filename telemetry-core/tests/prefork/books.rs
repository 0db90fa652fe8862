//! What every process says of itself at its end, and whether it all fits together.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use telemetry_core::drain::ShutdownError;
use telemetry_core::{Accounting, Telemetry};

const PATIENCE: Duration = Duration::from_secs(30);

/// Shuts down and writes the books of this process. False when a sink had to be abandoned.
pub(crate) fn close(telemetry: &Telemetry, folder: &Path, requests: u64) -> bool {
    // Before the shutdown, at which instruments are still what they are, but spans no more.
    let counted = counted(telemetry);
    let abandoned = matches!(telemetry.shutdown(PATIENCE), Err(ShutdownError::Abandoned { .. }));
    let Accounting { started, taken, in_flight, dropped_full, .. } = telemetry.accounting();
    let sinks = telemetry.sinks();
    // A sink that was in a call for too long when the process forked stays silent: what it would have got is lost to it.
    let fate = |name: &str| {
        let sink = sinks.iter().find(|sink| sink.sink == name);
        sink.map_or((0, taken), |sink| (sink.delivered, sink.dropped_total()))
    };
    let ((own, own_lost), (shared, shared_lost)) = (fate("per-process"), fate("stdout"));
    let line = format!(
        "{started} {taken} {in_flight} {dropped_full} {own} {own_lost} {shared} {shared_lost} {counted} {requests}"
    );
    !abandoned && fs::write(folder.join(format!("{}.books", std::process::id())), line).is_ok()
}

/// The counter of requests.
fn counted(telemetry: &Telemetry) -> u64 {
    let text = telemetry.metrics().text().to_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("prefork_requests_total "));
    line.and_then(|count| count.parse().ok()).unwrap_or(u64::MAX)
}

/// What one process exported.
pub(crate) struct Process {
    pub(crate) pid: u64,
    pub(crate) instance: String,
    /// Trace, span and name.
    pub(crate) spans: Vec<(String, String, String)>,
    pub(crate) started: u64,
    /// Spans that were not exported: the machine was so busy that the ring or the queue of the sink was full.
    pub(crate) lost: u64,
    /// Spans it wrote into the file that all processes share.
    pub(crate) shared: u64,
    pub(crate) requests: u64,
}

/// Reads the books of all processes, each of which must hold in itself.
pub(crate) fn read(folder: &Path) -> Vec<Process> {
    let mut processes = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "books") {
            continue;
        }
        let pid: u64 = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let books: Vec<u64> =
            fs::read_to_string(&path).unwrap().split(' ').map(|number| number.parse().unwrap()).collect();
        let [started, taken, in_flight, full, own, own_lost, shared, shared_lost, counted, requests] =
            books[..]
        else {
            panic!("{pid}: {books:?}")
        };
        assert_eq!((in_flight, started), (0, taken + full), "{pid}: {books:?}");
        assert_eq!((own + own_lost, shared + shared_lost), (taken, taken), "{pid}: {books:?}");
        assert_eq!(counted, requests, "{pid}: {books:?}");
        let (instance, spans) = spans_of(folder, pid);
        assert_eq!(spans.len() as u64, own, "{pid}");
        let process = Process { pid, instance, spans, started, lost: full + own_lost, shared, requests };
        processes.push(process);
    }
    processes
}

/// The instance a process is, and the spans it exported.
fn spans_of(folder: &Path, pid: u64) -> (String, Vec<(String, String, String)>) {
    let Ok(text) = fs::read_to_string(folder.join(format!("{pid}.spans"))) else {
        // No request came to it, so it has touched no sink; or this one stayed silent.
        return (format!("none of {pid}"), Vec::new());
    };
    let mut lines = text.lines();
    let (instance, told) = lines.next().unwrap().split_once(' ').unwrap();
    assert_eq!(told, pid.to_string(), "the resource tells whose spans these are");
    let spans = lines.map(|line| {
        let [trace, span, recorded, name] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert_eq!(recorded, pid.to_string(), "{pid} exports a span of another process: {line}");
        (trace.to_owned(), span.to_owned(), name.to_owned())
    });
    (instance.to_owned(), spans.collect())
}

/// Fails where two spans have one identifier, or a span was exported twice, or two processes are one instance.
pub(crate) fn assert_distinct(processes: &[Process]) {
    let spans = processes.iter().flat_map(|process| &process.spans);
    let all: Vec<&str> = spans.map(|(_, span, _)| span.as_str()).collect();
    let different: HashSet<&str> = all.iter().copied().collect();
    assert_eq!(different.len(), all.len(), "identifiers of spans");
    let instances: HashSet<&str> = processes.iter().map(|process| process.instance.as_str()).collect();
    assert_eq!(instances.len(), processes.len(), "instances");
}
