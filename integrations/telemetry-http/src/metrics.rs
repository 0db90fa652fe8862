//! The metrics of requests.
