//! Trace and span identifiers, and how they are written.

use std::fmt;

/// The identifier of a trace: 16 bytes, written as 32 lowercase hexadecimal digits (W3C Trace Context).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(u128);

/// The identifier of a span: 8 bytes, written as 16 lowercase hexadecimal digits (W3C Trace Context).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(u64);

impl TraceId {
    pub(crate) const MAX: Self = Self(u128::MAX);

    /// Makes an identifier from its number; zero is no identifier.
    pub const fn new(value: u128) -> Option<Self> {
        if value == 0 { None } else { Some(Self(value)) }
    }

    /// The identifier as a number, most significant byte first on the wire.
    pub const fn to_u128(self) -> u128 {
        self.0
    }

    /// The 16 bytes, in the order they go over the wire.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl SpanId {
    pub(crate) const MAX: Self = Self(u64::MAX);

    /// Makes an identifier from its number; zero is no identifier.
    pub const fn new(value: u64) -> Option<Self> {
        if value == 0 { None } else { Some(Self(value)) }
    }

    /// The identifier as a number, most significant byte first on the wire.
    pub const fn to_u64(self) -> u64 {
        self.0
    }

    /// The 8 bytes, in the order they go over the wire.
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanId({self})")
    }
}
