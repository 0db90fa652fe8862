//! A collector over HTTP/1.1 on a plain socket, which follows a script.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use flate2::read::GzDecoder;

/// What is done with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Answered with a status, headers and a body.
    Status(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// The connection is closed without an answer.
    Cut,
    /// The connection is closed amid the head of the answer.
    CutInHead,
    /// The answer is not HTTP.
    Garbage,
    /// Nothing is answered until the client has gone.
    Stall,
}

impl Reply {
    pub(crate) const fn status(status: u16) -> Self {
        Self::Status(status, Vec::new(), Vec::new())
    }

    pub(crate) fn retry_after(status: u16, value: &str) -> Self {
        Self::Status(status, vec![("retry-after", value.to_owned())], Vec::new())
    }

    pub(crate) fn body(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::Status(status, vec![("content-type", content_type.to_owned())], body.into())
    }
}

/// A request as it came, its body no longer compressed.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// The collector; its script is a list of replies, the last of which is for all further requests.
pub(crate) struct Collector {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    arrivals: Mutex<Receiver<()>>,
    script: Arc<Mutex<Vec<Reply>>>,
}

impl Collector {
    pub(crate) fn start(script: impl Into<Vec<Reply>>) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), script)
    }

    pub(crate) fn on(listener: TcpListener, script: impl Into<Vec<Reply>>) -> Self {
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let script = Arc::new(Mutex::new(script.into()));
        let (arrive, arrivals) = channel();
        let (seen, replies) = (Arc::clone(&requests), Arc::clone(&script));
        // Ends with the process: a listener cannot be woken, and a test's process ends soon.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, replies, arrive) = (Arc::clone(&seen), Arc::clone(&replies), arrive.clone());
                thread::spawn(move || serve(&stream.unwrap(), &seen, &replies, &arrive));
            }
        });
        Self { address, requests, arrivals: Mutex::new(arrivals), script }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Follows another script from now on.
    pub(crate) fn follow(&self, script: impl Into<Vec<Reply>>) {
        *self.script.lock().unwrap() = script.into();
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Waits for a request to come, as many times as it is called.
    pub(crate) fn await_request(&self) {
        self.arrivals.lock().unwrap().recv_timeout(super::AMPLE).unwrap();
    }
}

/// Serves the requests of one connection.
fn serve(stream: &TcpStream, seen: &Mutex<Vec<Request>>, script: &Mutex<Vec<Reply>>, arrive: &Sender<()>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        seen.lock().unwrap().push(request);
        // Whoever started the collector may not listen any more.
        let _ = arrive.send(());
        let reply = {
            let mut script = script.lock().unwrap();
            if script.len() > 1 { script.remove(0) } else { script[0].clone() }
        };
        let mut out = stream;
        // The client may have gone.
        let sent = match reply {
            Reply::Status(status, headers, body) => {
                let mut answer = Vec::new();
                let _ = write!(answer, "HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    let _ = write!(answer, "{name}: {value}\r\n");
                }
                out.write_all(&[&answer[..], b"\r\n", &body].concat())
            }
            Reply::Cut => return,
            Reply::CutInHead => {
                let _ = out.write_all(b"HTTP/1.1 200 OK\r\ncontent-le");
                return;
            }
            Reply::Garbage => {
                let _ = out.write_all(b"\x00\x01 this is not HTTP at all\r\n\r\n");
                return;
            }
            Reply::Stall => {
                // Returns when the client closes its side.
                let _ = reader.read(&mut [0; 1]);
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    assert!(line.starts_with("POST "), "{line}");
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let find = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let mut body = vec![0; find("content-length")?.parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    if find("content-encoding").as_deref() == Some("gzip") {
        let mut plain = Vec::new();
        GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
        body = plain;
    }
    Some(Request { path, headers, body })
}
