//! What stands between a request and the work: who is asking, how often, and with what right.

mod admin;
mod csrf;
mod key;
mod rate_limit;
mod token_bucket;

pub use admin::{Admin, GuardDenial};
pub use csrf::{CSRF_COOKIE, CSRF_HEADER, CsrfChecked, CsrfViolation};
pub use key::{API_KEY_HEADER, AuthError, Client, KeyRing, Plan, Role};
pub use rate_limit::{RateLimiter, limit};
pub use token_bucket::TokenBucket;
