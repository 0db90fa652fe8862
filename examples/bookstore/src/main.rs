//! The program: reads the command line, serves, and stops on a signal or when its drive is over.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt::Display;
use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use bookstore::args::{self, Args, Command, InventoryArgs};
use bookstore::drive::{self, JointTrace, Report};
use bookstore::inventory::{self as service, Child};
use bookstore::server::{Options, Server, StartError};
use bookstore::signals::Signals;
use bookstore::telemetry;
use telemetry_core::Bootstrap;
use telemetry_core::metric::manifest::Manifest;
use telemetry_core::metric::process::ProcessMetrics;
use telemetry_http::{HttpBootstrap, TelemetryLayer};
use telemetry_tokio::{Shown, TokioMetrics, TokioMetricsError};
use telemetry_viewer::{Viewer, ViewerSink};
use tokio::runtime::Runtime;

const BAD_USAGE: u8 = 2;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    match args::parse(std::env::args().skip(1)) {
        Ok(Command::Serve(args)) => end(run(&args)),
        Ok(Command::Inventory(args)) => end(inventory(&args)),
        Ok(Command::Manifest) => end(manifest()),
        Ok(Command::Help) => {
            say(&args::USAGE);
            ExitCode::SUCCESS
        }
        Err(mistake) => {
            tell(&format_args!("bookstore: {mistake}\n\n{}", args::USAGE));
            ExitCode::from(BAD_USAGE)
        }
    }
}

/// How the program ends.
fn end(result: Result<(), Box<dyn Error>>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&format_args!("bookstore: {}", Chain(failure.as_ref())));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    register_sinks()?;
    let bootstrap = telemetry::start(args)?;
    let runtime = Runtime::new()?;
    let _shown = show(&runtime, bootstrap.as_ref())?;
    // Before anybody is told where it listens: whoever knows that may send a signal.
    let mut signals = {
        let _context = runtime.enter();
        Signals::watch()?
    };
    let child = match (args.drive, args.inventory) {
        (Some(_), None) => {
            let sinks = bootstrap.iter().flat_map(|bootstrap| &bootstrap.settings.sinks);
            Some(Child::start(sinks.map(String::as_str))?)
        }
        _ => None,
    };
    let stock = args.inventory.or(child.as_ref().map(Child::address));
    let server = start(args, stock, bootstrap.as_ref(), &runtime)?;
    tell(&format_args!("bookstore: listening on http://{}", server.address()));
    let report = match args.drive {
        Some(requests) => runtime.block_on(async {
            tokio::select! {
                report = drive(&server, requests, bootstrap.as_ref()) => report.map(Some),
                () = signals.wait() => Ok(None),
            }
        })?,
        None => {
            runtime.block_on(signals.wait());
            None
        }
    };
    stop(server, bootstrap.as_ref(), &runtime);
    if let Some(bootstrap) = bootstrap {
        // Before the report, so that all traces stand above it.
        bootstrap.telemetry.flush(DRAIN_TIMEOUT)?;
        if let Some(mut report) = report {
            let theirs = child.map(Child::finish).unwrap_or_default();
            report.joint = bootstrap.memory.and_then(|memory| JointTrace::find(&memory.spans(), &theirs));
            let json = bootstrap.telemetry.sinks().iter().any(|sink| sink.sink == "stdout");
            // Standard output is all spans then, a line each.
            let print = if json { tell } else { say };
            print(&report.with_spans(&bootstrap.telemetry));
        }
        bootstrap.telemetry.shutdown(DRAIN_TIMEOUT)?;
    } else if let Some(report) = report {
        say(&report);
    }
    Ok(())
}

/// Makes the sinks of the integrations known, to be chosen by name.
fn register_sinks() -> Result<(), Box<dyn Error>> {
    telemetry_otlp::register()?;
    telemetry_sqlite::register()?;
    telemetry_viewer::register()?;
    Ok(())
}

/// Prints what a bookstore can measure, what is registered only while one runs included.
fn manifest() -> Result<(), Box<dyn Error>> {
    let _process = ProcessMetrics::register()?;
    let _runtimes = TokioMetrics::new().register()?;
    say(&format_args!("{}\n", Manifest::current().to_json()));
    Ok(())
}

/// Shows how the runtime fares, where anything is measured.
fn show(runtime: &Runtime, bootstrap: Option<&Bootstrap>) -> Result<Option<Shown>, TokioMetricsError> {
    bootstrap.map(|_| TokioMetrics::new().runtime("main", runtime.handle()).register()).transpose()
}

