//! Makes the dashboard and the rules under `deploy/` from what a program declares, and says where the files there and the
//! program have drifted apart.

mod dashboard;
mod lint;
mod manifest;
mod promql;
mod rules;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lint::{Lint, Unreadable};
use manifest::{Manifest, ManifestError};

const USAGE: &str = "\
usage: generate write MANIFEST [FOLDER]
       generate check MANIFEST [FOLDER]

  MANIFEST  the metrics of a program, as `bookstore --manifest` prints them; - reads standard input
  FOLDER    where the files are (default: deploy)

`write` makes prometheus/rules.yml and grafana/dashboard.json; `check` says where they differ from what would be made,
and which names, labels and types in the rules, their tests and the dashboards the program does not declare.
";
const BAD_USAGE: u8 = 2;

const RULES: &str = "prometheus/rules.yml";
const TESTS: &str = "prometheus/rules_test.yml";
const DASHBOARD: &str = "grafana/dashboard.json";

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}: {1}")]
    File(PathBuf, #[source] io::Error),
    #[error("standard input: {0}")]
    Input(#[source] io::Error),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("{0}: {1}")]
    Unreadable(PathBuf, #[source] Unreadable),
    #[error("deploy/ and the program have drifted apart:\n{}", .0.join("\n"))]
    Drift(Vec<String>),
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, manifest, folder) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [command @ ("write" | "check"), manifest] => (command, manifest, "deploy"),
        [command @ ("write" | "check"), manifest, folder] => (command, manifest, folder),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(BAD_USAGE);
        }
    };
    let work = if command == "write" { write } else { check };
    match read_manifest(manifest).and_then(|manifest| work(&manifest, Path::new(folder))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("generate: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn read_manifest(path: &str) -> Result<Manifest, Failure> {
    let json = if path == "-" {
        let mut json = String::new();
        io::stdin().read_to_string(&mut json).map_err(Failure::Input)?;
        json
    } else {
        read(Path::new(path))?
    };
    Ok(Manifest::parse(&json)?)
}

/// The files that are made, with what is in them.
fn made(manifest: &Manifest) -> [(&'static str, String); 2] {
    [(RULES, rules::file(manifest)), (DASHBOARD, dashboard::file(manifest))]
}

fn write(manifest: &Manifest, folder: &Path) -> Result<(), Failure> {
    for (file, text) in made(manifest) {
        let path = folder.join(file);
        std::fs::write(&path, text).map_err(|error| Failure::File(path, error))?;
    }
    Ok(())
}

fn check(manifest: &Manifest, folder: &Path) -> Result<(), Failure> {
    let mut drift = Vec::new();
    for (file, text) in made(manifest) {
        let path = folder.join(file);
        if let Some(line) = first_difference(&read(&path)?, &text) {
            drift.push(format!("{}:{line}: not what would be made: run `generate write`", path.display()));
        }
    }
    let mut lint = Lint::new(manifest);
    inspect(&folder.join(RULES), |file, text| lint.rules(file, text))?;
    inspect(&folder.join(TESTS), |file, text| lint.tests(file, text))?;
    inspect(&folder.join(DASHBOARD), |file, text| lint.dashboard(file, text))?;
    drift.extend(lint.finish());
    if drift.is_empty() { Ok(()) } else { Err(Failure::Drift(drift)) }
}

fn inspect(path: &Path, read_with: impl FnOnce(&str, &str) -> Result<(), Unreadable>) -> Result<(), Failure> {
    let text = read(path)?;
    read_with(&path.display().to_string(), &text).map_err(|error| Failure::Unreadable(path.to_owned(), error))
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::File(path.to_owned(), error))
}

/// The number of the first line in which two texts differ.
fn first_difference(one: &str, other: &str) -> Option<usize> {
    if one == other {
        return None;
    }
    let same = one.lines().zip(other.lines()).take_while(|(one, other)| one == other).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_told() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\nb\n", "a\nb\nc\n"), Some(3));
    }
}
