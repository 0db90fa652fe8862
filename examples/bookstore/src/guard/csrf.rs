//! Protection against forged orders: a token in a cookie must come back in a header, which another site cannot do.

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::COOKIE;
use http::request::Parts;
use telemetry_core::{Label, span};

use super::key::same;
use crate::app::AppError;
use crate::instruments::CSRF_VIOLATIONS;

/// The cookie with the token.
pub const CSRF_COOKIE: &str = "csrf";
/// The header that repeats it.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Proof that the token came back.
#[derive(Clone, Copy, Debug)]
pub struct CsrfChecked(());

/// What is wrong with the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Label, thiserror::Error)]
#[non_exhaustive]
pub enum CsrfViolation {
    /// No cookie.
    #[error("the cookie `csrf` is missing: ask `/csrf` for one")]
    NoCookie,
    /// No header.
    #[error("the header `x-csrf-token` is missing")]
    NoHeader,
    /// They differ.
    #[error("the header `x-csrf-token` is not the token of the cookie")]
    Mismatch,
}

/// Compares the two tokens of a request.
///
/// # Errors
/// One is missing or empty, or they differ.
#[span(name = "csrf.check")]
pub(super) fn check(headers: &HeaderMap) -> Result<CsrfChecked, CsrfViolation> {
    let cookie =
        cookie(headers, CSRF_COOKIE).filter(|token| !token.is_empty()).ok_or(CsrfViolation::NoCookie)?;
    let header = headers.get(CSRF_HEADER).ok_or(CsrfViolation::NoHeader)?;
    if same(cookie.as_bytes(), header.as_bytes()) {
        Ok(CsrfChecked(()))
    } else {
        Err(CsrfViolation::Mismatch)
    }
}

/// The value of the first cookie with this name.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

impl<S: Send + Sync> FromRequestParts<S> for CsrfChecked {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, AppError> {
        let checked = check(&parts.headers);
        if let Err(violation) = checked {
            CSRF_VIOLATIONS.with(violation).inc();
        }
        Ok(checked?)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn checked(cookie: Option<&'static str>, header: Option<&'static str>) -> Result<(), CsrfViolation> {
        let mut headers = HeaderMap::new();
        headers.extend(cookie.map(|value| (COOKIE, HeaderValue::from_static(value))));
        if let Some(value) = header {
            headers.insert(CSRF_HEADER, HeaderValue::from_static(value));
        }
        check(&headers).map(|_| ())
    }

    #[test]
    fn only_the_same_token_in_both_places_passes() {
        assert_eq!(checked(Some("theme=dark; csrf=abc"), Some("abc")), Ok(()));
        assert_eq!(checked(Some("csrf=abc"), Some("abd")), Err(CsrfViolation::Mismatch));
        assert_eq!(checked(Some("csrf=abc"), None), Err(CsrfViolation::NoHeader));
        assert_eq!(checked(Some("csrf="), Some("")), Err(CsrfViolation::NoCookie));
        assert_eq!(checked(Some("xcsrf=abc"), Some("abc")), Err(CsrfViolation::NoCookie));
        assert_eq!(checked(None, Some("abc")), Err(CsrfViolation::NoCookie));
    }
}
