//! The page over the bookstore's own telemetry, in a running program.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn connect(address: &str, path: &str) -> TcpStream {
    let mut connection = TcpStream::connect(address).unwrap();
    write!(connection, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    connection
}

fn get(address: &str, path: &str) -> String {
    let mut answer = String::new();
    connect(address, path).read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_program_shows_its_own_traces_and_stops_while_somebody_looks() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bookstore"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TELEMETRY_") || name.to_string_lossy().starts_with("OTEL_") {
            command.env_remove(name);
        }
    }
    command.args(["--port", "0", "--sinks", "prometheus"]).env("TELEMETRY_SAMPLE_RATIO", "1");
    command.env("TELEMETRY_DRAIN_INTERVAL", "0.05").stdout(Stdio::null()).stderr(Stdio::piped());
    let mut program = Program(command.spawn().unwrap());
    let mut lines = BufReader::new(program.0.stderr.take().unwrap()).lines();
    let address = lines.find_map(|line| Some(line.unwrap().split_once("http://")?.1.to_owned())).unwrap();
    assert!(get(&address, "/telemetry").contains("<title>Telemetry</title>"));
    get(&address, "/books/1");
    // The page is told of every change, and looks.
    let mut live = BufReader::new(connect(&address, "/telemetry/api/live")).lines();
    let found =
        live.by_ref().map(Result::unwrap).filter(|line| line.starts_with("event: change")).any(|_| {
            get(&address, "/telemetry/api/traces?q=route:/books/").contains("\"name\":\"GET /books/{id}\"")
        });
    assert!(found, "the stream ended before the trace came");
    assert!(
        !get(&address, "/telemetry/api/traces").contains("/telemetry"),
        "the page is among what it shows"
    );
    let begun = Instant::now();
    let told = Command::new("kill").args(["-TERM", &program.0.id().to_string()]).status().unwrap();
    assert!(told.success() && program.0.wait().unwrap().success());
    assert!(begun.elapsed() < Duration::from_secs(5), "it waited for the page: {:?}", begun.elapsed());
}
