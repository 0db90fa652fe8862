//! Programs that are told by their environment alone to send to a collector and to write a SQLite file and a trace file, that
//! end in every way there is, and what all three have got then.
//!
//! Without a role this program is the test: it starts itself once for each role and protocol.
#![cfg_attr(unix, allow(unsafe_code, reason = "a signal is sent by the system's call"))]

#[cfg(unix)]
mod cases;
#[cfg(unix)]
mod received;
#[cfg(unix)]
mod roles;
#[cfg(unix)]
#[path = "../support/mod.rs"]
mod support;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    match std::env::var(cases::ROLE) {
        Ok(role) => roles::play(&role),
        Err(_) => cases::run(),
    }
}

#[cfg(not(unix))]
fn main() {}
