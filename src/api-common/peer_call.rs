//! One request of another server on its way through a handler.

use std::{net::IpAddr, sync::Arc};

use ruma::{OwnedServerName, ServerName};

use crate::{ApiError, App};

/// One request of another server, whose signature was right.
#[derive(Clone)]
pub struct PeerCall {
    /// The server that was asked.
    pub app: Arc<App>,
    /// The server that asks.
    pub origin: OwnedServerName,
    /// Where the request came from.
    pub address: IpAddr,
}

impl PeerCall {
    /// Refuses what a server says in the name of another.
    pub fn check_is_origin(&self, server: &ServerName) -> Result<(), ApiError> {
        if server == self.origin {
            return Ok(());
        }
        Err(ApiError::forbidden("Your server may not speak for another"))
    }
}
