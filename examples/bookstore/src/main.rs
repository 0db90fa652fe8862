//! The program: reads the command line, serves, and stops on a signal or when its drive is over.
#![forbid(unsafe_code)]

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Instant;

use bookstore::args::{self, Args, Command};
use bookstore::drive::{DriveError, Summary, Visitor, ask};
use bookstore::server::{Options, Server, StartError};
use tokio::signal::unix::{SignalKind, signal};

const BAD_USAGE: u8 = 2;

fn main() -> ExitCode {
    let args = match args::parse(std::env::args().skip(1)) {
        Ok(Command::Serve(args)) => args,
        Ok(Command::Help) => {
            print!("{}", args::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(mistake) => {
            eprintln!("bookstore: {mistake}\n\n{}", args::USAGE);
            return ExitCode::from(BAD_USAGE);
        }
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bookstore: {}", Chain(failure.as_ref()));
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let server = start(args).await?;
    println!("bookstore: listening on http://{}", server.address());
    match args.drive {
        Some(requests) => print!("{}", drive(server.address(), requests).await?),
        None => stop_signal().await?,
    }
    if !server.stop().await {
        eprintln!("bookstore: some requests did not end in time and were abandoned");
    }
    Ok(())
}

/// Starts the server. A drive whose port nobody chose takes any free one when the usual is taken.
async fn start(args: &Args) -> Result<Server, StartError> {
    let options = Options { listen: args.listen, database: args.database.clone() };
    match Server::start(options.clone()).await {
        Err(failure) if failure.is_taken() && args.drive.is_some() && !args.listen_given => {
            let listen = SocketAddr::new(args.listen.ip(), 0);
            Server::start(Options { listen, ..options }).await
        }
        started => started,
    }
}

async fn drive(address: SocketAddr, requests: u32) -> Result<Summary, DriveError> {
    let visitor = Visitor::arrive(address).await?;
    let mut summary = Summary::default();
    let began = Instant::now();
    for number in 0..requests {
        summary.add(visitor.send(ask(number)).await?.status());
    }
    summary.took = began.elapsed();
    Ok(summary)
}

/// Waits for the first of an interrupt and a request to terminate.
async fn stop_signal() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Shows an error and what is behind it on one line.
struct Chain<'a>(&'a dyn Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(inner) = source {
            write!(f, ": {inner}")?;
            source = inner.source();
        }
        Ok(())
    }
}
