//! Trees as they look, to the character.

use std::sync::{Arc, Mutex};

use super::*;
use crate::id::{SpanId, TraceId};
use crate::record::{EventRecord, LinkRecord, Outcome, SpanKind, Status};
use crate::resource::Resource;
use crate::sink::fixtures::{EPOCH, attribute, span, text};

const TRACE: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;

fn style(width: usize) -> Style {
    Style { width, colors: false, service: "bookstore".to_owned() }
}

fn event(name: &'static str, micros: u64, attributes: Vec<crate::record::Attribute>) -> EventRecord {
    EventRecord { name: name.into(), time_unix_nanos: EPOCH + micros * 1000, attributes }
}

/// A request that fails, with a bit of everything, in the order in which spans end.
fn request() -> Vec<SpanRecord> {
    let mut root = span(TRACE, 1, 0, "GET /books/{id}", 0, 12_400);
    root.kind = SpanKind::Server;
    root.status = Status::Error;
    root.attributes = vec![
        text("http.route", "/books/{id}"),
        attribute("http.status_code", Value::I64(500)),
        text("http.user_agent", "Mozilla/5.0 (X11; Linux x86_64)"),
    ];
    let mut cache = span(TRACE, 3, 1, "cache.get", 1_400, 310);
    cache.attributes = vec![text("cache.key", "book:17")];
    cache.events = vec![event("cache.miss", 1_700, vec![text("tier", "local")])];
    let mut query = span(TRACE, 5, 4, "db.query", 1_900, 6_900);
    query.kind = SpanKind::Client;
    query.attributes = vec![
        text("db.statement", "SELECT id, title, author, price FROM books WHERE id = ? LIMIT 1"),
        attribute("db.rows", Value::U64(1)),
    ];
    query.events = vec![event("prepared", 2_000, Vec::new()), event("first row", 8_500, Vec::new())];
    let mut decode = span(TRACE, 6, 4, "decode", 8_850, 950);
    decode.dropped_attributes_count = 2;
    decode.dropped_events_count = 1;
    let load = span(TRACE, 4, 1, "books.load", 1_800, 8_100);
    let mut fetch = span(TRACE, 8, 7, "image.fetch", 10_100, 90);
    fetch.outcome = Outcome::Cancelled;
    fetch.links = vec![LinkRecord {
        trace_id: TraceId::new(TRACE).unwrap(),
        span_id: SpanId::new(0x4d).unwrap(),
        trace_flags: 1,
        trace_state: None,
        remote: false,
    }];
    let mut page = span(TRACE, 9, 7, "頁面", 10_200, 1_900);
    page.status = Status::Ok;
    page.attributes = vec![attribute("etag", Value::Bytes(vec![0xde, 0xad]))];
    let mut render = span(TRACE, 7, 1, "render", 10_000, 2_300);
    render.status = Status::Error;
    render.attributes = vec![
        text("template", "book.html"),
        text("error.type", "shop::RenderError"),
        text("error.message", "no field \"price\""),
    ];
    vec![span(TRACE, 2, 1, "auth.check", 120, 1_200), cache, query, decode, load, fetch, page, render, root]
}

#[test]
fn a_request_in_80_columns() {
    let expected = "\
▌ bookstore  trace 4bf92f35  00:00:00.000Z  9 spans  2 errors
✗ GET /books/{id} server http.route=/books/{id} htt…  ━━━━━━━━━━━━━━━━   12.4 ms
├─ auth.check                                         ━╸                 1.20 ms
├─ cache.get cache.key=book:17                         ╺                  310 µs
│     • cache.miss +300 µs tier=local
├─ books.load                                           ━━━━━━━━━━━      8.10 ms
│  ├─ db.query client db.statement=\"SELECT id, titl…    ━━━━━━━━━╸       6.90 ms
│  │     • prepared +100 µs
│  │     • first row +6.60 ms
│  └─ decode (2 attributes, 1 event dropped)                     ━╸       950 µs
└─ ✗ render template=book.html                                    ╺━━━   2.30 ms
   │  shop::RenderError: no field \"price\"
   ├─ image.fetch cancelled                                        ╸     90.0 µs
   │     ↪ trace 4bf92f35 span 000000000000004d
   └─ 頁面 ✓ etag=0xdead                                           ━━╸   1.90 ms
";
    assert_eq!(render(&request(), &style(80)), expected);
}

