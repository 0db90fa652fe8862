//! Who may look, and what the browser is told.

mod support;

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use telemetry_core::sink::Sink;
use telemetry_viewer::{Viewer, ViewerSink};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use support::{Described, ask, get, records, send};

const HOSTILE: &str = "</script><img src=x onerror=alert(1)>";

fn viewer() -> (ViewerSink, Viewer) {
    let mut sink = ViewerSink::new();
    let span = Described {
        name: HOSTILE.to_owned(),
        attributes: vec![("note", support::text(HOSTILE))],
        ..Described::default()
    };
    sink.export_spans(&records([span])).unwrap();
    let viewer = Viewer::of(&sink);
    (sink, viewer)
}

#[tokio::test]
async fn other_hosts_and_peers_are_refused_everywhere_and_allowed_when_told() {
    let (_sink, viewer) = viewer();
    for path in ["/", "/api/traces", "/api/live", "/api/nothing"] {
        let router = viewer.router();
        let foreign = ask(&router, Request::get(path).header("host", "evil.example")).await;
        assert_eq!(foreign.status, 403, "{path}");
        assert!(foreign.error().contains("not known by this host"), "{}", foreign.error());
        let peer = ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 5)));
        let elsewhere =
            Request::get(path).header("host", "localhost").extension(peer).body(Body::empty()).unwrap();
        assert_eq!(send(&router, elsewhere).await.status, 403, "{path}");
        let unknown = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
        let unknown = send(&router, unknown).await;
        assert_eq!(unknown.status, 403);
        assert!(unknown.error().contains("into_make_service_with_connect_info"), "{}", unknown.error());
    }
    let open = viewer.clone().allow_any_peer().allow_host("desk.internal").router();
    let request =
        Request::get("/api/traces").header("host", "desk.internal:8443").body(Body::empty()).unwrap();
    assert_eq!(send(&open, request).await.status, 200);
    let rebound = Request::get("/api/traces").header("host", "evil.example").body(Body::empty()).unwrap();
    assert_eq!(send(&open, rebound).await.status, 403);
}

#[tokio::test]
async fn the_page_may_run_its_own_script_and_nothing_else() {
    let (_sink, viewer) = viewer();
    let router = viewer.router();
    let (first, second) = (get(&router, "/").await, get(&router, "/").await);
    assert_eq!(first.headers["content-type"], "text/html; charset=utf-8");
    let policy = first.headers["content-security-policy"].to_str().unwrap();
    for rule in [
        "default-src 'none'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    let nonce = policy.split("script-src 'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert_eq!(first.body.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
    assert_ne!(first.headers["content-security-policy"], second.headers["content-security-policy"]);
    for answer in [&first, &get(&router, "/api/traces").await, &get(&router, "/api/nothing").await] {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers[name], value);
        }
        assert!(answer.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn hostile_names_are_json_and_never_part_of_the_page() {
    let (_sink, viewer) = viewer();
    let router = viewer.router();
    assert!(!get(&router, "/").await.body.contains("onerror"));
    let listed = get(&router, "/api/traces").await;
    assert_eq!(listed.headers["content-type"], "application/json");
    assert_eq!(listed.json()["traces"][0]["name"], HOSTILE);
    let trace = get(&router, &format!("/api/traces/{:032x}", 1)).await.json();
    assert_eq!(trace["rows"][0]["attributes"][0]["value"], HOSTILE);
}

#[tokio::test]
async fn only_reading_is_allowed() {
    let (_sink, viewer) = viewer();
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let request = Request::builder().method(method).uri("/api/traces").header("host", "localhost");
        assert_eq!(ask(&viewer.router(), request).await.status, 405, "{method}");
    }
}

/// Reads from a connection until it has seen a text.
async fn read_until(connection: &mut TcpStream, wanted: &str) -> String {
    let (mut seen, mut buffer) = (String::new(), [0; 4096]);
    while !seen.contains(wanted) {
        let count = connection.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the connection ended before {wanted:?}: {seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    seen
}

#[tokio::test]
async fn a_page_is_told_of_changes_until_the_server_stops() {
    let (mut sink, viewer) = viewer();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(viewer.serve(listener, async {
        let _ = stopped.await;
    }));
    let mut live = TcpStream::connect(address).await.unwrap();
    live.write_all(b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let begun = read_until(&mut live, "\n\n").await;
    assert!(begun.contains("content-type: text/event-stream") && begun.contains("event: change"), "{begun}");
    let another = Described { trace: 2, id: 2, ..Described::default() };
    sink.export_spans(&records([another])).unwrap();
    let changed = read_until(&mut live, "event: change").await;
    assert!(changed.contains("data: {\"revision\":2}"), "{changed}");
    // A graceful stop does not wait for the stream for ever: it is ended.
    stop.send(()).unwrap();
    read_until(&mut live, "event: end").await;
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_router_goes_on_telling_when_its_viewer_is_gone() {
    let (mut sink, viewer) = viewer();
    let router = viewer.router();
    drop(viewer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
    });
    let mut live = TcpStream::connect(address).await.unwrap();
    live.write_all(b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    read_until(&mut live, "event: change").await;
    sink.export_spans(&records([Described { trace: 2, ..Described::default() }])).unwrap();
    let told = read_until(&mut live, "\"revision\":2").await;
    assert!(!told.contains("event: end"), "{told}");
    // The end of the sink is the end of what will come.
    sink.close().unwrap();
    read_until(&mut live, "event: end").await;
    serving.abort();
}
