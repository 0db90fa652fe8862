//! By which headers contexts go from process to process.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

use super::b3::{self, Said};
use super::baggage::{BAGGAGE, Baggage};
use super::carrier::{Extract, Inject, extract_with, inject_context};
use super::member::Keys;
use super::remote::{Held, Remote};
use crate::context::SpanContext;
use crate::span::Span;

/// By which headers contexts are read from requests that come in, and written to those that go out; what OpenTelemetry
/// has as `OTEL_PROPAGATORS`.
///
/// | word | headers |
/// |---|---|
/// | `tracecontext` | `traceparent` and `tracestate`, W3C Trace Context |
/// | `baggage` | [`baggage`](Baggage), W3C Baggage |
/// | `b3` | `b3`, the single header of B3 |
/// | `b3multi` | `x-b3-traceid`, `x-b3-spanid`, `x-b3-sampled`, `x-b3-flags`, the several headers of B3 |
/// | `none` | none; beside others it says nothing |
///
/// Where a request names its trace in several ways, W3C goes before B3, and the single header before the several. All that
/// are chosen are written.
///
/// By default it is `tracecontext` alone, where OpenTelemetry also has `baggage`: what strangers send as baggage would be
/// passed on to every host that is called, so that is to be asked for.
///
/// Of B3: identifiers of 64 bits are filled up with zeros on the left; a trace without a decision is decided here, as if it
/// began here ([`ParentBased`](crate::ParentBased)); `0` alone, without identifiers, has the request not recorded; debug
/// counts as sampled, and goes on as sampled. A header that is malformed names no trace.
///
/// # Examples
/// ```
/// use telemetry_core::propagate::Propagators;
///
/// let propagators: Propagators = "tracecontext,b3".parse()?;
/// let headers = [("b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1")];
/// let span = propagators.extract(&headers).remote.unwrap().span;
/// assert_eq!(span.span_id.to_string(), "e457b5a2e4d86bd1");
/// assert!("tracecontext,jaeger".parse::<Propagators>().is_err());
/// # Ok::<(), telemetry_core::propagate::UnknownPropagator>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Propagators(u8);

/// The words, those with headers in the order of their bits, and last the one for none.
pub(crate) const WORDS: &[&str] = &["tracecontext", "baggage", "b3", "b3multi", NONE];
const NONE: &str = "none";

/// A word that names no propagator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no propagator, expected tracecontext, baggage, b3, b3multi or none, separated by commas")]
pub struct UnknownPropagator(pub String);

/// Those of the process.
static OF_PROCESS: AtomicU8 = AtomicU8::new(Propagators::TRACE_CONTEXT.0);

impl Propagators {
    /// W3C Trace Context.
    pub const TRACE_CONTEXT: Self = Self(1);
    /// W3C Baggage.
    pub const BAGGAGE: Self = Self(1 << 1);
    /// The single header of B3.
    pub const B3: Self = Self(1 << 2);
    /// The several headers of B3.
    pub const B3_MULTI: Self = Self(1 << 3);
    /// Nothing is read, and nothing written.
    pub const NONE: Self = Self(0);

