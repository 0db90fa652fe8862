//! The guard of the back office.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use telemetry_core::{Label, trace};

use super::{Client, KeyRing, Role};
use crate::app::AppError;
use crate::instruments::GUARD_DENIALS;

/// A client that may run the store.
#[derive(Clone, Debug)]
pub struct Admin(pub Client);

/// Why the back office stays closed to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Label, thiserror::Error)]
#[non_exhaustive]
pub enum GuardDenial {
    /// It is nobody known.
    #[error("the back office is open to administrators only, and nobody is known by this request")]
    Anonymous,
    /// It is a customer.
    #[error("the back office is open to administrators only")]
    NotAdmin,
}

impl<S> FromRequestParts<S> for Admin
where
    S: Send + Sync,
    KeyRing: FromRef<S>,
{
    type Rejection = AppError;

    #[trace(name = "guard.admin")]
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let denial = match Client::from_request_parts(parts, state).await {
            Ok(client) if client.role == Role::Admin => return Ok(Self(client)),
            Ok(_) => GuardDenial::NotAdmin,
            Err(_) => GuardDenial::Anonymous,
        };
        GUARD_DENIALS.with(denial).inc();
        Err(denial.into())
    }
}
