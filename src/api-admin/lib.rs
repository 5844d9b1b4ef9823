//! The admin API: the paths and shapes of Synapse's, so that the tools written for it work here.
//! <https://element-hq.github.io/synapse/latest/usage/administration/admin_api/>
//!
//! One directory an area, one file an endpoint. A handler asks whether the requester is an administrator before it
//! looks anything up, calls one verb of a domain crate, and shapes the answer.

mod devices;
mod federation;
mod listing;
mod media;
mod register;
mod registration_tokens;
mod reports;
mod rooms;
pub mod router;
mod server;
mod server_notices;
mod statistics;
mod users;
