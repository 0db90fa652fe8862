//! Whose trace a request brings, by whatever headers were chosen.

use telemetry_core::SpanContext;
use telemetry_core::propagate::{Extracted, Held, Propagators};

use super::options::Options;
use crate::headers::Seen;

/// What a request says of its caller.
pub(super) struct Caller<'a> {
    seen: &'a Seen<'a>,
    /// The caller's span.
    pub(super) parent: Option<SpanContext>,
    /// All that was read, where it was not Trace Context alone.
    extracted: Option<Box<Extracted>>,
}

impl<'a> Caller<'a> {
    pub(super) fn of(options: &Options, seen: &'a Seen<'a>) -> Self {
        let propagators = options.propagators.unwrap_or_else(Propagators::of_process);
        if propagators == Propagators::TRACE_CONTEXT {
            Self { seen, parent: seen.parent(), extracted: None }
        } else {
            Self::by_others(options, propagators, seen)
        }
    }

    #[cold]
    fn by_others(options: &Options, propagators: Propagators, seen: &'a Seen<'a>) -> Self {
        let extracted = propagators.extract_with(&seen.all(), options.keys);
        let parent = extracted.remote.as_ref().map(|remote| remote.span);
        Self { seen, parent, extracted: Some(Box::new(extracted)) }
    }

    /// Whether the caller's span is all that there is to continue: no state of its trace, no baggage.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.extracted.is_none() && !self.seen.has_state
    }

    /// Keeps what the caller brought, as far as callers are trusted with it.
    #[inline(always)]
    pub(super) fn hold(self, options: &Options) -> Option<Held> {
        match self.extracted {
            None => Some(self.seen.hold(trusted(options, self.parent?), options.keys)),
            Some(extracted) => Self::hold_others(*extracted, options),
        }
    }

    #[cold]
    fn hold_others(mut extracted: Extracted, options: &Options) -> Option<Held> {
        if let Some(remote) = &mut extracted.remote {
            remote.span = trusted(options, remote.span);
        }
        extracted.hold()
    }

    /// Keeps the state of the caller's trace, for a link to that, and nothing else.
    pub(super) fn hold_state(self, options: &Options) -> Option<Held> {
        match self.extracted {
            None => Some(self.seen.hold(self.parent?, options.keys)),
            Some(extracted) => extracted.remote.map(|remote| remote.hold()),
        }
    }
}

/// A caller's span, without its sampled flag where callers have had their share.
#[inline]
pub(super) fn trusted(options: &Options, span: SpanContext) -> SpanContext {
    options.cap.as_ref().map_or(span, |cap| cap.hold_back(span))
}
