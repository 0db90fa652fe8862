//! The guard of the back office.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use super::{Client, KeyRing, Role};
use crate::app::AppError;

/// A client that may run the store.
#[derive(Clone, Debug)]
pub struct Admin(pub Client);

/// Why the back office stays closed to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
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

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let client = Client::from_request_parts(parts, state).await.map_err(|_| GuardDenial::Anonymous)?;
        match client.role {
            Role::Admin => Ok(Self(client)),
            Role::Customer => Err(GuardDenial::NotAdmin.into()),
        }
    }
}