/// Serves stock until it is told to stop.
fn inventory(args: &InventoryArgs) -> Result<(), Box<dyn Error>> {
    register_sinks()?;
    let bootstrap = telemetry::start_inventory(args)?;
    let metrics = bootstrap.as_ref().and_then(Bootstrap::metrics_service);
    let layer = bootstrap.as_ref().map_or_else(TelemetryLayer::new, Bootstrap::http_layer);
    let runtime = Runtime::new()?;
    let _shown = show(&runtime, bootstrap.as_ref())?;
    runtime.block_on(async {
        let mut signals = Signals::watch()?;
        let listener = tokio::net::TcpListener::bind(args.listen).await?;
        tell(&format_args!("inventory: listening on http://{}", listener.local_addr()?));
        let attached = args.attached;
        let until = async move {
            tokio::select! {
                () = signals.wait() => {}
                () = input_ends(), if attached => {}
            }
        };
        service::serve(listener, service::router(layer, metrics), until).await
    })?;
    if let Some(bootstrap) = bootstrap {
        bootstrap.telemetry.shutdown(DRAIN_TIMEOUT)?;
    }
    Ok(())
}

/// Waits until nobody can write to standard input any more.
async fn input_ends() {
    let ends = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    let _ = ends.await;
}

/// Starts the server inside the span of the start, which says what it was started with. A drive whose port nobody
/// chose takes any free one when the usual is taken.
fn start(
    args: &Args,
    inventory: Option<SocketAddr>,
    bootstrap: Option<&Bootstrap>,
    runtime: &Runtime,
) -> Result<Server, StartError> {
    let span = bootstrap.map(Bootstrap::startup_span);
    if let Some(span) = &span {
        let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
        span.handle().static_str("build.profile", profile).bool("drive", args.drive.is_some());
    }
    let metrics = bootstrap.and_then(Bootstrap::metrics_service);
    let layer = bootstrap.map_or_else(TelemetryLayer::new, Bootstrap::http_layer);
    let viewer = bootstrap.filter(|_| args.drive.is_none()).and_then(viewer);
    let options =
        Options { listen: args.listen, database: args.database.clone(), inventory, metrics, viewer, layer };
    match runtime.block_on(Server::start(options.clone())) {
        Err(failure) if failure.is_taken() && args.drive.is_some() && !args.listen_given => {
            let listen = SocketAddr::new(args.listen.ip(), 0);
            runtime.block_on(Server::start(Options { listen, ..options }))
        }
        started => started,
    }
}

/// The page over what is recorded from now on.
fn viewer(bootstrap: &Bootstrap) -> Option<Viewer> {
    let sink = ViewerSink::new();
    match bootstrap.telemetry.add_sink(sink.clone()) {
        Ok(_) => Some(Viewer::of(&sink)),
        Err(failure) => {
            tell(&format_args!("bookstore: there is no page under /telemetry: {failure}"));
            None
        }
    }
}

/// Sends the server its requests, shows their traces, and takes its metrics once they are all counted.
async fn drive(
    server: &Server,
    requests: u32,
    bootstrap: Option<&Bootstrap>,
) -> Result<Report, Box<dyn Error>> {
    let mut report = drive::drive(server.address(), requests).await?;
    if let Some(bootstrap) = bootstrap {
        // Blocks this thread, on which nothing else runs. The second tick counts what the first has delivered.
        bootstrap.telemetry.drain_now(DRAIN_TIMEOUT)?;
        bootstrap.telemetry.drain_now(DRAIN_TIMEOUT)?;
    }
    report.scrape = drive::scrape(server.address()).await?;
    Ok(report)
}

/// Stops the server inside the span of the stop.
fn stop(server: Server, bootstrap: Option<&Bootstrap>, runtime: &Runtime) {
    let _span = bootstrap.map(|bootstrap| bootstrap.telemetry.shutdown_span());
    if !runtime.block_on(server.stop()) {
        tell(&"bookstore: some requests did not end in time and were abandoned");
    }
}

/// Writes to standard output. Whoever has stopped reading, such as `head`, has read enough.
fn say(text: &dyn Display) {
    let mut stdout = std::io::stdout().lock();
    let _ = write!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// Writes a line to standard error; where that is gone, there is nobody to tell.
fn tell(line: &dyn Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Shows an error and what is behind it on one line.
struct Chain<'a>(&'a dyn Error);

impl Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut source = self.0.source();
        while let Some(inner) = source {
            // An error that passes another on may have said what that one says.
            let text = inner.to_string();
            if !said.ends_with(&text) {
                write!(f, ": {text}")?;
            }
            said = text;
            source = inner.source();
        }
        Ok(())
    }
}
