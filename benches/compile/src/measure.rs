//! Builds the generated crates and measures what that took and what came out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What one build took and gave.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) check: Duration,
    pub(crate) debug: Duration,
    pub(crate) release: Duration,
    /// Lines of LLVM's language in functions, before it optimises anything.
    pub(crate) llvm_lines: usize,
    /// Bytes of the stripped release program.
    pub(crate) bytes: u64,
}

/// A workspace of generated crates.
pub(crate) struct Builds {
    pub(crate) folder: PathBuf,
    /// Rounds of which the fastest counts.
    pub(crate) rounds: usize,
}

impl Builds {
    /// Builds everything once, so that what is measured later is the packages alone.
    pub(crate) fn warm_up(&self) -> Result<(), String> {
        self.cargo(&["check", "--workspace"])?;
        self.cargo(&["build", "--workspace"])?;
        self.cargo(&["build", "--workspace", "--release"])
    }

    /// Measures several packages in turns, so that what else the machine does falls on all of them.
    pub(crate) fn measure(&self, packages: &[String]) -> Result<Vec<Figures>, String> {
        let mut figures = vec![Figures::default(); packages.len()];
        for round in 0..self.rounds {
            for (package, figures) in packages.iter().zip(&mut figures) {
                let faster = |known: Duration, now| if round == 0 { now } else { known.min(now) };
                figures.check = faster(figures.check, self.time(package, &["check"])?);
                figures.debug = faster(figures.debug, self.time(package, &["build"])?);
                figures.release = faster(figures.release, self.time(package, &["build", "--release"])?);
            }
        }
        for (package, figures) in packages.iter().zip(&mut figures) {
            figures.llvm_lines = self.llvm_lines(package)?;
            let program = self.target().join("release").join(package);
            figures.bytes =
                fs::metadata(&program).map_err(|error| format!("{}: {error}", program.display()))?.len();
        }
        Ok(figures)
    }

    fn time(&self, package: &str, command: &[&str]) -> Result<Duration, String> {
        let source = self.source(package);
        let text = fs::read(&source).map_err(|error| format!("{}: {error}", source.display()))?;
        fs::write(&source, text).map_err(|error| format!("{}: {error}", source.display()))?;
        let begin = Instant::now();
        self.cargo(&[command, &["-p", package]].concat())?;
        Ok(begin.elapsed())
    }

    /// As cargo-llvm-lines counts them.
    fn llvm_lines(&self, package: &str) -> Result<usize, String> {
        let flags =
            ["--emit=llvm-ir", "-Cno-prepopulate-passes", "-Cpasses=name-anon-globals", "-Ccodegen-units=1"];
        self.cargo(&[&["rustc", "--profile", "release", "-p", package, "--"], &flags[..]].concat())?;
        let deps = self.target().join("release/deps");
        let prefix = format!("{}-", package.replace('-', "_"));
        let is_ours = |path: &PathBuf| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            name.starts_with(&prefix) && name.ends_with(".ll")
        };
        let entries = fs::read_dir(&deps).map_err(|error| format!("{}: {error}", deps.display()))?;
        let mut written: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_ours).collect();
        written.sort_by_key(|path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok());
        let path = written.pop().ok_or_else(|| format!("{package}: no LLVM code was written"))?;
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(lines_of_functions(&text))
    }

    fn source(&self, package: &str) -> PathBuf {
        self.folder.join(package).join("src/main.rs")
    }

    fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    fn cargo(&self, arguments: &[&str]) -> Result<(), String> {
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(arguments)
            .current_dir(&self.folder)
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_TARGET_DIR", Path::new("target"))
            .env_remove("CARGO_PROFILE_DEV_DEBUG")
            .env_remove("RUSTFLAGS")
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!("cargo {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)))
    }
}

/// Lines between `define … {` and its `}`, without empty ones.
fn lines_of_functions(text: &str) -> usize {
    let mut inside = false;
    let mut lines = 0;
    for line in text.lines() {
        if line.starts_with("define ") {
            inside = true;
        }
        lines += usize::from(inside && !line.trim().is_empty());
        if line == "}" {
            inside = false;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::lines_of_functions;

    #[test]
    fn lines_are_counted_in_functions_alone() {
        let text = "; a module\n%T = type { i8 }\n\ndefine void @f() {\nstart:\n\n  ret void\n}\n\ndeclare void @g()\n";
        assert_eq!(lines_of_functions(text), 4);
    }
}
