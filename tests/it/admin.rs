//! The admin API, one module per area of `src/api-admin`.

mod media;
mod register;
mod registration_tokens;
mod server;
mod server_notices;
mod users;
