//! Programs that end in every way there is, and what they have delivered then, counted line by line.
//!
//! Without a role this program is the test: it starts itself once for each role and looks at what came out.
#![cfg_attr(unix, allow(unsafe_code, reason = "signals are sent and awaited by the system's calls"))]

#[cfg(unix)]
mod cases;
#[cfg(unix)]
mod roles;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    match std::env::var(cases::ROLE) {
        Ok(role) => roles::play(&role),
        Err(_) => cases::run(),
    }
}

#[cfg(not(unix))]
fn main() {}
