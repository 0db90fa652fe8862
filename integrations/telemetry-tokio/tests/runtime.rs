//! What is shown of runtimes that really run.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use telemetry_core::metric::snapshot::MetricValue;
use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;
use telemetry_tokio::{TokioMetrics, TokioMetricsError};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

fn runtime(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).build().unwrap()
}

/// The sum of a metric's series over the workers of a runtime.
fn total(scope: &Scope, name: &str, runtime: &str) -> f64 {
    let metrics = scope.metrics();
    let family = metrics.families.iter().find(|family| family.name == name).unwrap();
    let of_runtime = family.series.iter().filter(|series| series.labels[0].1 == runtime);
    of_runtime
        .map(|series| match series.value {
            MetricValue::RealCounter(total) => total,
            MetricValue::Gauge(value) => value,
            ref other => panic!("{name}: {other:?}"),
        })
        .sum()
}

/// Waits until the sum of a metric's series has come so far.
fn await_total(scope: &Scope, name: &str, runtime: &str, least: f64) {
    let until = Instant::now() + Duration::from_secs(60);
    while total(scope, name, runtime) < least {
        assert!(Instant::now() < until, "{name} of {runtime} has not come to {least}");
        thread::yield_now();
    }
}

#[test]
fn tasks_are_alive_until_they_end() {
    let scope = Scope::new();
    let runtime = runtime(2);
    let _shown = TokioMetrics::new().runtime("main", runtime.handle()).register().unwrap();
    scope.assert_metric_value("tokio_workers", &[("runtime", "main")], 2);
    scope.assert_metric_value("tokio_alive_tasks", &[("runtime", "main")], 0);
    let (open, tasks): (Vec<_>, Vec<_>) = (0..3)
        .map(|_| {
            let (end, until) = oneshot::channel::<()>();
            (end, runtime.spawn(until))
        })
        .unzip();
    scope.assert_metric_value("tokio_alive_tasks", &[("runtime", "main")], 3);
    drop(open);
    for task in tasks {
        runtime.block_on(task).unwrap().unwrap_err();
    }
    // A task is counted out just after its handle is woken.
    let until = Instant::now() + Duration::from_secs(10);
    while total(&scope, "tokio_alive_tasks", "main") > 0.0 {
        assert!(Instant::now() < until, "the tasks have ended");
        thread::yield_now();
    }
}

#[test]
fn tasks_wait_in_the_queue_while_the_worker_is_busy() {
    let scope = Scope::new();
    let runtime = runtime(1);
    let _shown = TokioMetrics::new().runtime("main", runtime.handle()).register().unwrap();
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let busy = runtime.spawn(async move {
        begun.send(()).unwrap();
        // Blocks the only worker, as nobody should.
        may_go_on.recv().unwrap();
    });
    has_begun.recv().unwrap();
    let waiting: Vec<_> = (0..5).map(|_| runtime.spawn(async {})).collect();
    scope.assert_metric_value("tokio_global_queue_depth", &[("runtime", "main")], 5);
    go_on.send(()).unwrap();
    runtime.block_on(async {
        busy.await.unwrap();
        for task in waiting {
            task.await.unwrap();
        }
    });
    scope.assert_metric_value("tokio_global_queue_depth", &[("runtime", "main")], 0);
}

#[test]
fn busy_time_and_parks_of_each_worker_grow() {
    const BUSY: Duration = Duration::from_millis(30);
    let scope = Scope::new();
    let (one, other) = (runtime(2), runtime(1));
    let shown = TokioMetrics::new().runtime("one", one.handle()).runtime("other", other.handle());
    let _shown = shown.register().unwrap();
    // What it was busy with at its start is told of by then.
    await_total(&scope, "tokio_worker_parks_total", "other", 1.0);
    let before = total(&scope, "tokio_worker_busy_seconds_total", "other");
    let work = one.spawn(async {
        let until = Instant::now() + BUSY;
        while Instant::now() < until {}
    });
    one.block_on(work).unwrap();
    // The worker tells of it when it goes to sleep.
    await_total(&scope, "tokio_worker_busy_seconds_total", "one", BUSY.as_secs_f64());
    assert!(total(&scope, "tokio_worker_parks_total", "one") >= 1.0);
    // Of the two series one is each worker's; the other runtime had nothing to do.
    let text = scope.metrics().text().to_owned();
    for worker in [0, 1] {
        let series = format!("tokio_worker_busy_seconds_total{{runtime=\"one\",worker=\"{worker}\"}} ");
        assert!(text.contains(&series), "{text}");
    }
    assert!(total(&scope, "tokio_worker_busy_seconds_total", "other") - before < BUSY.as_secs_f64());
}

#[test]
fn a_runtime_of_one_thread_is_shown_too_and_stays_after_its_end() {
    let scope = Scope::new();
    let runtime = Builder::new_current_thread().build().unwrap();
    let shown = TokioMetrics::new().runtime("only", runtime.handle()).register().unwrap();
    runtime.block_on(async { tokio::task::yield_now().await });
    scope.assert_metric_value("tokio_workers", &[("runtime", "only")], 1);
    drop(runtime);
    scope.assert_metric_value("tokio_workers", &[("runtime", "only")], 1);
    drop(shown);
    assert!(!scope.metrics().text().contains("tokio_"), "the guard keeps them shown");
}

#[test]
fn they_are_registered_once_and_described_without_a_runtime() {
    let scope = Scope::new();
    let shown = TokioMetrics::new().register().unwrap();
    let text = scope.metrics().text().to_owned();
    assert!(text.contains("# TYPE tokio_worker_busy_seconds_total counter\n"), "{text}");
    let error = TokioMetrics::new().register().unwrap_err();
    assert!(matches!(error, TokioMetricsError::Name(_)), "{error}");
    // The refused ones took nothing of the first ones with them.
    assert_eq!(scope.metrics().text().matches("# TYPE tokio_").count(), 5);
    drop(shown);
    drop(TokioMetrics::new().register().unwrap());
}
