//! The admin API, one module per area of `src/api-admin`.

mod devices;
mod federation;
mod media;
mod register;
mod registration_tokens;
mod reports;
mod rooms;
mod server;
mod server_notices;
mod statistics;
mod users;
