//! Gathering how the pipeline of the process fares.

use super::{GLOBAL, Telemetry, fork, is_enabled, running};
use crate::drain::Drain;
use crate::health::{Health, RingHealth};
use crate::metric;
use crate::record::Value;
use crate::resource::Resource;

impl Telemetry {
    /// How the pipeline fares: spans, ring, drain, and every sink with its last error, also after the shutdown.
    pub fn health(&self) -> Health {
        gather(self.drain().as_deref())
    }
}

/// How the pipeline that runs just now fares.
pub(crate) fn health() -> Health {
    let drain = running::drain();
    gather(drain.as_deref())
}

fn gather(drain: Option<&Drain>) -> Health {
    let (worker, sinks) = drain.map(Drain::health).unzip();
    let ring = GLOBAL.ring.allocated();
    Health {
        service: drain.and_then(|drain| service(drain.resource())),
        is_enabled: is_enabled(),
        spans: GLOBAL.accounting(),
        ring: RingHealth {
            capacity: GLOBAL.ring.capacity(),
            occupied: ring.map_or(0, crate::ring::Ring::occupied),
            is_operational: ring.is_some(),
        },
        drain: worker,
        sinks: sinks.unwrap_or_default(),
        conflicts: if fork::is_halted() { Vec::new() } else { metric::check() },
    }
}

fn service(resource: &Resource) -> Option<String> {
    match resource.get("service.name")? {
        Value::Str(name) => Some(name.to_string()),
        _ => None,
    }
}
