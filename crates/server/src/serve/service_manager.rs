//! What a service manager like systemd is told of the server, and the sockets that it may hand over.
//!
//! Without one nothing is told and nothing handed over: the variables that say so are not there.

use std::net::TcpListener;

use anyhow::{Context as _, Result};
use listenfd::ListenFd;
use sd_notify::NotifyState;

/// The sockets that the service manager has opened, on which callers may wait already: the first is
/// the API's, the second that of `/metrics` if it has a port of its own.
pub(super) struct HandedSockets(ListenFd);

impl HandedSockets {
    /// Takes what is handed over.
    pub(super) fn take() -> Self {
        Self(ListenFd::from_env())
    }

    /// The socket of the API, if there is one.
    ///
    /// # Errors
    /// What is handed over is no socket of TCP that listens.
    pub(super) fn api(&mut self) -> Result<Option<TcpListener>> {
        self.nth(0)
    }

    /// The socket of `/metrics`, if there is one.
    ///
    /// # Errors
    /// As [`api`](Self::api).
    pub(super) fn metrics(&mut self) -> Result<Option<TcpListener>> {
        self.nth(1)
    }

    fn nth(&mut self, index: usize) -> Result<Option<TcpListener>> {
        self.0.take_tcp_listener(index).with_context(|| {
            format!(
                "the {}. socket that the service manager hands over",
                index + 1
            )
        })
    }
}

/// The server answers.
pub(super) fn tell_ready() {
    tell(NotifyState::Ready);
}

/// The server takes no further requests, and ends soon.
pub(super) fn tell_stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager could not be told how the server stands");
    }
}
