//! Forks: what the parent holds still meanwhile, and how the child goes on.
//!
//! Before the fork the thread that forks pauses the sinks, has them let go of what cannot be shared, and takes every
//! lock that this library may need in the child. In the child the handler writes words: the ring is left to the parent,
//! counts begin at zero, the thread has no place, no token and no identifiers. The rest is done when the child opens its
//! first span or asks for something ([`resume`]): a drain of its own, another `service.instance.id`, the sinks rebuilt,
//! crash evidence of its own.

use std::cell::Cell;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock, TryLockError};
use std::time::{Duration, Instant};

use super::running::{self, Run};
use super::source::PipelineSource;
use super::{GLOBAL, evidence};
use crate::context::{Context, Local};
use crate::drain::{DrainStartError, Paused};
use crate::forking::{self, Keeper, generation};
use crate::record::Value;
use crate::resource::Resource;
use crate::standard_error::say;
use crate::{metric, propagate, settings, span};

/// How long a fork waits for sinks to come between two calls, at the most.
const SINKS: Duration = Duration::from_secs(1);
/// How long it then waits for locks, at the most. They are held for moments, so that only a machine whose processors are all
/// taken comes near it, and without one of them the child cannot go on.
const LOCKS: Duration = Duration::from_secs(5);

/// How long it waits for its turn, where another thread forks too.
const TURN: Duration = Duration::from_secs(10);

/// Nothing is left to do: this is not the child of a fork, or it has gone on.
const SETTLED: u8 = 0;
/// The child has not yet gone on.
const PENDING: u8 = 1;
/// One of its threads is at it.
const RESUMING: u8 = 2;
/// It cannot go on: a lock was held by a thread that is not here.
const HALTED: u8 = 3;

/// How far this process has come since it was forked.
static STATE: AtomicU8 = AtomicU8::new(SETTLED);

/// The sinks that the child takes over. Locked for moments, in the child.
static INHERITED: Mutex<Option<Paused>> = Mutex::new(None);

/// Held by a thread from before its fork until after it, so that sinks let go of what cannot be shared for one fork at a
/// time.
static FORKING: Mutex<()> = Mutex::new(());

/// What is held still over a fork.
struct Held {
    turn: Keeper,
    keeper: Keeper,
    paused: Option<Paused>,
}

impl Held {
    /// Lets everybody go on, in the parent.
    fn let_go(self) {
        drop(self.keeper);
        if let Some(paused) = self.paused {
            paused.go_on();
        }
        drop(self.turn);
    }
}

thread_local! {
    static HELD: Cell<Option<Held>> = const { Cell::new(None) };
    /// A fork of this thread has begun: what forks on the way to it, a sink or another library's handler, holds nothing of
    /// its own, and its child records nothing.
    static HAS_BEGUN: Cell<bool> = const { Cell::new(false) };
}

/// How a child starts what ran in its parent. Known from the first start on, so that a program which never starts
/// telemetry, but for its spans, does not hold the code of a drain.
static RESTART: OnceLock<fn() -> Result<(), DrainStartError>> = OnceLock::new();

/// Watches for forks, once for the process.
pub(super) fn watch() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        let _ = RESTART.set(restart);
        #[cfg(unix)]
        // SAFETY: before the fork anything may be done; the handlers behind it write words, and unlock what this thread
        // has locked.
        #[allow(unsafe_code, reason = "the system has no other way to tell")]
        unsafe {
            libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child));
        }
        // Elsewhere no process forks.
        #[cfg(not(unix))]
        let _: [extern "C" fn(); 3] = [before, in_parent, in_child];
    });
}

extern "C" fn before() {
    if HAS_BEGUN.replace(true) {
        return;
    }
    let mut turn = Keeper::default();
    turn.hold(&FORKING);
    turn.take(Instant::now() + TURN);
    // Spans that sinks open while they prepare are not recorded.
    let quiet = Context::suppressed().attach();
    // First the sinks, which may need the locks to come to an end.
    let paused = running::drain().map(|drain| drain.pause(Instant::now() + SINKS));
    drop(quiet);
    let mut keeper = Keeper::default();
    running::hold(&mut keeper);
    keeper.hold(&INHERITED);
    GLOBAL.hold(&mut keeper);
    metric::GLOBAL.hold(&mut keeper);
    span::hold_locks(&mut keeper);
    propagate::hold_locks(&mut keeper);
    keeper.take(Instant::now() + LOCKS);
    let mut held = Some(Held { turn, keeper, paused });
    let _ = HELD.try_with(|place| place.set(held.take()));
    // A thread that is past its end keeps nothing: its child cannot go on.
    if let Some(held) = held {
        held.let_go();
        HAS_BEGUN.set(false);
    }
}

