//! The sections of an answer, one file each. Every section has the same two verbs: complete, for a client that starts,
//! and incremental, for one that knows everything up to a position.

pub(crate) mod account_data;
pub(crate) mod device_lists;
pub(crate) mod joined;
pub(crate) mod keys;
pub(crate) mod left;
pub(crate) mod members;
pub(crate) mod outside;
pub(crate) mod presence;
pub(crate) mod receipts;
pub(crate) mod state;
pub(crate) mod sticky;
pub(crate) mod summary;
pub(crate) mod thread_subscriptions;
pub(crate) mod timeline;
pub(crate) mod to_device;
pub(crate) mod typing;
pub(crate) mod unread;
