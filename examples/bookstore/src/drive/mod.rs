//! The drive: the server's own visitor, who sends it real requests in a fixed order.

mod joint;
mod mix;
mod report;
mod visitor;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

pub use joint::JointTrace;
pub use mix::{Ask, Token, ask};
pub use report::{Report, WithSpans};
pub use visitor::{DriveError, Visitor};

/// Sends the server at `address` so many requests of the fixed mix, one after the other.
///
/// # Errors
/// A request without an answer. A status is an answer, whatever it is.
pub async fn drive(address: SocketAddr, requests: u32) -> Result<Report, DriveError> {
    let visitor = Visitor::arrive(address).await?;
    let mut by_status = BTreeMap::new();
    let began = Instant::now();
    for number in 0..requests {
        let status = visitor.send(ask(number)).await?.status();
        *by_status.entry(status.as_u16()).or_default() += 1;
    }
    Ok(Report { by_status, took: began.elapsed(), scrape: None, joint: None })
}

/// Asks the server at `address` for its metrics; none where it has none to show.
///
/// # Errors
/// A request without an answer.
pub async fn scrape(address: SocketAddr) -> Result<Option<String>, DriveError> {
    let answer = Visitor::stranger(address).send(Ask::get("/metrics")).await?;
    Ok(answer.status().is_success().then(|| String::from_utf8_lossy(answer.body()).into_owned()))
}
