//! The area `discovery`.

mod get_remote_server_keys;
mod get_remote_server_keys_batch;
mod get_server_keys;
mod get_server_version;
