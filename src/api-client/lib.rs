//! The client-server API: one directory an area, one file an endpoint, named as in ruma.
//!
//! A handler authenticates (before it is reached), calls one verb of a domain crate, and shapes the answer.
//! Deliberately absent: locks, storage, rules.

mod account;
mod account_data;
mod admin;
mod alias;
mod appservice;
mod authenticated_media;
mod authorize;
mod backup;
mod captcha;
mod content;
mod context;
mod dehydrated_device;
mod delayed_events;
mod device;
mod directory;
mod filter;
mod identified;
mod keys;
mod knock;
mod lenient;
mod mailing;
mod media;
mod membership;
mod message;
mod pages;
mod paging;
mod peeking;
mod presence;
mod profile;
mod push;
mod read_marker;
mod receipt;
mod redact;
mod relations;
mod reporting;
mod room;
pub mod router;
mod rtc;
mod search;
mod server;
mod session;
mod space;
mod sso;
mod state;
mod sync;
mod tag;
mod thirdparty;
mod threads;
mod to_device;
mod typing;
mod uiaa;
mod unbinding;
mod user_directory;
mod viewer;
