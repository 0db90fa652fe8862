//! `telemetry crash`: what processes have left that died.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use telemetry_core::evidence;

use crate::args::Crash;
use crate::failure::Failure;

/// Prints a report for each file, one after another.
pub(crate) fn crash(args: &Crash) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let mut first = true;
    for path in &args.paths {
        for file in files(path)? {
            let report = evidence::read(&file).map_err(|source| Failure::Evidence { path: file, source })?;
            if !first {
                writeln!(out)?;
            }
            first = false;
            write!(out, "{report}")?;
        }
    }
    Ok(out.flush()?)
}

/// The file itself; of a directory what dead processes and panics have left there, in the order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |source| Failure::Read { path: path.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let kind = file.extension().and_then(OsStr::to_str).unwrap_or_default();
        if kind == "crash" || kind.starts_with("panic") {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(Failure::NoEvidence { path: path.to_owned() });
    }
    files.sort();
    Ok(files)
}