#[test]
fn a_request_in_200_columns() {
    let expected = "\
▌ bookstore  trace 4bf92f35  00:00:00.000Z  9 spans  2 errors
✗ GET /books/{id} server http.route=/books/{id} http.status_code=500 http.user_agent=\"Mozilla/5.0 (X11; Linux x86_64)\"  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━   12.4 ms
├─ auth.check                                                                                                           ╺━━━━━━╸                                                                 1.20 ms
├─ cache.get cache.key=book:17                                                                                                 ╺━╸                                                                310 µs
│     • cache.miss +300 µs tier=local
├─ books.load                                                                                                                     ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━                 8.10 ms
│  ├─ db.query client db.statement=\"SELECT id, title, author, price FROM books WHERE id = ? LIMIT 1\" db.rows=1                    ╺━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸                       6.90 ms
│  │     • prepared +100 µs
│  │     • first row +6.60 ms
│  └─ decode (2 attributes, 1 event dropped)                                                                                                                             ╺━━━━━╸                  950 µs
└─ ✗ render template=book.html                                                                                                                                                  ━━━━━━━━━━━━━╸   2.30 ms
   │  shop::RenderError: no field \"price\"
   ├─ image.fetch cancelled                                                                                                                                                      ╸               90.0 µs
   │     ↪ trace 4bf92f35 span 000000000000004d
   └─ 頁面 ✓ etag=0xdead                                                                                                                                                         ╺━━━━━━━━━━╸    1.90 ms
";
    assert_eq!(render(&request(), &style(200)), expected);
}

#[test]
fn a_narrow_terminal_has_no_bars_and_keeps_the_durations() {
    let spans = [span(1, 1, 0, "a.rather.long.name", 0, 1_500), span(1, 2, 1, "child", 0, 20)];
    let style = Style { width: 24, colors: false, service: String::new() };
    assert_eq!(
        render(&spans, &style),
        "▌ trace 00000000  00:00…\n\
         a.rather.long…   1.50 ms\n\
         └─ child         20.0 µs\n"
    );
}

#[test]
fn no_line_is_wider_than_the_terminal_whatever_the_spans() {
    let mut spans = request();
    for i in 100..200 {
        let mut link =
            span(TRACE, i, i - 1, "日本 \u{1b}]0;title\u{7}\n\u{202e} a name that is long enough", i, 1);
        link.attributes = vec![text("key with\nlines", "value \u{1b}[2J")];
        link.events = vec![event("an event in a deep place \r\n", i, Vec::new())];
        spans.push(link);
    }
    for width in [0, 20, 59, 60, 80, 200] {
        let drawn = render(&spans, &style(width));
        for line in drawn.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= width.max(20), "{width}: {line}");
        }
        assert!(drawn.chars().all(|c| c == '\n' || !c.is_control()));
        let with_colors = render(&spans, &Style { colors: true, ..style(width) });
        assert_eq!(anstream::adapter::strip_str(&with_colors).to_string(), drawn);
    }
}

#[test]
fn spans_without_their_parent_show_the_gap() {
    let mut remote = span(2, 5, 0x00f0_67aa, "served", 0, 1);
    remote.local_root = true;
    let spans = [span(1, 2, 9, "orphan", 0, 10), remote];
    assert_eq!(
        render(&spans, &style(60)),
        "▌ bookstore  trace 00000000  00:00:00.000Z  1 span\n\
         ⋯ span 0000000000000009 is not here\n\
         └─ orphan                            ━━━━━━━━━━━━━   10.0 µs\n\
         \n\
         ▌ bookstore  trace 00000000  00:00:00.000Z  1 span\n\
         served ← 0000000000f067aa  ━━━━━━━━━━━━━━━━━━━━━━━   1.00 µs\n"
    );
    assert_eq!(render(&[], &style(60)), "");
}