extern "C" fn in_parent() {
    if let Ok(Some(held)) = HELD.try_with(Cell::take) {
        held.let_go();
        HAS_BEGUN.set(false);
    }
}

extern "C" fn in_child() {
    forking::count();
    Local::with(Local::begin_anew);
    metric::begin_anew();
    GLOBAL.begin_anew();
    let held = HELD.try_with(Cell::take).ok().flatten();
    HAS_BEGUN.set(false);
    let state = match held {
        Some(Held { turn, keeper, paused }) => {
            let complete = keeper.is_complete();
            keeper.release_in_child();
            turn.release_in_child();
            match INHERITED.try_lock() {
                // What an earlier generation left is the same memory as in the parent: it is not freed here.
                Ok(mut inherited) => std::mem::forget(std::mem::replace(&mut *inherited, paused)),
                Err(_) => std::mem::forget(paused),
            }
            if complete { PENDING } else { HALTED }
        }
        None => HALTED,
    };
    if state == HALTED {
        metric::halt();
    }
    STATE.store(state, Ordering::Release);
}

/// Whether nothing can be recorded here.
pub(super) fn is_halted() -> bool {
    STATE.load(Ordering::Acquire) == HALTED
}

/// Goes on in the child of a fork with what ran in the parent: starts a drain, with the sinks that could be rebuilt. Does
/// nothing in any other process, and when it has been done.
///
/// It comes by itself with the first span that the child opens, and with the first call of [`Telemetry`]; a child that
/// only counts calls it.
///
/// [`Telemetry`]: crate::Telemetry
pub fn resume() {
    if STATE.load(Ordering::Acquire) != PENDING
        || STATE.compare_exchange(PENDING, RESUMING, Ordering::AcqRel, Ordering::Relaxed).is_err()
    {
        return;
    }
    // Spans that sinks open while they are rebuilt are not recorded.
    let quiet = Context::suppressed().attach();
    metric::GLOBAL.begin_anew();
    let state = match RESTART.get().map_or(Ok(()), |restart| restart()) {
        Ok(()) => SETTLED,
        Err(error) => {
            say(&format_args!("nothing is recorded in this child of a fork: {error}"));
            HALTED
        }
    };
    drop(quiet);
    STATE.store(state, Ordering::Release);
}

/// Starts what ran in the parent.
fn restart() -> Result<(), DrainStartError> {
    let Some(run) = running::disown() else { return Ok(()) };
    let Some(paused) = inherited() else {
        // It came to run while the process forked.
        GLOBAL.close();
        return Ok(());
    };
    let interval = run.drain.interval();
    let source =
        PipelineSource { pipeline: &GLOBAL, interval, started_unix_nanos: GLOBAL.timeline.unix_nanos() };
    let resource = of_this_process(paused.resource());
    let (drain, silent) = paused.adopt(resource, Arc::new(source))?;
    for line in silent {
        say(&format_args!("in the child of a fork {line}"));
    }
    let waker = drain.waker();
    GLOBAL.ring.wake.set(Some(Box::new(move || waker.wake())));
    // Before the first span: its ring lies in the file.
    let evidence = evidence::begin_in_child(run.evidence, drain.resource());
    running::go_on(Run { generation: generation(), drain: Arc::new(drain), evidence, ..run });
    Ok(())
}

/// Ends what would go on, before it has; true when there was that.
pub(super) fn forget(number: u64) -> bool {
    if STATE.compare_exchange(PENDING, RESUMING, Ordering::AcqRel, Ordering::Relaxed).is_err() {
        return false;
    }
    let run = running::disown();
    let is_it = run.as_ref().is_some_and(|run| run.number == number);
    if is_it {
        GLOBAL.close();
    }
    drop(inherited());
    STATE.store(SETTLED, Ordering::Release);
    is_it
}

fn inherited() -> Option<Paused> {
    match INHERITED.try_lock() {
        Ok(mut inherited) => inherited.take(),
        Err(TryLockError::Poisoned(inherited)) => inherited.into_inner().take(),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// The resource of the parent, with what is this process's own.
fn of_this_process(parent: &Resource) -> Resource {
    let mut resource = parent.clone();
    resource.set("service.instance.id", Value::Str(settings::instance_id().into()));
    resource.set("process.pid", Value::I64(std::process::id().into()));
    resource
}
