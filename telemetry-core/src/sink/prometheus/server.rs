//! A small HTTP/1.1 listener for scrapes, from the standard library alone.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::PrometheusSink;
use super::request::{self, Request};
use crate::forking::{self, generation};
use crate::metric::exposition::Format;

/// The most connections served at a time.
pub(super) const MAX_CONNECTIONS: usize = 8;
/// The time a client has to take one piece of the response.
const WRITE_TIME: Duration = Duration::from_secs(5);
/// The time a client has to close after the response, so that it is not cut off by a reset.
const LINGER_TIME: Duration = Duration::from_millis(500);
const LINGER_BYTES: usize = 64 * 1024;

/// A running listener; dropping it stops it.
#[derive(Debug)]
#[must_use = "the listener stops when the guard is dropped"]
pub struct PrometheusServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Its other end is dropped when the accepting thread has closed the listener.
    closed: Mutex<Receiver<()>>,
    /// The process whose thread that is: in the child of a fork nobody serves, and there is nobody to stop.
    generation: u64,
}

#[derive(Debug, Default)]
struct Shared {
    /// Set once by the guard, read by the accepting thread after each connection.
    stopping: AtomicBool,
    /// Connections being served, oldest first; added by the accepting thread, removed by each connection's own, or by
    /// the accepting one when another needs the place.
    connections: Mutex<Vec<Connection>>,
}

#[derive(Debug)]
struct Connection {
    number: u64,
    stream: TcpStream,
    /// Whether its request is being answered. It is idle before, and after, until the client has closed.
    is_answered: bool,
}

impl PrometheusServer {
    pub(super) fn start(sink: PrometheusSink, address: &str) -> io::Result<Self> {
        let listener = bind(address)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let (close, closed) = mpsc::channel();
        {
            let shared = Arc::clone(&shared);
            forking::spawn("telemetry-prometheus", move || {
                accept(&listener, &sink, &shared);
                drop(listener);
                drop(close);
            })?;
        }
        Ok(Self { address, shared, closed: Mutex::new(closed), generation: generation() })
    }

    /// The address it listens on.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for PrometheusServer {
    fn drop(&mut self) {
        if self.generation != generation() {
            return;
        }
        self.shared.stopping.store(true, Ordering::SeqCst);
        // `accept` cannot be interrupted: a connection of our own makes it return.
        let mut own = self.address;
        if own.ip().is_unspecified() {
            own.set_ip(if own.is_ipv4() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                std::net::Ipv6Addr::LOCALHOST.into()
            });
        }
        if TcpStream::connect_timeout(&own, Duration::from_secs(1)).is_ok() {
            let closed = self.closed.get_mut().unwrap_or_else(PoisonError::into_inner);
            let _ = closed.recv();
        }
    }
}

/// One connection's place among those served at a time.
struct Place {
    shared: Arc<Shared>,
    number: u64,
}

impl Place {
    /// Takes a free place, or that of the oldest idle connection, which is closed.
    fn take(shared: &Arc<Shared>, number: u64, stream: TcpStream) -> Option<Self> {
        let mut connections = shared.connections();
        if connections.len() >= MAX_CONNECTIONS {
            let idle = connections.iter().position(|connection| !connection.is_answered)?;
            // Its thread reads the end of the stream and ends.
            let _ = connections.remove(idle).stream.shutdown(Shutdown::Both);
        }
        connections.push(Connection { number, stream, is_answered: false });
        drop(connections);
        Some(Self { shared: Arc::clone(shared), number })
    }

    /// Says whether the request is being answered; false when the place has been taken away.
    fn set_answered(&self, is_answered: bool) -> bool {
        let mut connections = self.shared.connections();
        let own = connections.iter_mut().find(|connection| connection.number == self.number);
        own.map(|connection| connection.is_answered = is_answered).is_some()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.connections().retain(|connection| connection.number != self.number);
    }
}

