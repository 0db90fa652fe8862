//! A collector over HTTP that fails in every way, and how often it is asked.

mod support;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, SystemTime};

use support::http::{Collector, Reply};
use support::{AMPLE, by_reason, export, hasty, spans};
use telemetry_core::sink::{ShutdownSignal, Sink, SinkContext, Warnings};
use telemetry_otlp::Protocol;

/// Sends spans to a collector with a script; gives the attempts, the losses by reason, and what the sink says.
fn run(protocol: Protocol, count: u64, script: &[Reply]) -> (usize, [u64; 3], String) {
    let collector = Collector::start(script);
    let mut sink =
        hasty(&collector.endpoint()).protocol(protocol).timeout(Duration::from_secs(1)).build().unwrap();
    let losses = export(&mut sink, &spans(count));
    (collector.requests().len(), by_reason(&losses), losses.to_string())
}

const OK: Reply = Reply::status(200);

#[test]
fn what_may_be_tried_again_is_until_it_is_taken() {
    for protocol in [Protocol::HttpJson, Protocol::HttpProtobuf] {
        for status in [429, 502, 503, 504] {
            let failure = Reply::status(status);
            let (attempts, lost, said) = run(protocol, 5, &[failure.clone(), failure.clone(), failure, OK]);
            assert_eq!((attempts, lost), (4, [0, 0, 0]), "{status}: {said}");
        }
        for failure in [Reply::Cut, Reply::CutInHead, Reply::Garbage, Reply::Stall] {
            let (attempts, lost, said) = run(protocol, 5, &[failure.clone(), failure.clone(), OK]);
            assert_eq!((attempts, lost), (3, [0, 0, 0]), "{failure:?}: {said}");
        }
    }
}

#[test]
fn everything_else_is_refused_for_good_at_the_first_attempt() {
    for status in [
        300, 301, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 411, 413, 415, 418, 422, 499, 500, 501,
        505, 599,
    ] {
        let (attempts, lost, said) = run(Protocol::HttpProtobuf, 7, &[Reply::status(status), OK]);
        assert_eq!((attempts, lost), (1, [7, 0, 0]), "{status}");
        assert!(said.contains(&format!("answered {status}")), "{said}");
    }
}

#[test]
fn any_success_is_one_whatever_its_body() {
    for status in [200, 202, 204] {
        for body in [&b""[..], b"{}", b"garbage \xff\x00", b"\x0a\xff\xff\xff\xff\xff"] {
            let body = if status == 204 { Vec::new() } else { body.to_vec() };
            let reply = Reply::body(status, "text/html", body);
            for protocol in [Protocol::HttpJson, Protocol::HttpProtobuf] {
                let (attempts, lost, said) = run(protocol, 3, std::slice::from_ref(&reply));
                assert_eq!((attempts, lost), (1, [0, 0, 0]), "{said}");
            }
        }
    }
}

