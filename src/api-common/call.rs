//! One HTTP request on its way through a handler.

use std::{net::IpAddr, sync::Arc};

use kith_accounts::Requester;
use ruma::api::error::ErrorKind;

use crate::{ApiError, App, Limit};

/// The address that a request came from; the listener puts it into the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// One request: the server it reached, who sent it and from where.
#[derive(Clone)]
pub struct Call {
    /// The server.
    pub app: Arc<App>,
    /// Where the request came from.
    pub address: IpAddr,
    /// The `User-Agent` header, cut to a sensible length.
    pub user_agent: Option<String>,
    pub(crate) requester: Option<Requester>,
}

impl Call {
    /// Who is asking. Endpoints whose metadata demands a token are never reached without one.
    pub fn requester(&self) -> Result<&Requester, ApiError> {
        self.requester.as_ref().ok_or_else(ApiError::missing_token)
    }

    /// Who is asking, if they said so.
    pub fn find_requester(&self) -> Option<&Requester> {
        self.requester.as_ref()
    }

    /// Who is asking, guests refused.
    pub fn full_user(&self) -> Result<&Requester, ApiError> {
        let requester = self.requester()?;
        if requester.guest {
            return Err(ApiError::forbidden_kind(ErrorKind::GuestAccessForbidden, "Guests may not do this"));
        }
        Ok(requester)
    }

    /// Who is asking, if they administrate this server.
    pub fn admin(&self) -> Result<&Requester, ApiError> {
        let requester = self.requester()?;
        if !requester.admin {
            return Err(ApiError::forbidden("You are not a server administrator"));
        }
        Ok(requester)
    }

    /// Counts one action of `limit` against the requester, or against the address where nobody is logged in.
    pub fn limit(&self, limit: Limit) -> Result<(), ApiError> {
        match &self.requester {
            Some(requester) => self.app.rate_limiter.check_user(&self.app, limit, requester),
            None => self.app.rate_limiter.check(&self.app, limit, &self.address.to_string()),
        }
    }
}
