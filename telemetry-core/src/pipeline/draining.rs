//! Taking finished spans out of the ring, and holding back those whose traces are not decided.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use super::Pipeline;
use crate::keep::{Holding, KeepTraces, Ledger, Watching};
use crate::record::SpanRecord;
use crate::ring::{Ring, Sweep};
use crate::sample::Sampler;
use crate::span::decode::Decoder;

/// The passes over the ring that one call begins at the most: one to read, and one more for local roots that it read.
const PASSES: usize = 2;

/// What the drain's side of the ring remembers.
pub(super) struct Consumer {
    sweep: Sweep,
    holding: Option<Box<Holding>>,
}

impl Consumer {
    pub(super) const fn new() -> Self {
        Self { sweep: Sweep::new(), holding: None }
    }
}

impl Pipeline {
    /// Reads up to `max` finished spans; zero means that nothing more is ready now.
    pub(crate) fn drain_spans(&self, max: usize, out: &mut Vec<SpanRecord>) -> usize {
        let Some(ring) = self.ring.allocated() else { return 0 };
        let Consumer { sweep, holding } = &mut *self.consumer();
        let taken = match holding {
            Some(holding) => self.sift(ring, sweep, holding, max, out),
            None => self.pass(ring, sweep, max, |span| out.push(span)),
        };
        // Release: pairs with the Acquire in `accounting`; whoever sees spans as taken sees them as opened.
        self.taken.fetch_add(taken as u64, Ordering::Release);
        taken
    }

    /// Reads up to `max` spans of a pass, one that is begun here if none is under way.
    fn pass(&self, ring: &Ring, sweep: &mut Sweep, max: usize, mut each: impl FnMut(SpanRecord)) -> usize {
        if !sweep.is_open() {
            sweep.begin(ring);
        }
        let mut decoder = Decoder::new(self.timeline.conversion());
        let mut taken = 0;
        while taken == 0 && sweep.is_open() {
            taken = ring.drain(sweep, max, |slot| each(decoder.record(slot)));
        }
        taken
    }

    /// Reads on until spans are to be handed out or nothing more is ready.
    fn sift(
        &self,
        ring: &Ring,
        sweep: &mut Sweep,
        holding: &mut Holding,
        max: usize,
        out: &mut Vec<SpanRecord>,
    ) -> usize {
        let ledger = self.ledger();
        let now = self.timeline.monotonic_nanos();
        holding.settle_in();
        let mut begun = 0;
        loop {
            if !sweep.is_open() {
                begun += 1;
                holding.pass_begins();
                sweep.begin(ring);
            }
            while sweep.is_open() && !holding.is_ready() {
                self.pass(ring, sweep, max, |span| holding.take(span, now, ledger));
            }
            if !sweep.is_open() {
                holding.pass_ended(now, ledger);
            }
            let is_over = begun == PASSES || !holding.awaits_pass();
            if !holding.is_ready() && is_over {
                holding.finish(now, ledger);
            }
            if holding.is_ready() || is_over {
                return holding.hand_out(max, out);
            }
        }
    }

    /// Keeps traces for how they end, from those that begin from now on; none ends it. Spans that wait for a decision of
    /// an earlier policy are dropped and counted.
    pub(crate) fn set_keep(&self, policy: Option<KeepTraces>) {
        let mut consumer = self.consumer();
        if let Some(holding) = &mut consumer.holding {
            self.not_kept.fetch_add(holding.abandon() as u64, Ordering::Release);
        }
        consumer.holding = policy.map(|policy| Box::new(Holding::new(policy)));
        self.keep_counts.begin_anew();
        self.watching.store(policy.is_some(), Ordering::Relaxed);
    }

    /// Lets nothing wait any more: the next drain decides what does.
    pub(crate) fn conclude(&self) {
        if let Some(holding) = &mut self.consumer().holding {
            holding.conclude();
        }
    }

    /// Whether traces that the sampler does not want are recorded, for how they end.
    pub(crate) fn watches(&self) -> bool {
        self.watching.load(Ordering::Relaxed)
    }

    /// Puts another sampler in; where traces are kept for how they end, what it drops is watched.
    pub(crate) fn set_sampler(&self, sampler: Box<dyn Sampler>) {
        self.sampler.set(if self.watches() { Box::new(Watching(sampler)) } else { sampler });
    }

    /// Puts another sampler in, or none, which records everything.
    pub(crate) fn reset_sampler(&self, sampler: Option<Box<dyn Sampler>>) {
        match sampler {
            Some(sampler) => self.set_sampler(sampler),
            None => self.sampler.clear(),
        }
    }

    fn ledger(&self) -> Ledger<'_> {
        Ledger { counts: &self.keep_counts, not_kept: &self.not_kept }
    }

    fn consumer(&self) -> MutexGuard<'_, Consumer> {
        self.consumer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
