//! Records of the `log` crate carry the identifiers of the span they were written in.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use log::kv::{Error, Key, Value, VisitSource};
use log::{Level, Log, Metadata, Record};
use serde_json::{Value as Json, json};
use telemetry_core::testing::Scope;
use telemetry_core::{Context, LogFields, LogRequest, NeverSample, Span, SpanContext, SpanId, TraceId, span};
use telemetry_log::Correlated;

/// A logger that keeps records as JSON objects, pairs at the top level.
#[derive(Default)]
struct Lines(Mutex<Vec<Json>>);

impl Log for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Info
    }

    fn log(&self, record: &Record<'_>) {
        struct Pairs(BTreeMap<String, Json>);
        impl<'kvs> VisitSource<'kvs> for Pairs {
            fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
                let before = self.0.insert(key.to_string(), serde_json::to_value(&value).unwrap());
                assert_eq!(before, None, "{key} came twice");
                Ok(())
            }
        }
        let mut pairs = Pairs(BTreeMap::new());
        record.key_values().visit(&mut pairs).unwrap();
        assert_eq!(record.key_values().count(), pairs.0.len());
        pairs.0.insert("message".into(), record.args().to_string().into());
        self.0.lock().unwrap().push(serde_json::to_value(pairs.0).unwrap());
    }

    fn flush(&self) {
        self.0.lock().unwrap().push("flushed".into());
    }
}

/// Logs a message with pairs, as the macros of `log` do.
fn log_to(logger: &impl Log, message: &str, pairs: &[(&str, &str)]) {
    let record = |arguments: std::fmt::Arguments<'_>| {
        logger.log(&Record::builder().args(arguments).level(Level::Info).key_values(&pairs).build());
    };
    record(format_args!("{message}"));
}

/// What a record says inside of a span with these identifiers.
fn expected(message: &str, span: &SpanContext) -> Json {
    let flags = format!("{:02x}", span.trace_flags & 1);
    json!({"message": message, "trace_id": span.trace_id.to_string(), "span_id": span.span_id.to_string(), "trace_flags": flags})
}

#[span]
fn logs(logger: &Correlated<Lines>, message: &str) -> SpanContext {
    log_to(logger, message, &[]);
    Span::current().context().unwrap()
}

#[test]
fn records_carry_those_of_the_span_they_are_written_in() {
    let scope = Scope::new();
    let logger = Correlated::new(Lines::default());
    log_to(&logger, "before", &[("books", "3")]);
    let sampled = logs(&logger, "sampled");
    scope.set_sampler(NeverSample);
    let unsampled = logs(&logger, "unsampled");
    let parent = SpanContext {
        trace_id: TraceId::new(0xabc).unwrap(),
        span_id: SpanId::new(0xdef).unwrap(),
        trace_flags: 3,
        remote: true,
    };
    Context::remote(parent).run(|| log_to(&logger, "inbound", &[]));
    logger.flush();
    let lines = logger.inner().0.lock().unwrap();
    assert_eq!(lines[0], json!({"message": "before", "books": "3"}));
    assert_eq!(lines[1], expected("sampled", &sampled));
    assert_eq!(lines[2], expected("unsampled", &unsampled));
    assert_eq!(lines[2]["trace_flags"], "00");
    assert_eq!(lines[3], expected("inbound", &parent));
    assert_eq!(lines[4], "flushed");
    let enabled = |level| logger.enabled(&Metadata::builder().level(level).build());
    assert_eq!((enabled(Level::Info), enabled(Level::Debug)), (true, false), "the logger inside decides");
}

#[test]
fn pairs_of_the_users_own_are_kept_and_stand_alone() {
    #[span]
    fn own(logger: &Correlated<Lines>) -> SpanContext {
        log_to(logger, "own", &[("trace_id", "mine"), ("books", "3")]);
        Span::current().context().unwrap()
    }
    let _scope = Scope::new();
    let logger = Correlated::new(Lines::default());
    let span = own(&logger);
    let mut line = expected("own", &span);
    line["trace_id"] = "mine".into();
    line["books"] = "3".into();
    assert_eq!(logger.inner().0.lock().unwrap()[0], line);
}

#[test]
fn threads_carry_their_own() {
    let _scope = Scope::builder().real_clock().enter().unwrap();
    let logger = Correlated::new(Lines::default());
    let context = Context::current();
    let barrier = std::sync::Barrier::new(2);
    let spans = std::thread::scope(|threads| {
        let work = |message: &'static str| {
            let (logger, barrier) = (&logger, &barrier);
            move || {
                context.run(|| {
                    barrier.wait();
                    [logs(logger, message), logs(logger, message)]
                })
            }
        };
        let (one, two) = (threads.spawn(work("one")), threads.spawn(work("two")));
        [("one", one.join().unwrap()), ("two", two.join().unwrap())]
    });
    let lines = logger.inner().0.lock().unwrap();
    assert_eq!(lines.len(), 4);
    for (message, spans) in spans {
        let found: Vec<_> = lines.iter().filter(|line| line["message"] == message).cloned().collect();
        assert_eq!(found, spans.map(|span| expected(message, &span)));
    }
}

/// A writer that keeps what is written, for all its copies.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn env_logger_writes_them() {
    #[span]
    fn shelve() -> LogFields {
        log::info!(books = 3; "shelved");
        LogFields::current().unwrap()
    }
    let _scope = Scope::new();
    let written = Written::default();
    let target = env_logger::Target::Pipe(Box::new(written.clone()));
    let logger = env_logger::Builder::new().filter_level(log::LevelFilter::Info).target(target).build();
    let level = logger.filter();
    Correlated::new(logger).install(level).unwrap();
    assert!(
        Correlated::new(Lines::default()).install(log::LevelFilter::Trace).is_err(),
        "there is one already"
    );
    assert_eq!(log::max_level(), log::LevelFilter::Info);
    let fields = shelve();
    log::info!("outside");
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].ends_with(&format!("shelved books=3 {fields}")), "{text}");
    assert!(lines[1].ends_with("outside"), "{text}");
}

#[test]
fn records_of_a_request_carry_its_identifier_but_for_one_of_their_own() {
    let logger = Correlated::new(Lines::default());
    let before = LogRequest::replace(Some("order-7".into()));
    log_to(&logger, "outside", &[]);
    log_to(&logger, "own", &[("request_id", "mine")]);
    LogRequest::replace(before);
    log_to(&logger, "after", &[]);
    let lines = logger.inner().0.lock().unwrap();
    let line = |message: &str, request: &str| json!({"message": message, "request_id": request});
    assert_eq!(lines[..], [line("outside", "order-7"), line("own", "mine"), json!({"message": "after"})]);
}
