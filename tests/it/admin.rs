//! The admin API, one module per area of `src/api-admin`.

mod register;
mod server;
mod users;
