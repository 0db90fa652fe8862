//! All that macro expansions may name. Not a public interface: it changes without notice.

pub use crate::record::{Origin, SpanKind};
pub use crate::span::expansion::{open, open_root, open_task, open_task_root};
pub use crate::span::{AttributeValue, CallSite, Constant, Site, Span, SpanGuard, TaskSpan};
