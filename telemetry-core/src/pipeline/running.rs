//! What runs in this process: nothing, or one pipeline.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::evidence::Evidence;
use super::telemetry::Telemetry;
use super::{GLOBAL, fork};
use crate::drain::{Delivery, Drain, ShutdownError};
use crate::forking::{Keeper, generation};
use crate::standard_error::say;

/// A pipeline that was started.
#[derive(Clone)]
pub(super) struct Run {
    /// Tells it from others of this process; in the child of a fork it goes on under the same number.
    pub(super) number: u64,
    /// The process it runs in: what it holds is of no use to the child of a fork.
    pub(super) generation: u64,
    pub(super) drain: Arc<Drain>,
    /// How long its shutdown may take at the end of the process.
    pub(super) shutdown_timeout: Duration,
    /// Whether the end of the process shuts it down.
    pub(super) at_exit: bool,
    /// The evidence that was asked for, as it is in the process it runs in.
    pub(super) evidence: Option<&'static Evidence>,
}

enum Phase {
    /// With the pipeline that ran last.
    Stopped(Option<Run>),
    Starting,
    Running(Run),
    Stopping(Run),
}

static PHASE: Mutex<Phase> = Mutex::new(Phase::Stopped(None));

fn phase() -> MutexGuard<'static, Phase> {
    PHASE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The right to start a pipeline, until it is dropped.
pub(super) struct Starting(());

/// Begins a start; none while a pipeline runs, is being started or is being shut down.
///
/// Nothing here is locked where the process cannot go on after a fork: nobody may be there to unlock it.
pub(super) fn begin() -> Option<Starting> {
    if fork::is_halted() {
        return None;
    }
    let mut phase = phase();
    let stopped = matches!(*phase, Phase::Stopped(_));
    stopped.then(|| {
        *phase = Phase::Starting;
        Starting(())
    })
}

impl Starting {
    /// Makes a pipeline the one that runs, and lets its spans in.
    pub(super) fn done(self, run: Run) {
        let mut phase = phase();
        GLOBAL.reopen();
        *phase = Phase::Running(run);
        drop(phase);
        drop(self);
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        let mut phase = phase();
        // Not after `done`.
        if matches!(*phase, Phase::Starting) {
            *phase = Phase::Stopped(None);
        }
    }
}

/// The drain of the pipeline that runs, once its start is over.
pub(super) fn drain() -> Option<Arc<Drain>> {
    if fork::is_halted() {
        return None;
    }
    match &*phase() {
        Phase::Running(run) if run.generation == generation() => Some(Arc::clone(&run.drain)),
        _ => None,
    }
}

/// The pipeline of a number, as long as no other has been started.
fn find(number: u64) -> Option<Run> {
    if fork::is_halted() {
        return None;
    }
    match &*phase() {
        Phase::Running(run) | Phase::Stopping(run) | Phase::Stopped(Some(run)) => {
            (run.number == number && run.generation == generation()).then(|| run.clone())
        }
        Phase::Stopped(None) | Phase::Starting => None,
    }
}

impl Telemetry {
    /// What this handle started, or in the child of a fork what goes on in its place; none where that could not be, or
    /// another pipeline runs there.
    pub(super) fn here(&self) -> Option<Run> {
        fork::resume();
        let of_this_process = || (self.run.generation == generation()).then(|| self.run.clone());
        find(self.run.number).or_else(of_this_process)
    }

    /// The drain of it.
    pub(super) fn drain(&self) -> Option<Arc<Drain>> {
        self.here().map(|run| run.drain)
    }
}

/// Shuts the pipeline of a number down; nothing when it has been shut down, or another one runs.
pub(super) fn stop(number: u64, timeout: Duration) -> Result<Vec<Delivery>, ShutdownError> {
    if fork::forget(number) || fork::is_halted() {
        return Ok(Vec::new());
    }
    let run = {
        let mut phase = phase();
        match &*phase {
            Phase::Running(run) if run.number == number => {
                let run = run.clone();
                // While the phase is locked: a pipeline that starts next must find its own opening last.
                GLOBAL.close();
                GLOBAL.ring.wake.set(None);
                *phase = Phase::Stopping(run.clone());
                run
            }
            Phase::Stopping(run) if run.number == number => {
                let drain = Arc::clone(&run.drain);
                drop(phase);
                // Waits for the first call, and says what became of it.
                return drain.shutdown(timeout);
            }
            _ => return Ok(Vec::new()),
        }
    };
    let outcome = run.drain.shutdown(timeout);
    crate::evidence::end();
    tell_of_open_spans();
    *phase() = Phase::Stopped(Some(run));
    outcome
}

/// Spans that are open at the shutdown are not delivered, which nobody would see otherwise.
fn tell_of_open_spans() {
    let open = GLOBAL.accounting().in_flight;
    if open != 0 {
        let were = if open == 1 { "span was" } else { "spans were" };
        say(&format_args!("{open} {were} still open at the shutdown and not delivered"));
    }
}

/// Shuts down what runs at the end of the process, unless it is not to be.
///
/// Whoever ends the process may be inside a start or stop on this very thread: then nothing is waited for.
pub(super) fn stop_at_exit() {
    let run = match PHASE.try_lock().as_deref() {
        Ok(Phase::Running(run) | Phase::Stopping(run)) => run.clone(),
        _ => return,
    };
    if run.at_exit
        && run.generation == generation()
        && let Err(error) = stop(run.number, run.shutdown_timeout)
    {
        say(&error);
    }
}

/// Has the lock held while the process forks.
pub(super) fn hold(keeper: &mut Keeper) {
    keeper.hold(&PHASE);
}

/// In the child of a fork: what ran in the parent does not run here. The pipeline, if the child may go on with it.
pub(super) fn disown() -> Option<Run> {
    let before = std::mem::replace(&mut *phase(), Phase::Stopped(None));
    match before {
        Phase::Running(run) => {
            // One of its owners is never dropped: threads that are not here may hold locks that its end takes.
            std::mem::forget(Arc::clone(&run.drain));
            Some(run)
        }
        // Under way on a thread that is not here.
        Phase::Starting | Phase::Stopping(_) | Phase::Stopped(_) => {
            std::mem::forget(before);
            None
        }
    }
}

/// In the child of a fork: makes the continuation of the parent's pipeline the one that runs.
pub(super) fn go_on(run: Run) {
    *phase() = Phase::Running(run);
}
