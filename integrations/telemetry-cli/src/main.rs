//! `telemetry`: looks at what services record.
#![forbid(unsafe_code)]

mod args;
mod check;
mod crash;
mod failure;
mod harmless;
mod query;
mod tail;
mod view;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    let outcome = match Args::parse().command {
        Command::View(args) => view::view(&args).map(|()| ExitCode::SUCCESS),
        Command::Tail(args) => tail::tail(&args).map(|()| ExitCode::SUCCESS),
        Command::Query(args) => query::query(&args).map(|()| ExitCode::SUCCESS),
        Command::Check(args) => check::check(&args),
        Command::Crash(args) => crash::crash(&args).map(|()| ExitCode::SUCCESS),
    };
    match outcome {
        Ok(code) => code,
        // Whoever has stopped reading, such as `head`, has read enough.
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            // Where standard error is gone too, there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "telemetry: {failure}");
            ExitCode::FAILURE
        }
    }
}
