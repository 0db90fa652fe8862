//! The methods a metric tells apart.

use http::Method;

/// A request's method as a label and as the first word of a span's name. A method outside the list of RFC 9110 and
/// RFC 5789 is `_OTHER`, so that a caller cannot make series or names by inventing methods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum KnownMethod {
    /// `CONNECT`.
    Connect,
    /// `DELETE`.
    Delete,
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
    /// `OPTIONS`.
    Options,
    /// `PATCH`.
    Patch,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `TRACE`.
    Trace,
    /// Any other.
    #[default]
    Other,
}

impl KnownMethod {
    /// Every one, in the order of the declaration.
    pub(crate) const ALL: [Self; 10] = [
        Self::Connect,
        Self::Delete,
        Self::Get,
        Self::Head,
        Self::Options,
        Self::Patch,
        Self::Post,
        Self::Put,
        Self::Trace,
        Self::Other,
    ];

    /// The method as it stands in a span's name: `HTTP` for one outside the list, as OpenTelemetry has it.
    pub(crate) const fn as_name(self) -> &'static str {
        match self {
            Self::Other => "HTTP",
            known => known.as_str(),
        }
    }

    /// The method of a request.
    pub(crate) fn of(method: &Method) -> Self {
        match *method {
            Method::CONNECT => Self::Connect,
            Method::DELETE => Self::Delete,
            Method::GET => Self::Get,
            Method::HEAD => Self::Head,
            Method::OPTIONS => Self::Options,
            Method::PATCH => Self::Patch,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::TRACE => Self::Trace,
            _ => Self::Other,
        }
    }

    /// The method as it is written, or `_OTHER`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Trace => "TRACE",
            Self::Other => "_OTHER",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_stands_at_its_own_number() {
        for (number, method) in KnownMethod::ALL.into_iter().enumerate() {
            assert_eq!(method as usize, number);
        }
    }

    #[test]
    fn known_methods_keep_their_names_and_invented_ones_share_one() {
        for name in ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"] {
            assert_eq!(KnownMethod::of(&name.parse().unwrap()).as_str(), name);
        }
        for name in ["get", "BREW", "PROPFIND"] {
            assert_eq!(KnownMethod::of(&name.parse().unwrap()).as_str(), "_OTHER");
        }
    }
}
