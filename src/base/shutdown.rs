//! The signals an operator sends to the process: stop, and read your files again.
//!
//! What follows from a signal is decided by whoever waits here; [`crate::Tasks::stop`] is how tasks hear of it.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask the process to end.
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Takes over SIGTERM and SIGINT. From here on they no longer kill the process by themselves.
    pub fn listen() -> io::Result<StopSignals> {
        Ok(StopSignals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next of them and says which it was.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// The signal that asks the process to read certificates and the like again: SIGHUP.
pub struct ReloadSignal(Signal);

impl ReloadSignal {
    /// Takes over SIGHUP, which would otherwise end the process.
    pub fn listen() -> io::Result<ReloadSignal> {
        Ok(ReloadSignal(signal(SignalKind::hangup())?))
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        self.0.recv().await;
    }
}
