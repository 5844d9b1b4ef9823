//! What runs here.

mod get_server_version;
