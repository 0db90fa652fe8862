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
    /// What the release build takes of all processors together.
    pub(crate) release_cpu: Duration,
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
    /// Builds every package once, so that what is measured later is the packages alone: one by one, since together they
    /// would have their dependencies with other features.
    pub(crate) fn warm_up(&self, packages: &[String]) -> Result<(), String> {
        for package in packages {
            self.cargo(&["check", "-p", package])?;
            self.cargo(&["build", "-p", package])?;
            self.cargo(&["build", "--release", "-p", package])?;
        }
        Ok(())
    }

    /// Measures several packages in turns, so that what else the machine does falls on all of them.
    pub(crate) fn measure(&self, packages: &[String]) -> Result<Vec<Figures>, String> {
        let mut figures = vec![Figures::default(); packages.len()];
        for round in 0..self.rounds {
            for (package, figures) in packages.iter().zip(&mut figures) {
                let faster = |known: Duration, now| if round == 0 { now } else { known.min(now) };
                figures.check = faster(figures.check, self.time(package, &["check"])?.0);
                figures.debug = faster(figures.debug, self.time(package, &["build"])?.0);
                let (release, cpu) = self.time(package, &["build", "--release"])?;
                figures.release = faster(figures.release, release);
                figures.release_cpu = faster(figures.release_cpu, cpu);
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

    /// What a build takes, by the clock and of all processors together.
    fn time(&self, package: &str, command: &[&str]) -> Result<(Duration, Duration), String> {
        let source = self.source(package);
        let text = fs::read(&source).map_err(|error| format!("{}: {error}", source.display()))?;
        fs::write(&source, text).map_err(|error| format!("{}: {error}", source.display()))?;
        let (begin, cpu_before) = (Instant::now(), cpu_of_children()?);
        self.cargo(&[command, &["-p", package]].concat())?;
        Ok((begin.elapsed(), cpu_of_children()?.saturating_sub(cpu_before)))
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
            name.starts_with(&prefix) && path.extension().is_some_and(|extension| extension == "ll")
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

/// Processor time of all processes that this one started and that ended, and of theirs, to the hundredth of a second.
fn cpu_of_children() -> Result<Duration, String> {
    /// In which Linux counts here, whatever its own timer does.
    const TICKS_PER_SECOND: u64 = 100;
    let text = fs::read_to_string("/proc/self/stat").map_err(|error| format!("/proc/self/stat: {error}"))?;
    ticks_of_children(&text)
        .map(|ticks| Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
        .ok_or_else(|| format!("/proc/self/stat: {text}"))
}

/// The fields `cutime` and `cstime`, 16 and 17 of proc(5); the name in parentheses, which may hold anything, is the second.
fn ticks_of_children(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(13);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
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
    use super::{lines_of_functions, ticks_of_children};

    #[test]
    fn processor_time_of_children_is_found_behind_any_name() {
        let stat = "7 (a ) b) R 1 7 7 0 -1 4194304 100 200 0 0 5 6 70 8 20 0 1 0 9 1000 50";
        assert_eq!(ticks_of_children(stat), Some(78));
        assert_eq!(ticks_of_children("7 (a) R"), None);
    }

    #[test]
    fn lines_are_counted_in_functions_alone() {
        let text = "; a module\n%T = type { i8 }\n\ndefine void @f() {\nstart:\n\n  ret void\n}\n\ndeclare void @g()\n";
        assert_eq!(lines_of_functions(text), 4);
    }
}