#[test]
fn a_partial_success_is_counted_and_never_sent_again() {
    let json = r#"{"partialSuccess":{"rejectedSpans":"4","errorMessage":"four are too old"}}"#;
    let protobuf = [&[0x0a, 0x14, 0x08, 0x04, 0x12, 0x10][..], b"four are too old"].concat();
    for (protocol, reply) in [
        (Protocol::HttpJson, Reply::body(200, "application/json", json)),
        (Protocol::HttpProtobuf, Reply::body(200, "application/x-protobuf", protobuf)),
    ] {
        let (attempts, lost, said) = run(protocol, 10, &[reply]);
        assert_eq!((attempts, lost), (1, [4, 0, 0]), "{said}");
        assert!(said.contains("left a part out: four are too old"), "{said}");
    }
    // With more to say than anybody reads.
    let long =
        format!(r#"{{"partialSuccess":{{"rejectedSpans":"4","errorMessage":"{}"}}}}"#, "old ".repeat(50_000));
    let (_, lost, _) = run(Protocol::HttpJson, 10, &[Reply::body(200, "application/json", long)]);
    assert_eq!(lost, [4, 0, 0]);
    // More than were sent: nobody can lose more than there was.
    let json = r#"{"partialSuccess":{"rejectedSpans":1000}}"#;
    let (_, lost, _) = run(Protocol::HttpJson, 10, &[Reply::body(200, "application/json", json)]);
    assert_eq!(lost, [10, 0, 0]);
}

#[test]
fn a_warning_of_a_collector_that_took_everything_is_passed_on_and_costs_nothing() {
    let json = r#"{"partialSuccess":{"rejectedSpans":"0","errorMessage":"old names are going away"}}"#;
    let collector = Collector::start([Reply::body(200, "application/json", json)]);
    let mut sink = hasty(&collector.endpoint()).protocol(Protocol::HttpJson).build().unwrap();
    let (tell, told) = channel();
    let warnings = Warnings::to(move |message| tell.send(message.to_owned()).unwrap());
    sink.attach(&SinkContext { warnings, ..SinkContext::default() });
    assert_eq!(export(&mut sink, &spans(3)).total(), 0);
    let address = format!("{}/v1/traces", collector.endpoint());
    assert_eq!(
        told.try_iter().collect::<Vec<_>>(),
        [format!("{address} took it all and warns: old names are going away")]
    );
}

#[test]
fn a_date_the_collector_names_is_waited_for() {
    // Dates have whole seconds: of two seconds from now, one at least is left.
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    let began = Instant::now();
    let (attempts, lost, said) = run(Protocol::HttpProtobuf, 2, &[Reply::retry_after(503, &date), OK]);
    assert_eq!((attempts, lost), (2, [0, 0, 0]), "{said}");
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
    // One that has passed allows the next attempt at once.
    let past = "Fri, 31 Dec 1999 23:59:59 GMT";
    assert_eq!(run(Protocol::HttpProtobuf, 2, &[Reply::retry_after(429, past), OK]).0, 2);
}

#[test]
fn what_the_collector_says_of_a_refusal_is_passed_on() {
    let status = [&[0x08, 0x03, 0x12, 0x0d][..], b"bad span\nname"].concat();
    let said = |protocol, reply| run(protocol, 1, &[reply]).2;
    let protobuf = said(Protocol::HttpProtobuf, Reply::body(400, "application/x-protobuf", status));
    assert!(protobuf.ends_with("/v1/traces answered 400 Bad Request: bad span name"), "{protobuf}");
    let json =
        said(Protocol::HttpJson, Reply::body(400, "application/json", r#"{"code":3,"message":"bad span"}"#));
    assert!(json.ends_with("answered 400 Bad Request: bad span"), "{json}");
    let text = said(Protocol::HttpProtobuf, Reply::body(403, "text/plain", "who are you?\n"));
    assert!(text.ends_with("answered 403 Forbidden: who are you?"), "{text}");
    let elsewhere = Reply::Status(307, vec![("location", "https://elsewhere/".to_owned())], Vec::new());
    let redirect = said(Protocol::HttpJson, elsewhere);
    assert!(
        redirect.ends_with("answered 307 Temporary Redirect (redirect to https://elsewhere/)"),
        "{redirect}"
    );
}

#[test]
fn the_time_the_collector_names_is_waited_for() {
    let began = Instant::now();
    let (attempts, lost, said) = run(Protocol::HttpJson, 2, &[Reply::retry_after(429, "1"), OK]);
    assert_eq!((attempts, lost), (2, [0, 0, 0]), "{said}");
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
}

#[test]
fn a_collector_that_names_a_time_beyond_ours_is_not_asked_again_by_later_batches() {
    let collector = Collector::start([Reply::retry_after(503, "3600"), OK]);
    let mut sink = hasty(&collector.endpoint()).retry_time(Duration::from_millis(50)).build().unwrap();
    assert_eq!(by_reason(&export(&mut sink, &spans(3))), [0, 3, 0]);
    assert_eq!(by_reason(&export(&mut sink, &spans(4))), [0, 4, 0]);
    assert_eq!(collector.requests().len(), 1);
}

#[test]
fn a_collector_that_stays_away_is_given_up_after_the_time_for_it() {
    // Taken from the system and given back: nobody listens there.
    let endpoint = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let mut sink = hasty(&endpoint).retry_time(Duration::from_millis(100)).build().unwrap();
    let began = Instant::now();
    let losses = export(&mut sink, &spans(6));
    assert_eq!(by_reason(&losses), [0, 6, 0]);
    assert!(losses.to_string().contains("attempts failed"), "{losses}");
    assert!((50..10_000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    let unknown = hasty("http://no-such-host.invalid:4318").retry_time(Duration::ZERO).build();
    assert_eq!(by_reason(&export(&mut unknown.unwrap(), &spans(1))), [0, 1, 0]);
}

#[test]
fn a_shutdown_ends_the_wait_with_one_last_attempt() {
    let collector = Collector::start([Reply::Cut]);
    let mut sink = telemetry_otlp::OtlpSink::builder()
        .endpoint(&collector.endpoint())
        .retry_waits(AMPLE, AMPLE)
        .retry_time(Duration::from_secs(600))
        .build()
        .unwrap();
    let shutdown = ShutdownSignal::new();
    let context = SinkContext { shutdown: shutdown.clone(), ..SinkContext::default() };
    sink.attach(&context);
    let exporting = std::thread::spawn(move || by_reason(&export(&mut sink, &spans(8))));
    collector.await_request();
    shutdown.begin(Instant::now().checked_add(AMPLE));
    assert_eq!(exporting.join().unwrap(), [0, 8, 0]);
    assert_eq!(collector.requests().len(), 2);
}

#[test]
fn batches_are_cut_to_the_limits_and_only_what_cannot_be_cut_is_too_large() {
    let collector = Collector::start([OK]);
    let endpoint = collector.endpoint();
    let mut sink =
        hasty(&endpoint).protocol(Protocol::HttpJson).set("OTLP_MAX_BATCH_SPANS", 10).build().unwrap();
    assert_eq!(export(&mut sink, &spans(25)).total(), 0);
    let sent = |from: usize| -> Vec<usize> {
        let count = |request: &support::http::Request| {
            request.json()["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().len()
        };
        collector.requests()[from..].iter().map(count).collect()
    };
    assert_eq!(sent(0), [10, 10, 5]);

    let mut sink =
        hasty(&endpoint).protocol(Protocol::HttpJson).set("OTLP_MAX_REQUEST_BYTES", 2048).build().unwrap();
    assert_eq!(export(&mut sink, &spans(40)).total(), 0);
    assert_eq!(sent(3).iter().sum::<usize>(), 40);
    assert!(collector.requests()[3..].iter().all(|request| request.body.len() <= 2048));

    let mut batch = spans(3);
    batch[1].attributes[0].value = telemetry_core::record::Value::Str("x".repeat(3000).into());
    let losses = export(&mut sink, &batch);
    assert_eq!(by_reason(&losses), [0, 0, 1], "{losses}");
}

#[test]
fn metrics_give_way_to_the_next_ones_before_spans_would() {
    let collector = Collector::start([Reply::retry_after(503, "6")]);
    let mut sink = hasty(&collector.endpoint()).protocol(Protocol::HttpJson).build().unwrap();
    let began = Instant::now();
    let mut snapshot = telemetry_core::metric::snapshot::MetricsSnapshot::default();
    snapshot.families.push(support::family("shop_load"));
    let losses = support::lost(sink.export_metrics(&Arc::new(snapshot)));
    assert_eq!(by_reason(&losses), [0, 1, 0], "{losses}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}
