//! Log lines of `tracing-subscriber` carry the identifiers of the span they were written in.

mod support;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context as TaskContext, Poll, Waker};

use serde_json::{Value as Json, json};
use support::Written;
use telemetry_core::testing::Scope;
use telemetry_core::{
    Context, LogFields, LogRequest, NeverSample, Span, SpanContext, SpanId, TraceId, span, step, trace,
};
use telemetry_tracing::Correlated;
use tracing::Dispatch;
use tracing_subscriber::fmt;

/// Runs `work` with a subscriber that writes JSON, flattened or not.
fn in_json<R>(flatten: bool, work: impl FnOnce() -> R) -> (R, Written) {
    let written = Written::default();
    let format = fmt().json().flatten_event(flatten).with_writer(written.clone());
    let subscriber = format.map_event_format(Correlated::json).finish();
    (tracing::subscriber::with_default(subscriber, work), written)
}

/// The three fields of a line.
fn fields(line: &Json) -> [Option<&str>; 3] {
    LogFields::NAMES.map(|name| line.get(name).map(|value| value.as_str().unwrap()))
}

/// The three fields as a span's lines must have them.
fn expected(span: &SpanContext) -> [String; 3] {
    [span.trace_id.to_string(), span.span_id.to_string(), format!("{:02x}", span.trace_flags & 1)]
}

#[track_caller]
fn assert_is_of(line: &Json, span: &SpanContext) {
    assert_eq!(fields(line), expected(span).each_ref().map(|text| Some(text.as_str())), "{line}");
}

#[test]
fn each_line_carries_those_of_the_innermost_span_at_the_top_level() {
    #[trace(name = "shelve")]
    fn shelve() {
        tracing::info!(books = 3, "outer");
        {
            let _step = step!("sort");
            tracing::warn!("inner");
        }
        tracing::info!("outer again");
    }
    let scope = Scope::new();
    let ((), written) = in_json(false, || {
        tracing::info!("before");
        shelve();
        tracing::info!("after");
    });
    let lines = written.json();
    let spans = scope.spans();
    let of = |name: &str| {
        let span = spans.iter().find(|span| span.name == name).unwrap();
        SpanContext { trace_id: span.trace_id, span_id: span.span_id, trace_flags: 1, remote: false }
    };
    assert_eq!(lines.len(), 5);
    assert_eq!(fields(&lines[0]), [None; 3]);
    assert_is_of(&lines[1], &of("shelve"));
    assert_is_of(&lines[2], &of("sort"));
    assert_is_of(&lines[3], &of("shelve"));
    assert_eq!(fields(&lines[4]), [None; 3]);
    assert_eq!(lines[1]["fields"], json!({"message": "outer", "books": 3}), "what the line said stays");
    assert_eq!(lines[1]["level"], "INFO");
}

#[test]
fn a_trace_that_is_not_recorded_shows_its_identifiers_with_flags_00() {
    #[span]
    fn quiet() -> SpanContext {
        tracing::info!("unheard");
        Span::current().context().unwrap()
    }
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    let (span, written) = in_json(false, quiet);
    assert_is_of(&written.json()[0], &span);
    assert_eq!(written.json()[0]["trace_flags"], "00");
    assert!(scope.spans().is_empty());
}

#[test]
fn a_parent_in_another_process_counts_where_there_is_no_span_yet() {
    let parent = SpanContext {
        trace_id: TraceId::new(0xabc).unwrap(),
        span_id: SpanId::new(0xdef).unwrap(),
        trace_flags: 3,
        remote: true,
    };
    let ((), written) = in_json(false, || Context::remote(parent).run(|| tracing::info!("inbound")));
    assert_is_of(&written.json()[0], &parent);
}

#[test]
fn fields_of_the_users_own_are_kept_and_stand_alone() {
    #[span]
    fn own() -> SpanContext {
        tracing::info!(trace_id = "mine", trace_flags = 5, "flattened");
        Span::current().context().unwrap()
    }
    let _scope = Scope::new();
    let (span, written) = in_json(true, own);
    let line = &written.json()[0];
    assert_eq!((&line["trace_id"], &line["trace_flags"]), (&json!("mine"), &json!(5)));
    assert_eq!(line["span_id"], expected(&span)[1]);
    assert_eq!(written.text().matches("trace_id").count(), 1, "{}", written.text());

    // Where the user's fields are not at the top level, nothing is in the way of ours.
    let (span, written) = in_json(false, own);
    let line = &written.json()[0];
    assert_is_of(line, &span);
    assert_eq!(line["fields"]["trace_id"], "mine");
}

#[test]
fn text_lines_end_with_them() {
    #[span]
    fn shelve() -> SpanContext {
        tracing::info!(books = 3, "shelved");
        tracing::info!(span_id = "mine", "own");
        Span::current().context().unwrap()
    }
    let _scope = Scope::new();
    let written = Written::default();
    let format = fmt::format().without_time().with_target(false).with_ansi(false);
    let subscriber = fmt().with_writer(written.clone()).event_format(Correlated::text(format)).finish();
    let span = tracing::subscriber::with_default(subscriber, || {
        tracing::info!("before");
        shelve()
    });
    let [trace, id, flags] = expected(&span);
    assert_eq!(
        written.text(),
        format!(
            " INFO before\n INFO shelved books=3 trace_id={trace} span_id={id} trace_flags={flags}\n \
             INFO own span_id=\"mine\" trace_id={trace} trace_flags={flags}\n"
        )
    );
}

