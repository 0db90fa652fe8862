//! A shop that records itself and shows it: `showcase [PORT]` serves the viewer under `/telemetry`, and makes on each line
//! of standard input what it says, `shop N`, `deep N` or `hostile`. It ends with its input.

use std::error::Error;
use std::io::BufRead;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use axum::Router;
use telemetry_core::metric::register_sampler;
use telemetry_core::{
    CallSite, Label, Name, Origin, Site, Span, SpanBuilder, SpanGuard, SpanKind, Status, Telemetry, metric,
    span, step,
};
use telemetry_viewer::{Viewer, ViewerSink};
use tokio::net::TcpListener;

#[derive(Clone, Copy, Label)]
enum Outcome {
    Hit,
    Miss,
}

metric! {
    /// Books looked up, by outcome.
    static LOOKUPS: Counter = "shop_lookups_total" { outcome: Outcome };

    /// How long an order took.
    static ORDER_SECONDS: Histogram = "shop_order_duration_seconds";

    /// Books on the shelves.
    static SHELVED: Gauge = "shop_books_shelved";
}

static ORIGIN: Origin = Origin {
    crate_name: env!("CARGO_PKG_NAME"),
    crate_version: env!("CARGO_PKG_VERSION"),
    module: module_path!(),
    file: file!(),
};

/// For spans whose names are only known when they begin.
static ANY: CallSite = CallSite::new(Site {
    name: "any",
    kind: SpanKind::Internal,
    keys: &[],
    constants: &[],
    origin: &ORIGIN,
    line: line!(),
});

/// What a page must show as text.
const HOSTILE: [&str; 4] = [
    "<img src=x onerror=alert(1)>",
    "</script><script>document.title='owned'</script>",
    "\u{202e}gnirts dehcaer",
    "line\nbreak \"quoted\" & <b>bold</b>",
];

fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let sink = ViewerSink::new();
    let telemetry = Telemetry::builder()
        .service_name("shop")
        .drain_interval(Duration::from_millis(200))
        .sink(sink.clone())
        .start()?;
    let shelves = register_sampler("shelves", || SHELVED.set(1_204.0))?;
    let viewer = Viewer::of(&sink);
    let app = Router::new().nest_service("/telemetry", viewer.router());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        println!("http://{}/telemetry", listener.local_addr()?);
        let (ended, end) = tokio::sync::oneshot::channel();
        let work = thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                make(&line);
            }
            let _ = ended.send(());
        });
        let service = app.into_make_service_with_connect_info::<SocketAddr>();
        let until = async move {
            let _ = end.await;
            viewer.stop();
        };
        axum::serve(listener, service).with_graceful_shutdown(until).await?;
        work.join().map_err(|_| "the work has panicked")?;
        Ok::<(), Box<dyn Error>>(())
    })?;
    drop(shelves);
    telemetry.shutdown(Duration::from_secs(5))?;
    Ok(())
}

fn make(line: &str) {
    let mut words = line.split_whitespace();
    let kind = words.next();
    let count = words.next().and_then(|count| count.parse().ok()).unwrap_or(1);
    match kind {
        Some("shop") => (0..count).for_each(order),
        Some("deep") => deep(count),
        Some("hostile") => hostile(),
        _ => eprintln!("expected shop N, deep N or hostile"),
    }
}

fn named(name: &str, kind: SpanKind) -> SpanGuard {
    SpanBuilder::new(&ANY).name(Name::dynamic(name)).kind(kind).enter()
}

/// An order; every seventh fails.
fn order(number: u64) {
    let _timer = ORDER_SECONDS.start_timer();
    let route = ["/books/{id}", "/orders", "/search"][number as usize % 3];
    let method = if route == "/orders" { "POST" } else { "GET" };
    let span = named(&format!("{method} {route}"), SpanKind::Server);
    let failed = number % 7 == 6;
    span.handle()
        .static_str("http.method", method)
        .str("http.route", route)
        .i64("http.status_code", if failed { 500 } else { 200 });
    {
        let _session = step!("session.check");
        pause(number, 1);
    }
    look_up(number);
    if failed {
        let pay = named("payment.charge", SpanKind::Client);
        pause(number, 3);
        pay.handle().event("retry").fail("shop::PaymentError", "the card was declined: do not honour");
        drop(pay);
        span.handle().status(Status::Error);
    }
    let _render = step!("render");
    pause(number, 2);
}

#[span(name = "books.load", attrs(book.id = number, db.system = "sqlite"))]
fn look_up(number: u64) {
    let found = number % 3 != 2;
    LOOKUPS.with(if found { Outcome::Hit } else { Outcome::Miss }).inc();
    Span::current().event_with(if found { "cache.hit" } else { "cache.miss" }, |event| {
        event.set("shelf", number % 5);
    });
    for statement in
        ["SELECT title, author FROM books WHERE id = ?", "SELECT stars FROM reviews WHERE book = ?"]
    {
        let query = named("db.query", SpanKind::Client);
        query.handle().static_str("db.statement", statement).bool("cached", found);
        pause(number, 1);
    }
}

fn pause(number: u64, share: u64) {
    thread::sleep(Duration::from_micros(150 * share * (1 + number * 37 % 11)));
}

/// One trace of so many spans, up to forty levels deep.
fn deep(count: u64) {
    let root = named("inventory of everything", SpanKind::Internal);
    let mut open: Vec<SpanGuard> = Vec::new();
    for number in 1..count {
        let step = named(&format!("shelf {number}"), SpanKind::Internal);
        step.handle().u64("shelf", number);
        if number % 997 == 0 {
            step.handle().fail("shop::Lost", "a book is not where it should be");
        }
        open.push(step);
        while open.len() as u64 > number * 7 % 40 {
            open.pop();
        }
    }
    while open.pop().is_some() {}
    drop(root);
}

fn hostile() {
    let root = named(HOSTILE[0], SpanKind::Server);
    root.handle().str("http.route", HOSTILE[1]).str("payload", HOSTILE[3]);
    root.handle().event_dynamic(HOSTILE[1]);
    let child = named(HOSTILE[2], SpanKind::Internal);
    child.handle().fail("<script>alert(2)</script>", HOSTILE[0]);
}
