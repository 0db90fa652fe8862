//! Telling pages that there is something new.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::failure::Failure;
use super::state::ApiState;
use crate::source::Source;

/// How often it is looked whether there is something new.
const PERIOD: Duration = Duration::from_millis(500);

/// What a page is told from.
struct Live {
    state: ApiState,
    stopped: watch::Receiver<bool>,
    seen: Option<u64>,
    _permit: OwnedSemaphorePermit,
}

/// Server-sent events: `change` with the number of the state, at once and whenever it is another, at most twice a second;
/// `end` when nothing new will come.
pub(super) async fn live(
    State(state): State<ApiState>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let permit = state.live_pages.clone().try_acquire_owned().map_err(|_| {
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, &"too many pages are kept up to date already")
    })?;
    let live = Live { stopped: state.stopped(), state, seen: None, _permit: permit };
    let events = stream::unfold(Some(live), |live| async {
        let mut live = live?;
        let event = live.next().await;
        let over = event.is_none();
        let event = event.unwrap_or_else(|| Event::default().event("end").data("{}"));
        Some((Ok(event), (!over).then_some(live)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

impl Live {
    /// The next event; none at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if *self.stopped.borrow() {
                return None;
            }
            let revision = self.state.read(Source::revision).await.ok()?;
            if self.seen.replace(revision) != Some(revision) {
                return Some(Event::default().event("change").data(format!("{{\"revision\":{revision}}}")));
            }
            if self.state.source().is_closed() {
                return None;
            }
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                // The state holds the sender, so this is never an error.
                _ = self.stopped.wait_for(|stopped| *stopped) => {}
            }
        }
    }
}
