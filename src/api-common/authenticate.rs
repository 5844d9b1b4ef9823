//! From the access token of a request to the requester, by the scheme that the endpoint's metadata names.
//! <https://spec.matrix.org/v1.19/client-server-api/#using-access-tokens>

use std::net::IpAddr;

use http::request::Parts;
use kith_accounts::{AuthenticateError, Credentials, Requester};
use ruma::api::auth_scheme::{
    AccessToken, AccessTokenOptional, AppserviceToken, AppserviceTokenOptional, AuthScheme, NoAccessToken,
    NoAuthentication,
};

use crate::{ApiError, App};

/// A scheme of the client-server API: what token a request carries, if any.
pub trait ClientAuthentication: AuthScheme {
    /// Whether a token that is nobody's any more counts as none. Clients log in and register with the token of the
    /// session before still in hand.
    const MAY_BE_STALE: bool = false;
    /// Whether an application service may say in whose name it asks. Where it makes users, or logs them in, it need not,
    /// and those that do name somebody who is not there yet.
    const MASKED: bool = true;

    /// The token, if the scheme has one and the request carries it.
    fn token(request: &http::Request<()>) -> Result<Option<String>, ApiError>;
}

macro_rules! schemes {
    ($($scheme:ident, stale: $stale:expr, masked: $masked:expr, |$output:ident| $token:expr;)*) => {$(
        impl ClientAuthentication for $scheme {
            const MAY_BE_STALE: bool = $stale;
            const MASKED: bool = $masked;

            fn token(request: &http::Request<()>) -> Result<Option<String>, ApiError> {
                let $output =
                    Self::extract_authentication(request).map_err(|_| ApiError::missing_token())?;
                Ok($token)
            }
        }
    )*};
}

schemes! {
    AccessToken, stale: false, masked: true, |token| Some(token);
    AccessTokenOptional, stale: false, masked: true, |token| token;
    AppserviceToken, stale: false, masked: true, |token| Some(token);
    AppserviceTokenOptional, stale: true, masked: false, |token| token;
}

impl ClientAuthentication for NoAuthentication {
    fn token(_: &http::Request<()>) -> Result<Option<String>, ApiError> {
        Ok(None)
    }
}

impl ClientAuthentication for NoAccessToken {
    fn token(_: &http::Request<()>) -> Result<Option<String>, ApiError> {
        Ok(None)
    }
}

/// What a request's token says of who sent it.
#[derive(Clone)]
pub(crate) enum Shown {
    /// There is none.
    Nothing,
    /// It is nobody's, and the endpoint can do without.
    Stale,
    /// Somebody's.
    Somebody(Box<Requester>),
}

/// Who sent the request with these parts.
pub(crate) fn authenticate<A: ClientAuthentication>(
    app: &App,
    parts: &Parts,
    address: IpAddr,
) -> Result<Shown, ApiError> {
    let Some(token) = A::token(&bodiless(parts)?)? else {
        return Ok(Shown::Nothing);
    };
    let query: Vec<(String, String)> =
        parts.uri.query().map(|query| form_pairs(query).collect()).unwrap_or_default();
    let find = |names: [&str; 2]| {
        let found = query.iter().find(|(name, _)| names.contains(&name.as_str()));
        found.map(|(_, value)| value.as_str()).filter(|_| A::MASKED)
    };
    let user_agent = parts.headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
    // Locked users may still log out, so that a lost phone does not stay logged in.
    let may_be_locked = parts.uri.path().ends_with("/logout") || parts.uri.path().ends_with("/logout/all");
    let requester = app.accounts.authenticate(&Credentials {
        token: &token,
        as_user: find(["user_id", "user_id"]),
        as_device: find(["device_id", "org.matrix.msc3202.device_id"]),
        address: Some(address),
        user_agent,
        may_be_locked,
    });
    match requester {
        Ok(requester) => Ok(Shown::Somebody(Box::new(requester))),
        Err(AuthenticateError::UnknownToken | AuthenticateError::Expired | AuthenticateError::Locked)
            if A::MAY_BE_STALE =>
        {
            Ok(Shown::Stale)
        }
        Err(error) => Err(error.into()),
    }
}

fn bodiless(parts: &Parts) -> Result<http::Request<()>, ApiError> {
    let mut builder = http::Request::builder().method(parts.method.clone()).uri(parts.uri.clone());
    if let Some(headers) = builder.headers_mut() {
        headers.clone_from(&parts.headers);
    }
    builder.body(()).map_err(|_| ApiError::missing_token())
}

/// The pairs of a query string, percent-decoded; what does not decode is passed over.
fn form_pairs(query: &str) -> impl Iterator<Item = (String, String)> + '_ {
    query.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((percent_decode(name)?, percent_decode(value)?))
    })
}

fn percent_decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(byte) = bytes.get(index) {
        match byte {
            b'%' => {
                let digits = std::str::from_utf8(bytes.get(index + 1..index + 3)?).ok()?;
                decoded.push(u8::from_str_radix(digits, 16).ok()?);
                index += 2;
            }
            b'+' => decoded.push(b' '),
            other => decoded.push(*other),
        }
        index += 1;
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_pairs_are_decoded() {
        let pairs: Vec<_> = form_pairs("user_id=%40a%3Ab&x=1+2&bad=%zz&flag").collect();
        let expected = [("user_id", "@a:b"), ("x", "1 2"), ("flag", "")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
