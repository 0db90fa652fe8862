//! Builds a crate of 1,000 functions, half of them `async`, with this framework's attribute on each, with that of other
//! libraries and without any, and prints what that takes.
//!
//! - `cargo run --release --manifest-path benches/compile/Cargo.toml`: measures and prints.
//! - `… -- --check`: fails when ours is not the smallest of the libraries in every column.
//! - `… -- --update`: writes the tables into `benches/README.md`.
//! - `… -- --rounds 1`: how often each build is made; the fastest counts. 3 when nothing is said.
#![forbid(unsafe_code)]

mod contestant;
mod generate;
mod measure;
mod report;

use std::path::Path;
use std::process::ExitCode;

use contestant::CONTESTANTS;
use generate::Kind;
use measure::Builds;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures and reports; false when the check fails.
fn run(arguments: &[String]) -> Result<bool, String> {
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let rounds = arguments.iter().skip_while(|argument| *argument != "--rounds").nth(1);
    let rounds =
        rounds.map_or(Ok(3), |rounds| rounds.parse()).map_err(|error| format!("--rounds: {error}"))?;
    let here = Path::new(HERE);
    let root = here.join("../..").canonicalize().map_err(|error| error.to_string())?;
    let folder = here.join("target/generated");
    generate::workspace(&folder, &root.display().to_string(), &here.join("Cargo.lock"))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let builds = Builds { folder, rounds };
    let (mut text, mut smallest) = (String::new(), true);
    for kind in Kind::ALL {
        let packages: Vec<String> =
            CONTESTANTS.iter().map(|contestant| generate::package(contestant, kind)).collect();
        builds.warm_up(&packages)?;
        let figures = builds.measure(&packages)?;
        text += &report::table(kind, &figures);
        smallest &= report::ours_is_smallest(&figures);
    }
    print!("{text}");
    if has("--update") {
        report::update(&root.join("benches/README.md"), &text)?;
    }
    if has("--check") && !smallest {
        println!("ours is not the smallest of the libraries in every column");
        return Ok(false);
    }
    Ok(true)
}
