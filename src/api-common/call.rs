//! One HTTP request on its way through a handler.

use std::{net::IpAddr, sync::Arc};

use kith_accounts::{Appservice, Requester};
use ruma::api::error::ErrorKind;

use crate::{ApiError, App, Limit, authenticate::Shown};

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
    pub(crate) shown: Shown,
    /// The request is made once more, after something was signed for it: it has been counted.
    pub(crate) again: bool,
}

impl Call {
    /// Who is asking. Endpoints whose metadata demands a token are never reached without one.
    pub fn requester(&self) -> Result<&Requester, ApiError> {
        self.find_requester().ok_or_else(ApiError::missing_token)
    }

    /// Who is asking, if they said so.
    pub fn find_requester(&self) -> Option<&Requester> {
        match &self.shown {
            Shown::Somebody(requester) => Some(requester),
            Shown::Nothing | Shown::Stale => None,
        }
    }

    /// The application service that is asking, for what only they may do.
    pub fn appservice(&self) -> Result<&Arc<Appservice>, ApiError> {
        match &self.shown {
            Shown::Somebody(requester) => requester
                .appservice
                .as_ref()
                .ok_or_else(|| ApiError::forbidden("Only application services may do this")),
            Shown::Nothing => Err(ApiError::missing_token()),
            Shown::Stale => Err(ApiError::unknown_token(false)),
        }
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
        if self.again {
            return Ok(());
        }
        match self.find_requester() {
            Some(requester) => self.app.rate_limiter.check_user(&self.app, limit, requester),
            None => self.limit_by_address(limit),
        }
    }

    /// Counts one action of `limit` against what the requester acts upon.
    pub fn limit_upon(&self, limit: Limit, key: &str) -> Result<(), ApiError> {
        if self.find_requester().is_some_and(Requester::is_uncounted) {
            return Ok(());
        }
        self.app.rate_limiter.check(&self.app, limit, key)
    }

    /// Counts one action of `limit` against where the request came from, whoever sent it.
    pub fn limit_by_address(&self, limit: Limit) -> Result<(), ApiError> {
        self.app.rate_limiter.check(&self.app, limit, &network(self.address).to_string())
    }
}

/// What one sender has at hand: an IPv4 address, or a /64 of IPv6, all of whose addresses belong to one machine.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn a_machine_is_counted_once() {
        let check = |address: &str, expected: &str| {
            assert_eq!(network(address.parse().expect("an address")).to_string(), expected);
        };
        check("198.51.100.7", "198.51.100.7");
        check("::ffff:198.51.100.7", "198.51.100.7");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
        check("2001:db8:1:2::9", "2001:db8:1:2::");
    }
}
