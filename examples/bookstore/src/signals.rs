//! The signals that stop the program.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// An interrupt, and where the system knows it a request to terminate.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
}

#[cfg(unix)]
impl Signals {
    /// Watches from now on; a signal that comes before it is waited for is not lost. To be called inside a runtime.
    ///
    /// # Errors
    /// The system does not let signals be watched.
    pub fn watch() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the first of them.
    pub async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Watches from the first wait on.
    ///
    /// # Errors
    /// None here.
    pub fn watch() -> std::io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for an interrupt.
    pub async fn wait(&mut self) {
        // Where none can be watched, none comes.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
