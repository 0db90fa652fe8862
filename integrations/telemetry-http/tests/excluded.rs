//! Paths that a variable of the environment excludes. It is set for a process of its own: this test, run again.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::ffi::OsStr;
use std::future::ready;
use std::process::Command;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use telemetry_core::testing::Scope;
use telemetry_http::{ExcludedError, TelemetryLayer};
use tower_layer::Layer;
use tower_service::Service;

mod support;
use support::Answer;

/// The variable, and what is expected of it.
const VARIABLE: &str = "SHOP_EXCLUDED";
const EXPECTED: &str = "SHOP_EXPECTED";

/// The paths that make spans under a layer that reads the variable, or what is wrong with it.
async fn recorded() -> Result<String, ExcludedError> {
    let scope = Scope::new();
    let layer = TelemetryLayer::new().exclude("^/always$")?.exclude_from_env(VARIABLE)?;
    let mut service =
        layer.layer(Answer(|_| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))));
    for path in ["/always", "/health", "/healthy", "/internal/a"] {
        service.call(Request::get(path).body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    }
    let url = |span: telemetry_core::record::SpanRecord| match span.attribute("http.url") {
        Some(telemetry_core::record::Value::Str(url)) => url.to_string(),
        other => panic!("{other:?}"),
    };
    Ok(scope.spans().into_iter().map(url).collect::<Vec<_>>().join(" "))
}

fn run_again(variable: Option<&OsStr>, expected: &str) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "a_variable_of_the_environment_excludes_paths"]).env(EXPECTED, expected);
    match variable {
        Some(value) => child.env(VARIABLE, value),
        None => child.env_remove(VARIABLE),
    };
    let output = child.output().unwrap();
    assert!(output.status.success(), "{variable:?}: {}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn a_variable_of_the_environment_excludes_paths() {
    if let Ok(expected) = std::env::var(EXPECTED) {
        let told = recorded().await.unwrap_or_else(|mistake| mistake.to_string());
        assert_eq!(told, expected);
        return;
    }
    for (variable, expected) in [
        (None, "/health /healthy /internal/a"),
        (Some(""), "/health /healthy /internal/a"),
        (Some("^/health$, ^/internal/"), "/healthy"),
        (Some("^/health$,(/open"), "`(/open` is no regular expression of a path to be excluded"),
    ] {
        run_again(variable.map(OsStr::new), expected);
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let message =
            "the variable SHOP_EXCLUDED is \"\\xFF\", expected regular expressions separated by commas";
        run_again(Some(OsStr::from_bytes(&[0xff])), message);
    }
}
