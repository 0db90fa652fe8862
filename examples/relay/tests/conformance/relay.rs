//! The program as a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;

/// The relay, stopped with the test.
pub(crate) struct Relay {
    process: Child,
    address: String,
}

impl Relay {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_relay"))
            .args(["--port", "0"])
            .args(arguments)
            .env("TELEMETRY_SINKS", "memory")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines.find_map(|line| Some(line.unwrap().split_once("http://")?.1.to_owned())).unwrap();
        // Whatever it says later must not block it.
        thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    /// Sends a request with these header lines and this body; the status and the body of the answer.
    pub(crate) fn send<H: AsRef<str>>(&self, headers: &[H], body: &str) -> (u16, String) {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        let mut request = format!(
            "POST /test HTTP/1.1\r\nhost: relay\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        for header in headers {
            request.push_str(header.as_ref());
            request.push_str("\r\n");
        }
        connection.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