impl Shared {
    fn connections(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bind(address: &str) -> io::Result<TcpListener> {
    if let Ok(port) = address.strip_prefix(':').unwrap_or(address).parse::<u16>() {
        return TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    }
    let addresses: Vec<_> = address.to_socket_addrs()?.collect();
    TcpListener::bind(&*addresses)
}

fn accept(listener: &TcpListener, sink: &PrometheusSink, shared: &Arc<Shared>) {
    for number in 0.. {
        let accepted = listener.accept();
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        match accepted {
            Ok((stream, _)) => admit(number, stream, sink, shared),
            // Out of file descriptors, most likely: wait for connections to end rather than spin.
            Err(_) => thread::park_timeout(Duration::from_millis(50)),
        }
    }
}

fn admit(number: u64, mut stream: TcpStream, sink: &PrometheusSink, shared: &Arc<Shared>) {
    // Out of file descriptors: the connection is closed, which the client sees.
    let Ok(handle) = stream.try_clone() else { return };
    let Some(place) = Place::take(shared, number, handle) else {
        let _ = stream.set_write_timeout(Some(Duration::from_millis(100)));
        let _ =
            stream.write_all(&response("503 Service Unavailable", "", "too many scrapes at a time\n", false));
        return;
    };
    let sink = sink.clone();
    // Without a thread the connection is closed, which the client sees.
    let _ = forking::spawn("telemetry-scrape", move || {
        serve(&mut stream, &sink, &place);
        drop(place);
    });
}

fn serve(stream: &mut TcpStream, sink: &PrometheusSink, place: &Place) {
    let request = request::read(stream);
    if !place.set_answered(true) {
        return;
    }
    let answer = match request {
        Request::Metrics { head_only, format } => metrics(sink, format, head_only),
        Request::NotFound => response("404 Not Found", "", "the metrics are at /metrics\n", false),
        Request::MethodNotAllowed => {
            response("405 Method Not Allowed", "Allow: GET, HEAD\r\n", "GET and HEAD are accepted\n", false)
        }
        Request::Malformed => response("400 Bad Request", "", "not an HTTP/1.1 request\n", false),
        Request::TooLarge => {
            response("431 Request Header Fields Too Large", "", "the request head is over 8 KiB\n", false)
        }
        Request::TooSlow => {
            response("408 Request Timeout", "", "the request head did not come in time\n", false)
        }
        Request::Gone => return,
    };
    let _ = stream.set_write_timeout(Some(WRITE_TIME));
    if stream.write_all(&answer).is_ok() && place.set_answered(false) {
        linger(stream);
    }
}

fn metrics(sink: &PrometheusSink, format: Format, head_only: bool) -> Vec<u8> {
    // A live scrape runs the user's samplers.
    match catch_unwind(AssertUnwindSafe(|| sink.text_in(format))) {
        Ok(text) => {
            let headers = format!("Content-Type: {}\r\nVary: Accept\r\n", format.content_type());
            response("200 OK", &headers, &text, head_only)
        }
        Err(_) => response("500 Internal Server Error", "", "computing the metrics panicked\n", head_only),
    }
}

fn response(status: &str, headers: &str, body: &str, head_only: bool) -> Vec<u8> {
    let plain =
        if headers.contains("Content-Type") { "" } else { "Content-Type: text/plain; charset=utf-8\r\n" };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\n{headers}{plain}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    let mut bytes = head.into_bytes();
    if !head_only {
        bytes.extend_from_slice(body.as_bytes());
    }
    bytes
}

/// Reads on for a moment, so that closing with unread bytes does not reset the connection under the response.
fn linger(stream: &mut TcpStream) {
    let deadline = Instant::now() + LINGER_TIME;
    let _ = stream.shutdown(Shutdown::Write);
    let mut rest = [0; 4096];
    let mut read = 0;
    while read < LINGER_BYTES {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return;
        }
        match stream.read(&mut rest) {
            Ok(0) | Err(_) => return,
            Ok(count) => read += count,
        }
    }
}