#[test]
fn errors_are_red() {
    let drawn = render(&request(), &Style { colors: true, ..style(80) });
    assert!(drawn.contains("\u{1b}[31m✗ \u{1b}[0m\u{1b}[1m\u{1b}[31mrender\u{1b}[0m"), "{drawn}");
    assert!(drawn.contains("\u{1b}[31mshop::RenderError: no field \"price\"\u{1b}[0m"), "{drawn}");
}

#[test]
fn names_and_values_of_any_script_stay_in_their_columns() {
    let names = [
        "書籍を読み込む 日本語の長い名前",
        "שלום עולם 123",
        "👩\u{200d}👩\u{200d}👧 family",
        "❤\u{fe0f} heart",
        "e\u{301}a\u{300} combining",
        "می\u{200c}خواهم",
        "क्षत्रिय देवनागरी",
        "\u{1b}[31mred\u{202e}",
    ];
    let mut spans = vec![span(TRACE, 1, 0, "GET /все/книги", 0, 1_000)];
    spans.extend(names.into_iter().enumerate().map(|(at, name)| {
        let at = at as u64;
        let mut child = span(TRACE, at + 2, 1, name, at * 100, 250);
        child.attributes = vec![text("key", name)];
        if name.starts_with('م') {
            child.status = Status::Error;
        }
        child
    }));
    let drawn = render(&spans, &style(80));
    let expected = "\
▌ bookstore  trace 4bf92f35  00:00:00.000Z  9 spans  1 error
GET /все/книги                                        ━━━━━━━━━━━━━━━━   1.00 ms
├─ 書籍を読み込む 日本語の長い名前 key=\"書籍を読み…   ━━━━                250 µs
├─ \u{2068}שלום עולם 123\u{2069}\u{2068} key=\"שלום עולם 123\"\u{2069}                   ╺━━━╸              250 µs
├─ 👩👩👧 family key=\"👩👩👧 family\"                     ━━━━             250 µs
├─ ❤ heart key=\"❤ heart\"                                  ╺━━━━           250 µs
├─ e\u{301}a\u{300} combining key=\"e\u{301}a\u{300} combining\"                          ━━━━╸         250 µs
├─ ✗ \u{2068}می\u{200c}خواهم\u{2069}\u{2068} key=می\u{200c}خواهم\u{2069}                                      ━━━━        250 µs
├─ क\u{94d}षत\u{94d}रिय द\u{947}वनागरी key=\"क\u{94d}षत\u{94d}रिय द\u{947}वनागरी\"                         ╺━━━╸      250 µs
└─ \\u{1b}[31mred\\u{202e} key=\\u{1b}[31mred\\u{202e}               ━━━━     250 µs
";
    assert_eq!(drawn, expected, "{drawn}");
    for line in drawn.lines().skip(1) {
        assert_eq!(
            line.chars().filter_map(unicode_width::UnicodeWidthChar::width).sum::<usize>(),
            80,
            "{line}"
        );
    }
}

#[test]
fn errors_of_many_lines_stand_below_their_span() {
    let mut root = span(TRACE, 1, 0, "GET /stock", 0, 500);
    root.status = Status::Error;
    root.attributes = vec![
        text("error.type", "shop::StoreError"),
        text(
            "error.message",
            "could not ask the inventory, which has been away for a while\n\tcaused by: \u{1b}[1mrefused\n",
        ),
    ];
    let child = span(TRACE, 2, 1, "connect", 10, 100);
    assert_eq!(
        render(&[root, child], &style(60)),
        "\
▌ bookstore  trace 4bf92f35  00:00:00.000Z  2 spans  1 error
✗ GET /stock              ━━━━━━━━━━━━━━━━━━━━━━━━    500 µs
│  shop::StoreError: could not ask the inventory, which has
│    been away for a while
│      caused by: \\u{1b}[1mrefused
└─ connect                ━━━━━╸                      100 µs
"
    );
}

#[test]
fn a_thousand_children_that_are_alike_are_a_dozen_rows() {
    let mut spans = vec![span(TRACE, 1, 0, "GET /books", 0, 10_100)];
    spans.extend((2..1_002).map(|id| span(TRACE, id, 1, "db.query", id * 10, 8 + id % 7)));
    let drawn = render(&spans, &style(60));
    let lines: Vec<&str> = drawn.lines().collect();
    assert_eq!(lines.len(), 14);
    assert_eq!(lines[0], "▌ bookstore  trace 4bf92f35  00:00:00.000Z  1001 spans");
    assert_eq!(lines[12], "├─ ⋯ 989 more db.query of 8.00 µs t…  ━━━━━━━━━━━━   10.9 ms");
    let wide = render(&spans, &style(200));
    assert!(wide.contains("├─ ⋯ 989 more db.query of 8.00 µs to 14.0 µs  "), "{wide}");
}

#[test]
fn a_hundred_levels_show_the_nearest_and_the_number_of_the_others() {
    let spans: Vec<_> = (1..=100).map(|id| span(TRACE, id, id - 1, "level", id, 500 - id)).collect();
    let drawn = render(&spans, &style(80));
    let lines: Vec<&str> = drawn.lines().collect();
    assert_eq!(lines.len(), 101);
    assert!(lines[10].starts_with("                        └─ level  "), "{drawn}");
    assert!(lines[11].starts_with("⋯3                      └─ level  "), "{drawn}");
    assert!(lines[100].starts_with("⋯92                     └─ level  "), "{drawn}");
}

#[test]
fn the_width_is_that_of_the_moment() {
    let spans = request();
    let screen = Screen::default();
    let mut sink = TtySink::to(screen.clone()).with_width(80);
    sink.export_spans(&spans).unwrap();
    let narrow = screen.take();
    let mut sink = TtySink { fixed_width: Some(120), ..sink };
    sink.export_spans(&spans).unwrap();
    let widest = |drawn: &str| drawn.lines().map(unicode_width::UnicodeWidthStr::width).max();
    assert_eq!((widest(&narrow), widest(&screen.take())), (Some(80), Some(120)));
}

/// A writer that can be read while the sink has it.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Screen {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_sink_draws_a_trace_when_its_local_root_has_come() {
    let screen = Screen::default();
    let mut sink = TtySink::to(screen.clone()).with_width(80);
    let mut resource = Resource::empty();
    resource.set("service.name", Value::Str("bookstore".into()));
    sink.start(&SinkContext { resource: Arc::new(resource), ..SinkContext::default() }).unwrap();
    let spans = request();
    let (root, children) = spans.split_last().unwrap();
    sink.export_spans(children).unwrap();
    sink.export_metrics(&Arc::default()).unwrap();
    assert_eq!(screen.take(), "");
    sink.export_spans(std::slice::from_ref(root)).unwrap();
    assert_eq!(screen.take(), render(&spans, &style(80)) + "\n");
}

#[test]
fn the_sink_draws_a_trace_whose_root_stays_open_after_five_seconds_or_at_a_flush() {
    let screen = Screen::default();
    let mut sink = TtySink::to(screen.clone());
    sink.export_spans(&[span(1, 2, 1, "early", 0, 1)]).unwrap();
    let now = Instant::now();
    sink.draw_late(now + PATIENCE / 2).unwrap();
    assert_eq!(screen.take(), "");
    sink.draw_late(now + PATIENCE).unwrap();
    assert!(screen.take().contains("└─ early"));
    sink.export_spans(&[span(1, 3, 1, "next", 0, 1)]).unwrap();
    sink.flush().unwrap();
    assert!(screen.take().contains("└─ next"));
}

#[test]
fn a_closed_terminal_is_an_error() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut sink = TtySink::to(Closed);
    assert!(matches!(sink.export_spans(&[span(1, 1, 0, "root", 0, 1)]), Err(SinkError::Io(_))));
}
