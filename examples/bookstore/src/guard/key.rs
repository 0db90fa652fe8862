//! API keys: who is asking.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use telemetry_core::trace;

use crate::app::AppError;
use crate::instruments::{AUTHENTICATIONS, Authentication};

/// The header a client names itself by.
pub const API_KEY_HEADER: &str = "x-api-key";

/// What a client may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Buys books.
    Customer,
    /// Runs the store.
    Admin,
}

/// How much a client may do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Requests it may make at once.
    pub burst: u32,
    /// Requests a second it may go on with.
    pub per_second: f64,
    /// Orders it may place in a day.
    pub orders_per_day: u32,
}

impl Plan {
    /// Without a key: enough to browse.
    pub const ANONYMOUS: Self = Self { burst: 1_000, per_second: 100.0, orders_per_day: 0 };
    /// A taste: a handful of requests, two orders.
    pub const TRIAL: Self = Self { burst: 8, per_second: 1.0 / 3600.0, orders_per_day: 2 };
    /// A paying customer, or the store's own services.
    pub const PARTNER: Self = Self { burst: 100_000, per_second: 10_000.0, orders_per_day: 1_000_000 };
}

/// A client whose key is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Its name, safe to write down; the key is not.
    pub name: Arc<str>,
    /// What it may do.
    pub role: Role,
    /// How much of it.
    pub plan: Plan,
}

/// Why a request is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// No key.
    #[error("the header `x-api-key` is missing")]
    Missing,
    /// A key of no client.
    #[error("the key in `x-api-key` is not known")]
    Unknown,
}

/// The keys the store knows.
#[derive(Clone, Default)]
pub struct KeyRing {
    entries: Arc<[(String, Client)]>,
}

impl KeyRing {
    /// A ring of these keys.
    pub fn new(entries: impl IntoIterator<Item = (String, Client)>) -> Self {
        Self { entries: entries.into_iter().collect() }
    }

    /// The keys of the demonstration: `reader` and `trial` for customers, `keeper` for an administrator.
    pub fn demonstration() -> Self {
        let client = |name: &str, role, plan| Client { name: name.into(), role, plan };
        Self::new([
            ("reader-key".to_owned(), client("reader", Role::Customer, Plan::PARTNER)),
            ("trial-key".to_owned(), client("trial", Role::Customer, Plan::TRIAL)),
            ("keeper-key".to_owned(), client("keeper", Role::Admin, Plan::PARTNER)),
        ])
    }

    /// The client with this key.
    pub fn find(&self, key: &[u8]) -> Option<&Client> {
        // All entries are compared, and each in full, so that the time taken tells nothing about a key.
        let mut found = None;
        for (known, client) in self.entries.iter() {
            if same(known.as_bytes(), key) {
                found = Some(client);
            }
        }
        found
    }

    /// Who the request says it is from.
    ///
    /// # Errors
    /// No key, or one nobody has.
    pub fn identify(&self, headers: &http::HeaderMap) -> Result<Client, AuthError> {
        let key = headers.get(API_KEY_HEADER).ok_or(AuthError::Missing)?;
        self.find(key.as_bytes()).cloned().ok_or(AuthError::Unknown)
    }
}

/// Compares two secrets in a time that depends on their lengths alone.
pub(super) fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

impl<S> FromRequestParts<S> for Client
where
    S: Send + Sync,
    KeyRing: FromRef<S>,
{
    type Rejection = AppError;

    #[trace(name = "auth.identify", attrs(client.name: str), bind = span)]
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let identified = KeyRing::from_ref(state).identify(&parts.headers);
        AUTHENTICATIONS
            .with(match &identified {
                Ok(_) => Authentication::Accepted,
                Err(AuthError::Missing) => Authentication::Missing,
                Err(AuthError::Unknown) => Authentication::Rejected,
            })
            .inc();
        let client = identified?;
        span.client_name(&client.name);
        Ok(client)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    #[test]
    fn a_key_names_its_client_and_no_other() {
        let ring = KeyRing::demonstration();
        let identified = |key: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(API_KEY_HEADER, HeaderValue::from_static(key));
            ring.identify(&headers).map(|client| client.role)
        };
        assert_eq!(identified("reader-key"), Ok(Role::Customer));
        assert_eq!(identified("keeper-key"), Ok(Role::Admin));
        assert_eq!(identified("keeper-ke"), Err(AuthError::Unknown));
        assert_eq!(identified(""), Err(AuthError::Unknown));
        assert_eq!(ring.identify(&HeaderMap::new()), Err(AuthError::Missing));
    }
}
