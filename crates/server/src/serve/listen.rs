//! Where the server listens.

use std::net::TcpListener;

use anyhow::{Context as _, Result};

/// Takes the port.
///
/// # Errors
/// Somebody else has it, or the address is not this machine's.
pub(super) fn listen(host: &str, port: u16, keys: &str) -> Result<TcpListener> {
    TcpListener::bind((host, port)).with_context(|| format!("cannot listen where {keys} say"))
}

/// The address that `listener` has: the port is known even if none was named.
///
/// # Errors
/// The socket does not tell.
pub(super) fn url(scheme: &str, listener: &TcpListener) -> Result<String> {
    Ok(format!("{scheme}://{}", listener.local_addr()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::one_line;

    #[test]
    fn a_busy_port_is_one_line_that_names_the_keys() {
        let first = listen("127.0.0.1", 0, "http.host and http.port").unwrap();
        let port = first.local_addr().unwrap().port();
        assert_eq!(
            url("https", &first).unwrap(),
            format!("https://127.0.0.1:{port}")
        );
        let error = listen("127.0.0.1", port, "http.host and http.port").unwrap_err();
        let line = one_line(&error);
        let expected = "cannot listen where http.host and http.port say: Address already in use";
        assert!(line.starts_with(expected), "{line}");
    }
}