    /// These and others.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether all of the others are among these.
    pub const fn has(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Those of the process: what the setting `PROPAGATORS` says once a pipeline was started from settings, what was
    /// [set](Self::set_for_process) in code; else [`Propagators::TRACE_CONTEXT`].
    pub fn of_process() -> Self {
        Self(OF_PROCESS.load(Ordering::Relaxed))
    }

    /// Makes them those of the process, for requests from now on.
    pub fn set_for_process(self) {
        OF_PROCESS.store(self.0, Ordering::Relaxed);
    }

    /// What the headers of a request say.
    pub fn extract<C: Extract + ?Sized>(self, carrier: &C) -> Extracted {
        self.extract_with(carrier, Keys::Level2)
    }

    /// As [`extract`](Self::extract), with a choice of the keys that a `tracestate` may have.
    pub fn extract_with<C: Extract + ?Sized>(self, carrier: &C, keys: Keys) -> Extracted {
        let w3c = || if self.has(Self::TRACE_CONTEXT) { extract_with(carrier, keys) } else { None };
        let single = || if self.has(Self::B3) { b3::single(carrier) } else { None };
        let multi = || if self.has(Self::B3_MULTI) { b3::multi(carrier) } else { None };
        let baggage =
            if self.has(Self::BAGGAGE) { Baggage::parse(carrier.values(BAGGAGE)) } else { Baggage::EMPTY };
        let (remote, is_denied) = match w3c() {
            Some(remote) => (Some(remote), false),
            None => match single().or_else(multi) {
                Some(Said::Span(span)) => (Some(Remote { span, state: super::TraceState::EMPTY }), false),
                Some(Said::Denied) => (None, true),
                None => (None, false),
            },
        };
        Extracted { remote, baggage, is_denied }
    }

    /// Names the current span of this thread in headers that go out, and gives them the baggage that is current, over
    /// whatever was there. Without a current span, or without baggage, the headers for it stay as they are.
    pub fn inject<C: Inject + ?Sized>(self, carrier: &mut C) {
        self.inject_span(&Span::current(), carrier);
    }

    /// As [`inject`](Self::inject), of any span.
    pub fn inject_span<C: Inject + ?Sized>(self, span: &Span, carrier: &mut C) {
        if let Some(context) = span.context() {
            if self.has(Self::TRACE_CONTEXT) {
                inject_context(context, &span.trace_state(), carrier);
            }
            self.inject_b3(context, carrier);
        }
        if self.has(Self::BAGGAGE) {
            let baggage = span.baggage();
            if baggage.is_empty() && span.context().is_some() {
                carrier.remove(BAGGAGE);
            } else if !baggage.is_empty() {
                carrier.set(BAGGAGE, baggage.as_str());
            }
        }
    }

    fn inject_b3<C: Inject + ?Sized>(self, context: SpanContext, carrier: &mut C) {
        if self.has(Self::B3) {
            b3::inject_single(context, carrier);
        }
        if self.has(Self::B3_MULTI) {
            b3::inject_multi(context, carrier);
        }
    }

    /// Those that words name.
    pub(crate) fn of_words<S: AsRef<str>>(words: &[S]) -> Result<Self, UnknownPropagator> {
        let mut named = Self::NONE;
        for word in words.iter().map(S::as_ref) {
            named.0 |= match WORDS.iter().position(|known| *known == word) {
                Some(_) if word == NONE => 0,
                Some(bit) => 1 << bit,
                None => return Err(UnknownPropagator(word.to_owned())),
            };
        }
        Ok(named)
    }
}

/// [`Propagators::TRACE_CONTEXT`].
impl Default for Propagators {
    fn default() -> Self {
        Self::TRACE_CONTEXT
    }
}

/// The words, separated by commas.
impl fmt::Display for Propagators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<&str> = WORDS
            .iter()
            .enumerate()
            .filter(|(bit, _)| self.0 >> bit & 1 != 0)
            .map(|(_, word)| *word)
            .collect();
        f.write_str(if named.is_empty() { NONE } else { "" })?;
        f.write_str(&named.join(","))
    }
}

impl fmt::Debug for Propagators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Propagators({self})")
    }
}

impl std::str::FromStr for Propagators {
    type Err = UnknownPropagator;

    fn from_str(words: &str) -> Result<Self, UnknownPropagator> {
        let words: Vec<&str> = words.split(',').map(str::trim).collect();
        Self::of_words(&words)
    }
}

/// What the headers of a request say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extracted {
    /// The span of the sender, with the state of its trace.
    pub remote: Option<Remote>,
    /// The baggage.
    pub baggage: Baggage,
    /// The sender names no span, and has the request not recorded (B3 alone can say so).
    pub is_denied: bool,
}

impl Extracted {
    /// Keeps all of it at hand for the spans of a request, as [`Remote::hold`] does. None where the headers say nothing.
    ///
    /// Where no span is named, the spans opened under it are of one trace of our own.
    #[must_use = "what is held is let go of as soon as this is dropped"]
    pub fn hold(&self) -> Option<Held> {
        match &self.remote {
            Some(remote) => Some(Held::of(remote, &self.baggage)),
            None if self.baggage.is_empty() && !self.is_denied => None,
            None => Some(Held::of_nobody(&self.baggage, self.is_denied)),
        }
    }
}
