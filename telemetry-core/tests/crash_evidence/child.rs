//! Running this program as one that dies, and looking at what it leaves.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use telemetry_core::evidence::{self, Report};

/// A directory of a test's own, gone with it.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("crash-evidence-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The names of the files there, sorted.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(&self.0).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        files.sort();
        files
    }

    /// The report in the one file with this ending.
    pub(crate) fn report(&self, ending: &str) -> Report {
        let files = self.files();
        let of_kind: Vec<&PathBuf> =
            files.iter().filter(|path| path.extension().is_some_and(|known| known == ending)).collect();
        let [file] = of_kind[..] else { panic!("one .{ending} was expected among {files:?}") };
        evidence::read(file).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A command that runs this program to die so.
pub(crate) fn command(how: &str, place: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["die", how]).arg(place).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Where the address sanitizer watches, signals are ours all the same.
    let options = std::env::var("ASAN_OPTIONS").unwrap_or_default();
    let ours = "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0";
    command.env("ASAN_OPTIONS", format!("{options}:{ours}"));
    command
}

/// What a program that ran to its end has said.
pub(crate) struct Said {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) error: String,
}

/// Runs a program to its end.
pub(crate) fn run(how: &str, place: &Path) -> Said {
    let output = command(how, place).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said { status: output.status, out: text(output.stdout), error: text(output.stderr) }
}

/// A program that runs until it is killed, or its standard input ends.
pub(crate) struct Held {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Held {
    /// Starts a program and waits until it says that it is ready; the lines before that.
    pub(crate) fn start(how: &str, place: &Path) -> (Self, Vec<String>) {
        Self::run(command(how, place).stderr(Stdio::inherit()))
    }

    /// The same of a command.
    pub(crate) fn run(command: &mut Command) -> (Self, Vec<String>) {
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut held = Self { child, out };
        let mut lines = Vec::new();
        loop {
            let line = held.line().expect("it gets ready");
            if line == "ready" {
                return (held, lines);
            }
            lines.push(line);
        }
    }

    /// Its next whole line.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.out.read_line(&mut line).ok()?;
        line.strip_suffix('\n').map(str::to_owned)
    }

    /// Kills it as `kill -9` does, and returns what it had said by then.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.line()).collect()
    }

    /// Lets it end as it should.
    pub(crate) fn finish(mut self) -> ExitStatus {
        drop(self.child.stdin.take());
        self.child.wait().unwrap()
    }
}
