//! A panic leaves spans whole: a slot's length counts move after its bytes.

use std::panic::{RefUnwindSafe, UnwindSafe};

use super::{Span, SpanGuard, TaskSpan};

impl UnwindSafe for Span {}
impl RefUnwindSafe for Span {}
impl UnwindSafe for SpanGuard {}
impl RefUnwindSafe for SpanGuard {}
impl UnwindSafe for TaskSpan {}
impl RefUnwindSafe for TaskSpan {}
