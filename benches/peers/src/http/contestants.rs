//! Layers as contestants: bursts of requests, and what was recorded of them.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

use axum::Router;

use super::service::{Prototype, serve};
use crate::measure::{Contestant, Reading, Role};
use crate::spans::Mode;

/// Requests of a burst: as many as fastrace's queue takes without waking its collector.
const REQUESTS: u64 = 1_000;

/// A router with a library's layer around it.
pub(super) struct Layered {
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) router: Router,
    /// Makes the process ready for a burst in this mode.
    pub(super) select: fn(Mode),
    /// Hands over what has been recorded and waits until it was received.
    pub(super) settle: fn(),
    /// What has been received so far: a span of each request that is sampled, or its count.
    pub(super) received: fn() -> u64,
    /// Whether requests are counted, sampled or not.
    pub(super) counts: bool,
}

impl Layered {
    /// Nanoseconds a request.
    pub(super) fn contestant(self, mode: Mode) -> Contestant {
        let Self { name, role, router, select, settle, received, counts } = self;
        let prototype = Prototype::new(mode == Mode::Sampled);
        let recorded = counts || (role != Role::Limit && mode == Mode::Sampled);
        let before = received();
        let sent = Rc::new(Cell::new(0));
        let requests = Rc::clone(&sent);
        Contestant {
            name: name.to_owned(),
            role,
            burst: Box::new(move || {
                select(mode);
                let mut service = router.clone();
                let began = Instant::now();
                serve(&mut service, &prototype, REQUESTS);
                let spent = began.elapsed();
                settle();
                requests.set(requests.get() + REQUESTS);
                Reading::of(spent.as_nanos() as f64 / REQUESTS as f64)
            }),
            check: Box::new(move || {
                let expected = if recorded { sent.get() } else { 0 };
                match received() - before {
                    received if received == expected => Ok(format!("{received} requests recorded")),
                    received => Err(format!("expected {expected} requests recorded, found {received}")),
                }
            }),
        }
    }
}
