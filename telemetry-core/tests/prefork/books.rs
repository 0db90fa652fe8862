//! What every process says of itself at its end, and whether it all fits together.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use telemetry_core::Telemetry;

const PATIENCE: Duration = Duration::from_secs(30);

/// Shuts down and writes the books of this process. False when a sink did not deliver everything.
pub(crate) fn close(telemetry: &Telemetry, folder: &Path, requests: u64) -> bool {
    // Before the shutdown, at which instruments are still what they are, but spans no more.
    let counted = counted(telemetry);
    let clean = telemetry.shutdown(PATIENCE).is_ok();
    let accounting = telemetry.accounting();
    let sinks = telemetry.sinks();
    let delivered = |name: &str| sinks.iter().find(|sink| sink.sink == name).map_or(0, |sink| sink.delivered);
    let line = format!(
        "{} {} {} {} {} {} {counted} {requests}",
        accounting.started,
        accounting.taken,
        accounting.in_flight,
        accounting.dropped(),
        delivered("per-process"),
        delivered("stdout"),
    );
    clean && fs::write(folder.join(format!("{}.books", std::process::id())), line).is_ok()
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
        let [started, taken, in_flight, dropped, delivered, shared, counted, requests] = books[..] else {
            panic!("{pid}: {books:?}")
        };
        assert_eq!(started, taken + in_flight + dropped, "{pid}: {books:?}");
        assert_eq!(in_flight, 0, "{pid}: {books:?}");
        assert_eq!((taken, counted), (delivered, requests), "{pid}: {books:?}");
        let process = Process { shared, requests, ..spans_of(folder, pid) };
        assert_eq!(process.spans.len() as u64, delivered, "{pid}");
        processes.push(process);
    }
    processes
}

fn spans_of(folder: &Path, pid: u64) -> Process {
    let Ok(text) = fs::read_to_string(folder.join(format!("{pid}.spans"))) else {
        // No request came to it: it has touched no sink.
        return Process {
            pid,
            instance: format!("none of {pid}"),
            spans: Vec::new(),
            shared: 0,
            requests: 0,
        };
    };
    let mut lines = text.lines();
    let (instance, told) = lines.next().unwrap().split_once(' ').unwrap();
    assert_eq!(told, pid.to_string(), "the resource tells whose spans these are");
    let spans = lines.map(|line| {
        let [trace, span, recorded, name] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert_eq!(recorded, pid.to_string(), "{pid} exports a span of another process: {line}");
        (trace.to_owned(), span.to_owned(), name.to_owned())
    });
    Process { pid, instance: instance.to_owned(), spans: spans.collect(), shared: 0, requests: 0 }
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
