//! Instruments as contestants: bursts of updates, and the values read back.

use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use crate::measure::{Contestant, Reading, Role};
use crate::pair::{self, Job};
use crate::work::{repeat, value_of, values};

/// Updates of a burst; on two threads, of each.
const UPDATES: u64 = 20_000;
/// How far a sum may be off for the order in which two threads' values were added.
const TOLERANCE: f64 = 1e-6;

/// What an instrument says it has counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Counted {
    pub(super) updates: u64,
    /// The sum of all observations, for what keeps one.
    pub(super) sum: Option<f64>,
}

impl Counted {
    /// The total of a counter.
    pub(super) const fn total(updates: u64) -> Self {
        Self { updates, sum: None }
    }

    /// The observations of a histogram with their sum.
    pub(super) const fn observed(updates: u64, sum: f64) -> Self {
        Self { updates, sum: Some(sum) }
    }
}

/// One library's way to update a counter or a histogram.
pub(super) struct Instrument {
    name: &'static str,
    role: Role,
    /// Makes so many updates, on any thread.
    update: Arc<dyn Fn(u64) + Send + Sync>,
    /// Runs after each burst, outside the timing.
    settle: Box<dyn Fn()>,
    read: Box<dyn Fn() -> Counted>,
    /// The sum of the observations of one burst on one thread.
    sum: f64,
}

impl Instrument {
    /// A counter: `add` counts one.
    pub(super) fn counter<R>(
        name: &'static str,
        role: Role,
        add: impl Fn() -> R + Send + Sync + 'static,
        read: impl Fn() -> u64 + 'static,
    ) -> Self {
        Self {
            name,
            role,
            update: Arc::new(move |times| repeat(times, |_| add())),
            settle: Box::new(|| {}),
            read: Box::new(move || Counted::total(read())),
            sum: 0.0,
        }
    }

    /// A histogram: `observe` counts a value.
    pub(super) fn histogram<R>(
        name: &'static str,
        role: Role,
        observe: impl Fn(f64) -> R + Send + Sync + 'static,
        read: impl Fn() -> Counted + 'static,
    ) -> Self {
        let observed = values();
        Self {
            name,
            role,
            update: Arc::new(move |times| repeat(times, |turn| observe(value_of(observed, turn)))),
            settle: Box::new(|| {}),
            read: Box::new(read),
            sum: (0..UPDATES).map(|turn| value_of(observed, turn)).sum(),
        }
    }

    /// Runs `settle` after each burst.
    pub(super) fn settled(mut self, settle: impl Fn() + 'static) -> Self {
        self.settle = Box::new(settle);
        self
    }

    /// Nanoseconds an update, on one thread.
    pub(super) fn single(self) -> Contestant {
        self.contestant(|update, settle| {
            let alone = alone(update);
            settle();
            (Reading::of(alone), 1)
        })
    }

    /// Nanoseconds an update on two threads together, and on one alone.
    pub(super) fn paired(self) -> Contestant {
        let update = Arc::clone(&self.update);
        let job: Job = Arc::new(move || update(UPDATES));
        self.contestant(move |update, settle| {
            let alone = alone(update);
            settle();
            let together = pair::both(&job).as_nanos() as f64 / (2 * UPDATES) as f64;
            settle();
            (Reading { figure: together, alone: Some(alone) }, 3)
        })
    }

    /// `burst` returns how many times `UPDATES` it has made.
    fn contestant(self, burst: impl Fn(&dyn Fn(u64), &dyn Fn()) -> (Reading, u64) + 'static) -> Contestant {
        let Self { name, role, update, settle, read, sum } = self;
        let before = read();
        let made = Rc::new(Cell::new(0));
        let runs = Rc::clone(&made);
        Contestant {
            name: name.to_owned(),
            role,
            burst: Box::new(move || {
                let (reading, times) = burst(&*update, &*settle);
                runs.set(runs.get() + times);
                reading
            }),
            check: Box::new(move || compare(before, read(), made.get(), sum)),
        }
    }
}

/// Nanoseconds a call of `set`, on one thread; `read` gives back what was set last.
pub(super) fn gauge<V: Copy + From<u32> + 'static, R>(
    name: &'static str,
    role: Role,
    set: impl Fn(V) -> R + 'static,
    read: impl Fn() -> f64 + 'static,
) -> Contestant {
    let last = Rc::new(Cell::new(0_u32));
    let bursts = Rc::clone(&last);
    Contestant {
        name: name.to_owned(),
        role,
        burst: Box::new(move || {
            bursts.set(bursts.get() + 1);
            let value = V::from(bursts.get());
            let began = Instant::now();
            repeat(UPDATES, |_| set(black_box(value)));
            Reading::of(began.elapsed().as_nanos() as f64 / UPDATES as f64)
        }),
        check: Box::new(move || match (f64::from(last.get()), read()) {
            (set, read) if set.total_cmp(&read).is_eq() => Ok(format!("{read} read back")),
            (set, read) => Err(format!("expected {set}, read {read}")),
        }),
    }
}

fn alone(update: &dyn Fn(u64)) -> f64 {
    let began = Instant::now();
    update(UPDATES);
    began.elapsed().as_nanos() as f64 / UPDATES as f64
}

/// The values have grown by what `runs` runs made, and by nothing else.
fn compare(before: Counted, after: Counted, runs: u64, sum_of_run: f64) -> Result<String, String> {
    let expected = runs * UPDATES;
    let counted = after.updates.wrapping_sub(before.updates);
    if counted != expected {
        return Err(format!("expected {expected} updates, read {counted}"));
    }
    let (Some(after), Some(before)) = (after.sum, before.sum) else {
        return Ok(format!("{counted} updates read back"));
    };
    let (expected, summed) = (runs as f64 * sum_of_run, after - before);
    if ((summed - expected) / expected).abs() > TOLERANCE {
        return Err(format!("expected a sum of {expected}, read {summed}"));
    }
    Ok(format!("{counted} updates and their sum read back"))
}
