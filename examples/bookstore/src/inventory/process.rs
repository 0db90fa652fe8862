//! The inventory as a process that a drive starts beside itself.

use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

/// Why no inventory could be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// The program cannot be started once more.
    #[error("the inventory cannot be started")]
    Start(#[source] io::Error),
    /// It did not say where it listens.
    #[error("the inventory did not start: {0}")]
    Silent(String),
}

/// What a process has for itself: its standard output, its memory, what it answers scrapes with, a file of one writer.
const OWN_SINKS: [&str; 6] = ["auto", "chrome", "memory", "prometheus", "stdout", "tty"];

/// A running inventory; it is stopped when this is dropped.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    address: SocketAddr,
    spans: Option<JoinHandle<String>>,
}

impl Child {
    /// Starts the program that runs here once more, as an inventory on any free port that records every trace its
    /// callers record and writes its spans, as JSON lines, to this process. Of the sinks that are in use here it has
    /// those too that can take what two processes send.
    ///
    /// # Errors
    /// It cannot be started, or does not listen.
    pub fn start<'a>(sinks: impl IntoIterator<Item = &'a str>) -> Result<Self, ChildError> {
        let program = std::env::current_exe().map_err(ChildError::Start)?;
        let shared = sinks.into_iter().filter(|sink| !OWN_SINKS.contains(sink));
        let sinks: Vec<&str> = std::iter::once("stdout").chain(shared).collect();
        let mut process = Command::new(program)
            .args(["inventory", "--attached", "--port", "0", "--sinks", &sinks.join(",")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(ChildError::Start)?;
        // Read as they come, so that a full pipe holds nobody up.
        let mut stdout = process.stdout.take();
        let spans = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stdout.as_mut().map(|stdout| stdout.read_to_string(&mut text));
            text
        });
        let mut line = String::new();
        if let Some(stderr) = process.stderr.take() {
            let mut stderr = BufReader::new(stderr);
            stderr.read_line(&mut line).map_err(ChildError::Start)?;
            std::thread::spawn(move || io::copy(&mut stderr, &mut io::stderr()));
        }
        let address = line.trim_end().split_once("http://").and_then(|(_, address)| address.parse().ok());
        match address {
            Some(address) => Ok(Self { process, address, spans: Some(spans) }),
            None => {
                let _ = process.kill();
                let _ = process.wait();
                Err(ChildError::Silent(line.trim_end().to_owned()))
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets it end, and gives its spans: a JSON object a line.
    pub fn finish(mut self) -> String {
        // It serves until its standard input ends.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
        self.spans.take().and_then(|spans| spans.join().ok()).unwrap_or_default()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
