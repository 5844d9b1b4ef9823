//! The client-server API, one module per area of `src/api-client`.

mod account;
mod account_data;
mod admin;
mod device;
mod filter;
mod presence;
mod profile;
mod push;
mod read_marker;
mod receipt;
mod room;
mod server;
mod session;
mod tag;
mod typing;
mod user_directory;
