//! Limits how often a client may ask, by a token bucket a client.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use telemetry_core::Span;

use super::{Plan, TokenBucket};
use crate::app::{AppError, AppState};
use crate::instruments::{Backend, RATE_LIMIT_HITS};

/// Buckets kept at most. At the limit those that are full again are forgotten, which changes nothing for their
/// owners; if none is, new clients share one bucket.
const MAX_BUCKETS: usize = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Caller {
    Client(Arc<str>),
    Address(IpAddr),
    Unknown,
}

/// The least time between two sweeps of a full table, so that a flood cannot make every request pay for one.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// The buckets of all clients.
#[derive(Debug, Default)]
pub struct RateLimiter {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    buckets: HashMap<Caller, (TokenBucket, Plan)>,
    swept_at: Option<Instant>,
}

impl RateLimiter {
    fn take(&self, caller: Caller, plan: Plan, now: Instant) -> Result<(), Duration> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let caller = if table.has_room_for(&caller, now) { caller } else { Caller::Unknown };
        let full = || (TokenBucket::full(plan.burst, now), plan);
        let (bucket, _) = table.buckets.entry(caller).or_insert_with(full);
        bucket.take(plan.burst, plan.per_second, now)
    }
}

impl Table {
    fn has_room_for(&mut self, caller: &Caller, now: Instant) -> bool {
        if self.buckets.len() < MAX_BUCKETS || self.buckets.contains_key(caller) {
            return true;
        }
        if self.swept_at.is_none_or(|last| now.saturating_duration_since(last) >= SWEEP_INTERVAL) {
            self.swept_at = Some(now);
            self.buckets.retain(|_, (bucket, plan)| !bucket.is_full(plan.burst, plan.per_second, now));
        }
        self.buckets.len() < MAX_BUCKETS
    }
}

/// Passes a request on while its client has tokens: by its key where that is known, else by its address.
///
/// # Errors
/// [`AppError::RateLimited`] with the time to wait.
pub async fn limit(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, AppError> {
    let (caller, plan) = match state.keys.identify(request.headers()) {
        Ok(client) => (Caller::Client(client.name), client.plan),
        Err(_) => (address(&request), Plan::ANONYMOUS),
    };
    if let Err(wait) = state.limiter.take(caller, plan, Instant::now()) {
        RATE_LIMIT_HITS.with(Backend::Memory).inc();
        Span::current().event("rate_limited");
        return Err(AppError::RateLimited(wait));
    }
    Ok(next.run(request).await)
}

fn address(request: &Request) -> Caller {
    let info = request.extensions().get::<ConnectInfo<SocketAddr>>();
    info.map_or(Caller::Unknown, |ConnectInfo(peer)| Caller::Address(peer.ip()))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const PLAN: Plan = Plan { burst: 1, per_second: 1.0, orders_per_day: 0 };

    fn caller(number: u32) -> Caller {
        Caller::Address(IpAddr::V4(Ipv4Addr::from_bits(number)))
    }

    #[test]
    fn clients_do_not_share_a_bucket() {
        let limiter = RateLimiter::default();
        let now = Instant::now();
        assert!(limiter.take(caller(1), PLAN, now).is_ok());
        assert!(limiter.take(caller(1), PLAN, now).is_err());
        assert!(limiter.take(caller(2), PLAN, now).is_ok());
    }

    #[test]
    fn a_flood_of_addresses_does_not_grow_the_table_for_ever() {
        let limiter = RateLimiter::default();
        let now = Instant::now();
        for number in 0..20_000 {
            let _ = limiter.take(caller(number), PLAN, now);
        }
        let kept = || limiter.table.lock().unwrap().buckets.len();
        assert_eq!(kept(), MAX_BUCKETS + 1, "the limit, and the bucket that late comers share");
        assert!(limiter.take(caller(30_000), PLAN, now + Duration::from_secs(2)).is_ok());
        assert_eq!(kept(), 1);
    }
}
