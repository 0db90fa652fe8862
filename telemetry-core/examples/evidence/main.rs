//! Prints what a process has left that died.
//!
//! ```text
//! cargo run -p telemetry-core --example evidence -- FILE...
//! ```

use std::process::ExitCode;

use telemetry_core::evidence;

fn main() -> ExitCode {
    let mut outcome = ExitCode::SUCCESS;
    let files: Vec<_> = std::env::args_os().skip(1).collect();
    if files.is_empty() {
        eprintln!("usage: evidence FILE...");
        return ExitCode::FAILURE;
    }
    for file in files {
        match evidence::read(&file) {
            Ok(report) => println!("{report}"),
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                outcome = ExitCode::FAILURE;
            }
        }
    }
    outcome
}
