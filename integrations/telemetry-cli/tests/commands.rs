//! The program as one runs it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use telemetry_core::sink::{Sink, StdoutSink};
use telemetry_core::testing::Scope;
use telemetry_core::{Span, span, step};
use telemetry_sqlite::SqliteSink;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("telemetry-cli-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The program in a folder, with no variables but those it needs to run.
fn telemetry(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telemetry"));
    command.args(arguments).current_dir(&folder.0).env_clear();
    command
}

fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[span(kind = server)]
fn order() {
    #[span]
    fn pay() -> Result<(), &'static str> {
        Err("the card was \u{1b}[31mdeclined")
    }

    let _ = pay();
    let _step = step!("render");
    Span::current().str("db.statement", "SELECT 1");
}

fn recorded() -> Vec<telemetry_core::record::SpanRecord> {
    let scope = Scope::new();
    order();
    scope.take_spans()
}

fn database(folder: &Folder) -> PathBuf {
    let path = folder.file("spans.db");
    SqliteSink::open(&path).unwrap().export_spans(&recorded()).unwrap();
    path
}

/// What the sink for standard output writes of the spans.
fn lines() -> String {
    #[derive(Clone, Default)]
    struct Written(Arc<std::sync::Mutex<Vec<u8>>>);
    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let written = Written::default();
    StdoutSink::to(written.clone()).export_spans(&recorded()).unwrap();
    let bytes = written.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn tail_draws_the_lines_of_a_service_as_a_tree_between_what_else_it_says() {
    let folder = Folder::new();
    let mut child = telemetry(&folder, &["tail", "--width", "80", "--color", "never"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let scrape = "# TELEMETRY_METRICS_BEGIN\norders_total 7\n# TELEMETRY_METRICS_END\n";
    let input = format!("listening on 127.0.0.1:80\n{}{scrape}stopped\n", lines());
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let drawn = String::from_utf8(output.stdout).unwrap();
    assert!(drawn.starts_with("listening on 127.0.0.1:80\n") && drawn.ends_with("stopped\n"), "{drawn}");
    for part in
        ["3 spans  1 error", "order server", "├─ ✗ pay", "the card was \\u{1b}[31mdeclined", "└─ render"]
    {
        assert!(drawn.contains(part), "{part}: {drawn}");
    }
    assert!(!drawn.contains("orders_total") && !drawn.contains('\u{1b}'), "{drawn}");
    assert!(drawn.lines().all(|line| line.chars().count() <= 80), "{drawn}");
}

/// Reads lines until one has a text.
fn await_line(output: &mut impl BufRead, wanted: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(wanted) {
        assert!(output.read_line(&mut seen).unwrap() > 0, "the output ended: {seen}");
    }
    seen
}

/// A program that is ended with the test, whatever becomes of it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn tail_follows_a_file_that_grows_and_one_that_is_rotated() {
    let folder = Folder::new();
    let path = folder.file("spans.jsonl");
    std::fs::write(&path, "first\n").unwrap();
    let mut command = telemetry(&folder, &["tail", "spans.jsonl"]);
    let mut tail = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut output = BufReader::new(tail.0.stdout.take().unwrap());
    await_line(&mut output, "first");
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(lines().as_bytes()).unwrap();
    await_line(&mut output, "render");
    std::fs::rename(&path, folder.file("spans.jsonl.1")).unwrap();
    std::fs::write(&path, "after the rotation\n").unwrap();
    await_line(&mut output, "after the rotation");
    std::fs::write(&path, "short\n").unwrap();
    await_line(&mut output, "short");
}

#[test]
fn tail_once_ends_with_the_file_and_draws_what_has_no_root_yet() {
    let folder = Folder::new();
    let lines = lines();
    let without_root: Vec<_> = lines.lines().filter(|line| !line.contains("\"order\"")).collect();
    std::fs::write(folder.file("spans.jsonl"), without_root.join("\n")).unwrap();
    let (code, drawn, _) = run(&mut telemetry(&folder, &["tail", "--once", "spans.jsonl"]));
    assert_eq!(code, 0);
    assert!(drawn.contains("is not here") && drawn.contains("render"), "{drawn}");
}

#[test]
fn query_lists_what_can_be_asked_and_answers_as_a_table_or_as_json() {
    let folder = Folder::new();
    database(&folder);
    let (code, list, _) = run(&mut telemetry(&folder, &["query", "spans.db"]));
    assert_eq!((code, list.lines().count()), (0, 11));
    assert!(list.contains("slowest_routes") && list.contains("Requests by route"), "{list}");
    let (code, table, _) = run(&mut telemetry(&folder, &["query", "spans.db", "recent_errors"]));
    assert_eq!((code, table.lines().count()), (0, 2));
    assert!(table.contains("pay") && table.contains("the card was \\u{1b}[31mdeclined"), "{table}");
    let trace = recorded()[0].trace_id.to_string();
    let (code, tree, _) =
        run(&mut telemetry(&folder, &["query", "spans.db", "trace_tree", &trace[..8], "--json"]));
    let spans: Vec<serde_json::Value> =
        tree.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, spans.len()), (0, 3), "{tree}");
    assert_eq!(spans[0]["span"], "order");
}

