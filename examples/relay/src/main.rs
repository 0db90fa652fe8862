//! The program: reads the command line, serves, and stops on a signal.
#![forbid(unsafe_code)]

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use relay::args::{self, Args, Command};
use telemetry_core::settings::{Resolver, SettingValue, Tier};
use telemetry_core::{Bootstrap, configure};
use telemetry_http::{HttpBootstrap, TelemetryLayer};
use tokio::net::TcpListener;

const BAD_USAGE: u8 = 2;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let args = match args::parse(std::env::args().skip(1)) {
        Ok(Command::Serve(args)) => args,
        Ok(Command::Help) => {
            print!("{}", args::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(mistake) => {
            eprint!("relay: {mistake}\n\n{}", args::USAGE);
            return ExitCode::from(BAD_USAGE);
        }
    };
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("relay: {failure}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let bootstrap = configure(with_defaults(Resolver::process())?, Some(env!("CARGO_PKG_VERSION")))?;
    let layer = bootstrap.as_ref().map_or_else(TelemetryLayer::new, Bootstrap::http_layer);
    let listener = TcpListener::bind(args.listen).await?;
    eprintln!("relay: listening on http://{}", listener.local_addr()?);
    let service = relay::router(layer.tracestate_keys(args.keys));
    axum::serve(listener, service).with_graceful_shutdown(signal()).await?;
    if let Some(bootstrap) = bootstrap {
        bootstrap.telemetry.shutdown(DRAIN_TIMEOUT)?;
    }
    Ok(())
}

/// Everything is recorded and shown, unless the settings say otherwise.
fn with_defaults(resolver: Resolver) -> Result<Resolver, Box<dyn Error>> {
    let said = resolver.clone().choices("SINKS", telemetry_core::sink::known()).resolve()?;
    let defaults: [(&str, SettingValue); 4] = [
        ("ENABLED", true.into()),
        ("SERVICE_NAME", "relay".into()),
        ("SAMPLE_RATIO", 1.0.into()),
        ("SINKS", ["auto"].into()),
    ];
    let unsaid = |name: &str| said.get(name).is_none_or(|value| value.tier() == Tier::Default);
    let missing = defaults.into_iter().filter(|(name, _)| unsaid(name));
    Ok(missing.fold(resolver, |resolver, (name, value)| resolver.value(name, value)))
}

/// Ends with an interrupt or a request to terminate.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
    // Where no signal can be watched, none comes.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
