//! Opening a span step by step: names, kinds, parents and links of run time.

use super::bits;
use super::guard::SpanGuard;
use super::name::Name;
use super::open::{OWNED, Opened, begin, begin_root_named, begin_under, wrapper};
use super::site::CallSite;
use super::task::TaskSpan;
use super::{Instrumented, write};
use crate::context::{Current, Local, SpanContext};
use crate::propagate::Held;
use crate::record::SpanKind;
use crate::ring::state;
use crate::sample::{AlwaysSample, Sampler};

/// Opens a span step by step, where the macros do not reach: a name or kind of run time, an explicit parent, links.
///
/// ```
/// use telemetry_core::{CallSite, Name, Origin, Site, SpanBuilder, SpanKind};
/// static SITE: CallSite = CallSite::new(Site {
///     name: "job",
///     kind: SpanKind::Internal,
///     keys: &[],
///     constants: &[],
///     origin: &Origin { crate_name: "app", crate_version: "1.0.0", module: "app", file: "app.rs" }, line: 1,
/// });
/// let span = SpanBuilder::new(&SITE).name(Name::interned("job nightly")).kind(SpanKind::Consumer).enter();
/// assert!(!span.is_recording(), "nothing is recorded before the pipeline has started");
/// ```
#[derive(Clone, Copy)]
#[must_use = "a span is opened by `enter`, `task` or `instrument`"]
pub struct SpanBuilder<'a> {
    site: &'static CallSite,
    name: Option<Name<'a>>,
    kind: Option<SpanKind>,
    parent: Parent,
    links: &'a [SpanContext],
    sampler: Option<&'a dyn Sampler>,
}

#[derive(Clone, Copy)]
enum Parent {
    Current,
    Root,
    Given(SpanContext),
    Remote(SpanContext, u32),
}

impl<'a> SpanBuilder<'a> {
    /// A child of the current span, named and of the kind its call site says.
    pub const fn new(site: &'static CallSite) -> Self {
        Self { site, name: None, kind: None, parent: Parent::Current, links: &[], sampler: None }
    }

    /// Gives it another name.
    pub const fn name(mut self, name: Name<'a>) -> Self {
        self.name = Some(name);
        self
    }

    /// Gives it another kind.
    pub const fn kind(mut self, kind: SpanKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Makes it the root of a new trace.
    pub const fn root(mut self) -> Self {
        self.parent = Parent::Root;
        self
    }

    /// Makes it a child of another span than the current one. A parent of this process hands its decision down; under
    /// one that came from another process it is a local root, and the sampler sees the parent.
    pub const fn parent(mut self, parent: SpanContext) -> Self {
        self.parent = Parent::Given(parent);
        self
    }

    /// Makes it a local root under a span of another process, in the trace and with the state that came from there.
    pub const fn remote(mut self, parent: &Held) -> Self {
        self.parent = Parent::Remote(parent.span(), parent.number());
        self
    }

    /// Records it whatever the sampler says, when it is a local root.
    pub const fn always(self) -> Self {
        self.sampler(&AlwaysSample)
    }

    /// Lets this sampler decide, instead of the call site's or the pipeline's, when it is a local root.
    pub const fn sampler(mut self, sampler: &'a dyn Sampler) -> Self {
        self.sampler = Some(sampler);
        self
    }

    /// Refers to other spans.
    pub const fn links(mut self, links: &'a [SpanContext]) -> Self {
        self.links = links;
        self
    }

    /// Opens it for this scope.
    pub fn enter(self) -> SpanGuard {
        Local::with(|local| SpanGuard::enter(local, self.begin(local, OWNED)))
    }

    /// Opens it for a future, to be entered at each poll.
    pub fn task(self) -> TaskSpan {
        Local::with(|local| wrapper(local, self.site, self.begin(local, state::DETACHED)))
    }

    /// Opens it around a future or a stream.
    pub fn instrument<F>(self, future: F) -> Instrumented<F> {
        Instrumented::new(future, self.task())
    }

    #[allow(unsafe_code, reason = "the slot was just opened by this thread")]
    fn begin(self, local: &Local, owner: u32) -> Opened {
        let name = self.name.map_or(self.site.site.name, |name| name.text());
        let opened = match self.parent {
            Parent::Current => begin(local, self.site, owner),
            Parent::Root => begin_root_named(local, self.site, Current::NONE, name, self.sampler, owner),
            Parent::Given(parent) if parent.remote => {
                begin_root_named(local, self.site, parent.to_current(), name, self.sampler, owner)
            }
            Parent::Given(parent) => begin_under(local, self.site, parent, owner),
            Parent::Remote(parent, state) => {
                begin_root_named(local, self.site, parent.to_current_with(state), name, self.sampler, owner)
            }
        };
        // SAFETY: the pointer is null or a slot of a ring, which is never freed.
        if let Some(slot) = unsafe { opened.inside.slot.as_ref() } {
            slot.body.with_mut(|body| {
                // SAFETY: the span was opened by this thread a moment ago and nobody else has its handle yet.
                let body = unsafe { &mut *body };
                if let Some(kind) = self.kind {
                    body.bits = bits::set_kind(body.bits, kind);
                }
                if let Some(name) = self.name {
                    name.write(body);
                }
                for link in self.links {
                    write::link(body, *link);
                }
            });
        }
        opened
    }
}
