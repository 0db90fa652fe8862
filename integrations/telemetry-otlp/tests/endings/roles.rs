//! The programs. What they record is delivered at their end alone, or where they ask for it: the drain's interval is five
//! minutes.

use std::process::{ExitCode, abort, exit};
use std::thread;

use telemetry_core::{Bootstrap, configure_from_settings, span};
use tokio::signal::unix::{SignalKind, signal};

use super::cases::SPANS;
use super::support::AMPLE;

#[span]
fn work() {}

#[span]
fn outer(inner: impl FnOnce()) {
    inner();
}

fn some_work() {
    (0..SPANS).for_each(|_| work());
}

fn start() -> Bootstrap {
    telemetry_otlp::register().unwrap();
    telemetry_sqlite::register().unwrap();
    configure_from_settings().unwrap().expect("the environment enables it")
}

pub(crate) fn play(role: &str) -> ExitCode {
    match role {
        "return" => {
            let _telemetry = start();
            some_work();
        }
        "exit" => {
            let _telemetry = start();
            outer(|| {
                some_work();
                exit(3)
            });
        }
        "exit_in_a_task" => in_a_runtime(async {
            let _telemetry = start();
            let ending = tokio::spawn(async {
                some_work();
                exit(3)
            });
            let _ = ending.await;
        }),
        "panic" => {
            let _telemetry = start();
            outer(|| {
                some_work();
                panic!("in main");
            });
        }
        "abort" => {
            let bootstrap = start();
            some_work();
            bootstrap.telemetry.flush(AMPLE).unwrap();
            some_work();
            abort();
        }
        "terminated" => in_a_runtime(async {
            let bootstrap = start();
            let mut terminate = signal(SignalKind::terminate()).unwrap();
            some_work();
            eprintln!("ready");
            terminate.recv().await;
            some_work();
            bootstrap.telemetry.shutdown_async(AMPLE).await.unwrap();
        }),
        "killed" => {
            let bootstrap = start();
            some_work();
            bootstrap.telemetry.flush(AMPLE).unwrap();
            some_work();
            eprintln!("ready");
            loop {
                thread::park();
            }
        }
        role => panic!("nobody plays {role}"),
    }
    ExitCode::SUCCESS
}

fn in_a_runtime(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work);
}
