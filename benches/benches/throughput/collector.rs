//! Collectors that take everything: what OTLP is sent to.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// A collector over HTTP/1.1, which may be gone for a while.
pub(crate) struct Collector {
    address: SocketAddr,
    is_there: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("this machine has a port left");
        let address = listener.local_addr().expect("it is bound");
        let mut collector = Self { address, is_there: Arc::new(AtomicBool::new(true)), accepting: None };
        collector.accept(listener);
        collector
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Is gone from here on: who connects is refused, who is connected is cut off at the next request.
    pub(crate) fn leave(&mut self) {
        self.is_there.store(false, Ordering::Release);
        // Whoever waits for connections sees it at the next one.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            accepting.join().expect("it only accepts");
        }
    }

    /// Is there again, at the same address.
    pub(crate) fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).expect("the port is still ours");
        self.is_there.store(true, Ordering::Release);
        self.accept(listener);
    }

    fn accept(&mut self, listener: TcpListener) {
        let is_there = Arc::clone(&self.is_there);
        self.accepting = Some(thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if !is_there.load(Ordering::Acquire) {
                    return;
                }
                let is_there = Arc::clone(&is_there);
                // Ends when the client has gone, in whatever way.
                thread::spawn(move || serve(&stream, &is_there));
            }
        }));
    }
}

/// Reads requests and answers each.
fn serve(stream: &TcpStream, is_there: &AtomicBool) -> io::Result<()> {
    let mut out = stream;
    let mut reader = BufReader::with_capacity(1 << 16, stream);
    let mut line = String::new();
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line.trim_end().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
        if !is_there.load(Ordering::Acquire) {
            return Ok(());
        }
        out.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
    }
}