#[test]
fn query_says_what_is_wrong_with_what_it_was_asked() {
    let folder = Folder::new();
    database(&folder);
    let said = |arguments: &[&str]| {
        let (code, out, said) = run(&mut telemetry(&folder, arguments));
        assert_eq!((code, out.as_str()), (1, ""), "{said}");
        said
    };
    assert_eq!(said(&["query", "none.db"]), "telemetry: there is no file none.db\n");
    assert!(
        said(&["query", "spans.db", "slowest"])
            .contains("there is no query \"slowest\", expected one of slowest_routes, ")
    );
    assert!(said(&["query", "spans.db", "trace_tree"]).contains("telemetry query FILE trace_tree TRACE_ID"));
    assert!(
        said(&["query", "spans.db", "own_time", "x"]).contains("takes no further value, and \"x\" was given")
    );
    std::fs::write(folder.file("notes.txt"), "x".repeat(4096)).unwrap();
    assert!(said(&["query", "notes.txt"]).contains("is the database of another application"));
}

#[test]
fn check_shows_each_setting_with_its_tier() {
    let folder = Folder::new();
    std::fs::write(folder.file(".env"), "TELEMETRY_SQLITE_PATH=shop.db\n").unwrap();
    let mut command = telemetry(&folder, &["check"]);
    command
        .env("TELEMETRY_SAMPLE_RATIO", "0.5")
        .env("OTEL_SERVICE_NAME", "shop")
        .env("TELEMETRY_SAMPEL_RATIO", "1");
    let (code, shown, _) = run(&mut command);
    assert_eq!(code, 0, "{shown}");
    for line in [
        "SAMPLE_RATIO",
        "0.5  (environment: TELEMETRY_SAMPLE_RATIO)",
        "shop  (standard environment: OTEL_SERVICE_NAME)",
        "shop.db  (.env: TELEMETRY_SQLITE_PATH)",
        "SPAN_RING_CAPACITY",
        "16384",
        "warning: TELEMETRY_SAMPEL_RATIO in the environment names no setting, did you mean TELEMETRY_SAMPLE_RATIO?",
        "3 set, ",
        "Telemetry is off: TELEMETRY_ENABLED=1 turns it on.",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let changed = run(command.arg("--changed")).1;
    assert!(changed.contains("0.5") && !changed.contains("16384"), "{changed}");
}

#[test]
fn check_shows_what_lower_tiers_say_and_no_secret_of_theirs() {
    let folder = Folder::new();
    let file = "TELEMETRY_SAMPLE_RATIO=0.1\nTELEMETRY_OTLP_HEADERS=api-key=hunter2\n\
                TELEMETRY_SERVICE_NAME=http://shop:hunter2@desk\n";
    std::fs::write(folder.file(".env"), file).unwrap();
    let mut command = telemetry(&folder, &["check", "--changed"]);
    command
        .env("TELEMETRY_SAMPLE_RATIO", "0.5")
        .env("OTEL_TRACES_SAMPLER", "traceidratio")
        .env("OTEL_TRACES_SAMPLER_ARG", "0.25")
        .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hunter2");
    let (code, shown, said) = run(&mut command);
    assert_eq!(code, 0, "{said}");
    let lines: Vec<&str> = shown.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.starts_with("SAMPLE_RATIO")).unwrap();
    assert!(lines[at].ends_with("0.5  (environment: TELEMETRY_SAMPLE_RATIO)"), "{shown}");
    assert_eq!(
        lines[at + 1..at + 3],
        [
            "hides 0.25 (standard environment: OTEL_TRACES_SAMPLER_ARG)",
            "hides 0.1 (.env: TELEMETRY_SAMPLE_RATIO)",
        ],
        "{shown}"
    );
    assert!(shown.contains("hides *** (.env: TELEMETRY_OTLP_HEADERS)"), "{shown}");
    assert!(shown.contains("http://***@desk"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn check_tells_every_mistake_and_keeps_secrets() {
    let folder = Folder::new();
    let mut command = telemetry(&folder, &["check"]);
    command
        .env("TELEMETRY_SAMPLE_RATIO", "2")
        .env("TELEMETRY_SINKS", "sqlit")
        .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer hunter2");
    let (code, out, said) = run(&mut command);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        said.contains("error: SAMPLE_RATIO from TELEMETRY_SAMPLE_RATIO in the environment: \"2\""),
        "{said}"
    );
    assert!(said.contains("did you mean sqlite?") && said.contains("2 settings are wrong"), "{said}");
    let mut right = telemetry(&folder, &["check"]);
    let (code, shown, _) = run(right.env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer hunter2"));
    assert!(code == 0 && shown.contains("***") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn view_serves_the_page_of_a_file_to_this_machine() {
    let folder = Folder::new();
    database(&folder);
    let mut command = telemetry(&folder, &["view", "spans.db", "--port", "0"]);
    let mut view = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut output = BufReader::new(view.0.stdout.take().unwrap());
    let said = await_line(&mut output, "http://");
    let address = said.split("http://").nth(1).unwrap().split('/').next().unwrap();
    let ask = |host: &str, path: &str| {
        let mut connection = std::net::TcpStream::connect(address).unwrap();
        write!(connection, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(ask("localhost", "/").contains("<title>Telemetry</title>"));
    let traces = ask("localhost", "/api/traces");
    assert!(traces.starts_with("HTTP/1.1 200") && traces.contains("\"name\":\"order\""), "{traces}");
    assert!(ask("evil.example", "/api/traces").starts_with("HTTP/1.1 403"));
}

#[test]
fn an_output_that_is_closed_ends_the_program_without_a_word() {
    let folder = Folder::new();
    database(&folder);
    for arguments in [&["query", "spans.db"][..], &["check"], &["tail", "--once", "many.jsonl"]] {
        std::fs::write(folder.file("many.jsonl"), lines().repeat(200)).unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = telemetry(&folder, arguments);
        let output =
            command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_mistake_on_the_command_line_is_told_with_what_is_meant() {
    let folder = Folder::new();
    let (code, _, said) = run(&mut telemetry(&folder, &["veiw", "spans.db"]));
    assert_eq!(code, 2);
    assert!(said.contains("unrecognized subcommand 'veiw'") && said.contains("'view'"), "{said}");
    let (code, _, said) = run(&mut telemetry(&folder, &["tail", "--width", "3"]));
    assert!(code == 2 && said.contains("3 is not in 20.."), "{said}");
    let (code, help, _) = run(&mut telemetry(&folder, &["--help"]));
    assert!(code == 0 && ["view", "tail", "query", "check"].iter().all(|name| help.contains(name)), "{help}");
}

#[cfg(target_os = "linux")]
#[test]
fn crash_shows_what_a_process_was_doing() {
    use telemetry_core::evidence::CrashEvidence;
    use telemetry_core::{AlwaysSample, Telemetry};

    let folder = Folder::new();
    let nothing = run(&mut telemetry(&folder, &["crash", "."]));
    assert_eq!(nothing, (1, String::new(), "telemetry: no process has left anything in .\n".to_owned()));

    let pipeline = Telemetry::builder()
        .service_name("shop")
        .sampler(AlwaysSample)
        .crash_evidence(CrashEvidence::in_directory(&folder.0))
        .start()
        .unwrap();
    let path = pipeline.evidence().unwrap().unwrap().to_owned();
    // The file of a process that still runs, and a copy under the name it would have if it had died.
    let _order = step!("order");
    std::fs::copy(&path, folder.file("shop-1-2.crash")).unwrap();
    for what in [path.to_str().unwrap(), "."] {
        let (code, out, error) = run(&mut telemetry(&folder, &["crash", what]));
        assert_eq!((code, &*error), (0, ""), "{out}");
        assert!(
            out.starts_with(&format!("shop, process {}: ended without a word", std::process::id())),
            "{out}"
        );
        assert!(out.contains("\n● order  open for "), "{out}");
    }

    std::fs::write(folder.file("other.txt"), "something else").unwrap();
    let other = run(&mut telemetry(&folder, &["crash", "other.txt"]));
    let told = "telemetry: other.txt cannot be read: not a file of crash evidence\n";
    assert_eq!(other, (1, String::new(), told.to_owned()));
    let missing = run(&mut telemetry(&folder, &["crash", "missing"]));
    assert!(missing.2.starts_with("telemetry: missing cannot be read: No such file"), "{}", missing.2);
}
