//! One file per group of column families: key, value, meaning.

pub mod aliases;
pub mod counters;
pub mod destinations;
pub mod edges;
pub mod events;
pub mod members;
pub mod mentions;
pub mod names;
pub mod outbox;
pub mod outside;
pub mod peers;
pub mod receipts;
pub mod relations;
pub mod reports;
pub mod rooms;
pub mod transactions;

pub mod account_data;
pub mod accounts;
pub mod dehydrated_devices;
pub mod device_keys;
pub mod devices;
pub mod filters;
pub mod key_backups;
pub mod one_time_keys;
pub mod profiles;
pub mod remote_devices;
pub mod sliding;
pub mod sso;
pub mod threepids;
pub mod to_device;
pub mod tokens;
pub mod uia;
