//! What the handlers share.

use std::sync::Arc;

use axum::http::StatusCode;
use tokio::sync::{Semaphore, watch};

use super::failure::Failure;
use crate::source::{Source, SourceError};

/// Requests that read at the same time; others wait.
const READERS: usize = 4;
/// Pages that are kept up to date at the same time.
const LIVE_PAGES: usize = 32;

#[derive(Clone)]
pub(crate) struct ApiState {
    source: Arc<dyn Source>,
    readers: Arc<Semaphore>,
    pub(super) live_pages: Arc<Semaphore>,
    /// True once live updates are to end. The sender itself, since a router outlives the viewer it was made of.
    stop: Arc<watch::Sender<bool>>,
}

impl ApiState {
    pub(crate) fn new(source: Arc<dyn Source>, stop: Arc<watch::Sender<bool>>) -> Self {
        Self {
            source,
            readers: Arc::new(Semaphore::new(READERS)),
            live_pages: Arc::new(Semaphore::new(LIVE_PAGES)),
            stop,
        }
    }

    pub(super) fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    pub(super) fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }

    /// Reads from the source on a thread for that, a few at a time.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Source) -> Result<T, SourceError> + Send + 'static,
    ) -> Result<T, Failure> {
        let gone = |error: &dyn std::fmt::Display| Failure::new(StatusCode::SERVICE_UNAVAILABLE, error);
        let _permit = self.readers.acquire().await.map_err(|error| gone(&error))?;
        let source = Arc::clone(&self.source);
        let reading = tokio::task::spawn_blocking(move || read(&*source));
        Ok(reading.await.map_err(|error| gone(&error))??)
    }
}
