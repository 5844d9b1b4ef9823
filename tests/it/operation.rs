//! What an operator does with a server: starts, watches, configures, administrates and ends it.

mod backup;
mod check;
mod complement;
mod configuration;
mod health;
mod listeners;
mod lock;
mod metrics;
mod start;
mod stop;
mod tls;
mod two_servers;
mod users;
