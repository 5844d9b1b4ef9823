//! The client for outgoing requests, made from the configuration.

use kith_base::{Outgoing, OutgoingOptions, outgoing::OutgoingError};
use std::path::PathBuf;

/// Why the client could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("outgoing.extra_ca_certificates: {path}: {error}")]
    Certificate { path: PathBuf, error: std::io::Error },
    #[error("outgoing: {0}")]
    Client(#[from] OutgoingError),
}

/// Reads the extra certificates and makes the client.
pub(crate) fn open(config: &kith_config::Outgoing) -> Result<Outgoing, OpenError> {
    let mut extra_ca_certificates = Vec::new();
    for path in &config.extra_ca_certificates {
        let pem =
            std::fs::read(path).map_err(|error| OpenError::Certificate { path: path.clone(), error })?;
        extra_ca_certificates.push(pem);
    }
    Ok(Outgoing::new(&OutgoingOptions {
        denied_addresses: config.denied_addresses.clone(),
        extra_ca_certificates,
        connect_timeout_ms: config.connect_timeout_ms,
        request_timeout_ms: config.request_timeout_ms,
        response_bytes_max: config.response_bytes_max,
    })?)
}
