//! The server-server API: `<area>/<endpoint>.rs`, named as in ruma.
//!
//! A handler authenticates (before it is reached: the server that asks is [`kith_api_common::PeerCall::origin`]), calls
//! one verb of a domain crate, and shapes the answer. Deliberately absent: rules, locks, storage.

mod authenticated_media;
mod authorization;
mod backfill;
mod directory;
mod discovery;
mod event;
mod membership;
mod openid;
mod paging;
mod query;
pub mod router;
mod space;
mod thirdparty;
mod transactions;