#[test]
fn text_lines_are_coloured_where_their_formatter_says_so() {
    #[span]
    fn shelve() {
        tracing::info!("shelved");
    }
    let _scope = Scope::new();
    let written = Written::default();
    let format = fmt::format().without_time().with_target(false).with_ansi(true);
    let subscriber = fmt().with_writer(written.clone()).event_format(Correlated::text(format)).finish();
    tracing::subscriber::with_default(subscriber, shelve);
    assert!(written.text().starts_with("\u{1b}["), "{:?}", written.text());
    assert!(written.text().ends_with("trace_flags=01\n"), "{:?}", written.text());
}

/// A future that logs at each of its polls, of which it takes three.
async fn logs(name: &'static str) {
    let mut polls = 0;
    poll_fn(|_| {
        polls += 1;
        tracing::info!(name, polls);
        if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[test]
fn lines_of_interleaved_polls_on_two_threads_carry_their_own_spans() {
    #[trace(name = "task")]
    async fn task(name: &'static str, told: mpsc::Sender<(&'static str, SpanContext)>) {
        told.send((name, Span::current().context().unwrap())).unwrap();
        logs(name).await;
    }

    let scope = Scope::builder().real_clock().enter().unwrap();
    let (told, tells) = mpsc::channel();
    let context = Context::current();
    let ((), written) = in_json(false, || {
        let dispatch = tracing::dispatcher::get_default(Dispatch::clone);
        std::thread::scope(|threads| {
            for names in [["a", "b"], ["c", "d"]] {
                let (told, dispatch) = (told.clone(), dispatch.clone());
                threads.spawn(move || {
                    tracing::dispatcher::with_default(&dispatch, || {
                        context.run(|| interleave(names.map(|name| task(name, told.clone()))));
                    });
                });
            }
        });
    });
    drop(told);
    let spans: std::collections::HashMap<_, _> = tells.iter().collect();
    let lines = written.json();
    assert_eq!((lines.len(), spans.len(), scope.spans().len()), (12, 4, 4));
    for line in &lines {
        assert_is_of(line, &spans[line["fields"]["name"].as_str().unwrap()]);
    }
}

/// Polls two futures in turn, until both are ready.
fn interleave<F: Future>([one, two]: [F; 2]) {
    let (mut one, mut two) = (pin!(one), pin!(two));
    let cx = &mut TaskContext::from_waker(Waker::noop());
    let (mut first, mut second) = (false, false);
    while !(first && second) {
        first = first || one.as_mut().poll(cx).is_ready();
        second = second || two.as_mut().poll(cx).is_ready();
    }
}

#[test]
fn lines_in_spans_of_tracing_carry_those_of_the_span_or_of_the_parent_they_name() {
    use tracing_subscriber::layer::SubscriberExt;

    let scope = Scope::new();
    let written = Written::default();
    let lines =
        fmt::layer().json().with_span_events(fmt::format::FmtSpan::CLOSE).with_writer(written.clone());
    let subscriber = tracing_subscriber::registry()
        .with(telemetry_tracing::SpanLayer::new())
        .with(lines.map_event_format(Correlated::json));
    tracing::subscriber::with_default(subscriber, || {
        let named = tracing::info_span!("named");
        let current = tracing::info_span!("current").entered();
        tracing::info!("current");
        tracing::info!(parent: &named, "named");
        drop(named);
        drop(current);
    });
    let lines = written.json();
    let spans = scope.spans();
    assert_eq!((lines.len(), spans.len()), (4, 2), "two lines, and two that say a span has closed");
    for (line, name) in lines.iter().zip(["current", "named", "named", "current"]) {
        let span = spans.iter().find(|span| span.name == name).unwrap();
        assert_eq!(line["span_id"], span.span_id.to_string(), "{line}");
        assert_eq!(line["trace_id"], span.trace_id.to_string(), "{line}");
    }
}

#[test]
fn lines_of_a_request_carry_its_identifier_inside_a_span_and_outside() {
    #[span]
    fn shelve() {
        tracing::info!("inside");
    }
    let scope = Scope::new();
    let ((), written) = in_json(true, || {
        let before = LogRequest::replace(Some("order-7".into()));
        tracing::info!("outside");
        shelve();
        LogRequest::replace(before);
        tracing::info!("after");
    });
    let lines = written.json();
    assert_eq!((&lines[0]["request_id"], fields(&lines[0])), (&json!("order-7"), [None; 3]));
    assert_eq!(lines[1]["request_id"], "order-7");
    assert_eq!(lines[1]["trace_id"], scope.spans()[0].trace_id.to_string());
    assert_eq!(lines[2].get("request_id"), None);
}
