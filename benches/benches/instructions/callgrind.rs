//! Runs this program under valgrind, one operation at a time, and reads what callgrind counted.

use std::ffi::OsString;
use std::fmt::Display;
use std::io;
use std::path::Path;
use std::process::Command;

use super::counted::{CALLS, SYMBOL};
use super::operations::Operation;

/// The argument after which the name of the operation to run follows.
pub(crate) const RUN: &str = "--run";

/// Instructions a call of an operation.
///
/// # Errors
/// A line that says what went wrong.
pub(crate) fn count(operation: &Operation) -> Result<f64, String> {
    let name = operation.name;
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{}.callgrind", std::process::id()));
    let in_words = |what: &dyn Display| format!("{name}: {what}");
    // Without the environment, whose size moves the stack.
    let output = Command::new("valgrind")
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .args(["--tool=callgrind", "--quiet", &format!("--toggle-collect={SYMBOL}")])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .args(this_program(name)?)
        .output()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                "valgrind is missing: it is in Debian's package `valgrind` (apt-get install valgrind)"
                    .to_owned()
            }
            _ => in_words(&error),
        })?;
    let profile = std::fs::read_to_string(&out).unwrap_or_default();
    // What was not written cannot be removed.
    let _ = std::fs::remove_file(&out);
    if !output.status.success() {
        return Err(in_words(&String::from_utf8_lossy(&output.stderr)));
    }
    match total(&profile) {
        Some(instructions) if instructions > 0 => Ok(instructions as f64 / CALLS as f64),
        _ => Err(in_words(&format_args!("callgrind counted nothing in {SYMBOL}"))),
    }
}

/// Runs an operation in a process of its own, without valgrind.
///
/// # Errors
/// A line that says what went wrong.
pub(crate) fn run(operation: &Operation) -> Result<(), String> {
    let [program, arguments @ ..] = this_program(operation.name)?;
    let output = Command::new(program).args(arguments).output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// The command line that runs an operation.
fn this_program(name: &str) -> Result<[OsString; 3], String> {
    let program = std::env::current_exe().map_err(|error| format!("{name}: {error}"))?;
    Ok([program.into(), RUN.into(), name.into()])
}

/// The sum over all parts of a profile.
fn total(profile: &str) -> Option<u64> {
    let totals = profile.lines().filter_map(|line| line.strip_prefix("totals: "));
    totals.map(|total| total.trim().parse::<u64>().ok()).sum()
}
