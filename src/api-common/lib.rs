//! What every HTTP endpoint shares: from bytes to a typed request, from a token to a requester, from a domain error
//! to `errcode` and status, rate limits, CORS, and the table of contents that endpoints are entered in.
//!
//! Deliberately absent: any endpoint, any rule of the room domain, storage.
//!
//! An endpoint is a plain function `fn(&Call, T::Request) -> Result<T::Response, ApiError>`, entered with
//! [`Router::endpoint`]; it runs on the blocking pool. Only what waits for somebody else is `async`
//! ([`Router::endpoint_async`]). What other servers ask is entered with [`Router::federation_endpoint`] and gets a
//! [`PeerCall`], which knows the server whose signature the request carries.

pub mod app;
mod authenticate;
mod authenticate_peer;
pub mod call;
mod cors;
pub mod error;
pub mod json;
mod leftover;
pub mod peer_call;
pub mod peer_turns;
pub mod rate_limit;
mod request;
pub mod router;

pub use app::App;
pub use call::{Call, ClientAddress};
pub use error::ApiError;
pub use peer_call::PeerCall;
pub use peer_turns::PeerTurns;
pub use rate_limit::{Limit, RateLimiter};
pub use router::{Router, Unread};
