use std::sync::atomic::AtomicBool;
use std::thread;

use super::*;

/// Whether a sink's thread is kept from calling it.
fn is_paused(drain: &Drain) -> bool {
    drain.shared.lanes().iter().any(|lane| lock(&lane.state).forks != 0)
}

#[test]
fn a_fork_waits_for_a_sink_that_is_being_started() {
    struct Slow {
        arrived: mpsc::Sender<()>,
        released: Mutex<mpsc::Receiver<()>>,
        has_started: Arc<AtomicBool>,
    }

    impl Sink for Slow {
        fn name(&self) -> &'static str {
            "slow"
        }

        fn start(&mut self, _: &SinkContext) -> Result<(), SinkError> {
            self.arrived.send(()).unwrap();
            let _ = lock(&self.released).recv();
            self.has_started.store(true, Ordering::Relaxed);
            Ok(())
        }

        fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
            Ok(())
        }

        fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
            Ok(())
        }
    }

    let drain = Arc::new(Drain::start(Options::default(), Arc::new(ListSource::default())).unwrap());
    let (arrived, arrive) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let has_started = Arc::new(AtomicBool::new(false));
    let slow = Slow { arrived, released: Mutex::new(released), has_started: Arc::clone(&has_started) };
    drain.add_sink(Box::new(slow)).unwrap();
    arrive.recv().unwrap();
    let forking = {
        let drain = Arc::clone(&drain);
        thread::spawn(move || {
            let paused = drain.pause(Instant::now() + AMPLE);
            assert!(has_started.load(Ordering::Relaxed), "between two calls");
            paused.go_on();
        })
    };
    while !is_paused(&drain) {
        thread::yield_now();
    }
    drop(release);
    forking.join().unwrap();
    drain.flush(AMPLE).unwrap();
}

#[test]
fn sinks_wait_until_the_last_of_several_forks_is_over() {
    let drain = Arc::new(Drain::start(Options::default(), Arc::new(ListSource::default())).unwrap());
    drain.add_sink(Box::new(ClosureSink::new("sink", |_| Ok(())))).unwrap();
    let forks = [0, 1].map(|_| Arc::clone(&drain).pause(Instant::now() + AMPLE));
    forks[0].go_on();
    assert!(is_paused(&drain));
    forks[1].go_on();
    assert!(!is_paused(&drain));
    drain.flush(AMPLE).unwrap();
}

#[test]
fn a_sink_that_forks_in_a_call_does_not_wait_for_its_own_end() {
    let source = Arc::new(ListSource::default());
    let drain = Arc::new(Drain::start(Options::default(), Arc::clone(&source) as Arc<dyn Source>).unwrap());
    let (tell, told) = mpsc::channel();
    let forking = Mutex::new(Some(Arc::clone(&drain)));
    let sink = ClosureSink::boxed("forking", move |_| {
        if let Some(drain) = lock(&forking).take() {
            let deadline = Instant::now() + AMPLE;
            let paused = drain.pause(deadline);
            tell.send(Instant::now() < deadline).unwrap();
            paused.go_on();
        }
        Ok(())
    });
    drain.add_sink(sink).unwrap();
    source.put(1);
    drain.flush(AMPLE).unwrap();
    assert!(told.recv().unwrap(), "long before the deadline");
}
