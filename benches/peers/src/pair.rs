//! The second thread: both begin together, and what counts is the time until the later one is done.

use std::cell::Cell;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_setaffinity};

/// Work that both threads do.
pub(crate) type Job = Arc<dyn Fn() + Send + Sync>;

thread_local! {
    static SIDE: Cell<usize> = const { Cell::new(0) };
}

/// Which of the two threads this is: 0 or 1.
#[inline(always)]
pub(crate) fn side() -> usize {
    SIDE.get()
}

/// The thread that lives as long as the process, so that nobody's thread end is measured.
struct Second {
    orders: Sender<Order>,
    done: Receiver<(Instant, Instant)>,
}

struct Order {
    job: Job,
    /// The second thread sets it and spins; the first answers by clearing it, and both begin.
    ready: Arc<AtomicBool>,
}

static SECOND: LazyLock<Mutex<Second>> = LazyLock::new(|| {
    let (orders, received) = channel::<Order>();
    let (report, done) = channel();
    thread::spawn(move || {
        SIDE.set(1);
        for Order { job, ready } in received {
            // Release and Acquire: the first thread's answer, which begins the run for both.
            ready.store(true, Ordering::Release);
            while ready.load(Ordering::Acquire) {
                spin_loop();
            }
            if report.send(timed(&job)).is_err() {
                return;
            }
        }
    });
    Mutex::new(Second { orders, done })
});

/// Runs `job` on this thread and on the second one at once, and returns how long the two took together.
///
/// # Panics
/// When the second thread has panicked, which a job does only for a mistake in this program.
pub(crate) fn both(job: &Job) -> Duration {
    let second = SECOND.lock().unwrap_or_else(PoisonError::into_inner);
    let ready = Arc::new(AtomicBool::new(false));
    let order = Order { job: Arc::clone(job), ready: Arc::clone(&ready) };
    second.orders.send(order).expect("the second thread runs as long as the process");
    while !ready.load(Ordering::Acquire) {
        spin_loop();
    }
    ready.store(false, Ordering::Release);
    let (began, ended) = timed(job);
    let (other_began, other_ended) = second.done.recv().expect("the second thread reports each run");
    ended.max(other_ended) - began.min(other_began)
}

/// Runs `job` on the second thread alone and waits for it.
///
/// # Panics
/// As [`both`].
pub(crate) fn elsewhere(job: &Job) {
    let job = Arc::clone(job);
    both(
        &(Arc::new(move || {
            if side() == 1 {
                job();
            }
        }) as Job),
    );
}

/// Keeps this thread on the first processor and the second thread on the second one. Threads that exist already stay
/// free to move.
///
/// # Errors
/// When the operating system refuses.
pub(crate) fn pin() -> rustix::io::Result<()> {
    let result = Arc::new(Mutex::new(Ok(())));
    let shared = Arc::clone(&result);
    both(
        &(Arc::new(move || {
            let mut set = CpuSet::new();
            set.set(side());
            if let Err(refused) = sched_setaffinity(None, &set) {
                *shared.lock().unwrap_or_else(PoisonError::into_inner) = Err(refused);
            }
        }) as Job),
    );
    *result.lock().unwrap_or_else(PoisonError::into_inner)
}

fn timed(job: &Job) -> (Instant, Instant) {
    let began = Instant::now();
    job();
    (began, Instant::now())
}
