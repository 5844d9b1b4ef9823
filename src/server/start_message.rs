//! What the server says when it has started: what it did, how to connect, and what to do next.

use crate::listen::Bound;
use crate::open::Ground;
use kith_config::{Config, RegistrationMode};
use std::fmt::Write;
use std::path::Path;

/// The message, several lines for standard output.
pub(crate) fn write(ground: &Ground, config_file: Option<&Path>, bound: &[Bound]) -> String {
    let mut lines = vec![("configuration", describe_file(config_file))];
    let data = ground.data_dir.path();
    let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    let made = if ground.data_dir.is_new { " (made now)" } else { "" };
    lines.push(("data", format!("{}{made}", data.display())));
    let made = if ground.data_dir.key_is_new { " (made now; keep a copy of signing.key)" } else { "" };
    lines.push(("signing key", format!("{}{made}", ground.data_dir.signing_key.id())));
    lines.extend(bound.iter().map(|bound| ("listening", bound.describe())));
    let mode = ground.config.effective_registration_mode();
    lines.push(("registration", describe_registration(mode).to_owned()));

    let mut text = format!("Kith {} serves {}\n", env!("CARGO_PKG_VERSION"), ground.server_name);
    for (name, value) in lines {
        // Writing into a String cannot fail.
        let _written = writeln!(text, "  {name:<14} {value}");
    }
    let _written = write!(text, "\n{}", next_steps(&ground.config, bound, mode));
    text
}

fn describe_file(config_file: Option<&Path>) -> String {
    match config_file {
        Some(path) => path.display().to_string(),
        None => "defaults (`kith config example > kith.toml` writes a file to start from)".to_owned(),
    }
}

fn describe_registration(mode: RegistrationMode) -> &'static str {
    match mode {
        RegistrationMode::Closed => "closed: `kith user create` and the admin API make accounts",
        RegistrationMode::Token => "token: whoever holds a registration token makes an account",
        RegistrationMode::Email => "email: whoever confirms an email address makes an account",
        RegistrationMode::Open => "open: whoever reaches this server makes an account",
    }
}

fn next_steps(config: &Config, bound: &[Bound], mode: RegistrationMode) -> String {
    let mut text = String::new();
    if let Some(url) = client_url(config, bound) {
        text.push_str(&format!("Connect a client: choose {url} as its homeserver.\n"));
    }
    match mode {
        RegistrationMode::Open => text.push_str("Register there with any name and password.\n"),
        RegistrationMode::Token | RegistrationMode::Email | RegistrationMode::Closed => {
            text.push_str("Make the first account, an administrator: kith user create NAME --admin\n");
        }
    }
    text.push_str("Stop the server with Ctrl-C or SIGTERM.");
    text
}

/// Where a client gets to: what the operator says, or else a listener on which clients are served.
fn client_url(config: &Config, bound: &[Bound]) -> Option<String> {
    if let Some(url) = config.client_base_url() {
        return Some(url.to_owned());
    }
    let bound = bound.iter().find(|bound| bound.serves_clients())?;
    let scheme = if bound.is_tls() { "https" } else { "http" };
    let address = bound.local_address();
    let host =
        if address.ip().is_unspecified() { config.server_name.clone() } else { address.ip().to_string() };
    let host = if host.contains(':') && !host.starts_with('[') && address.is_ipv6() {
        format!("[{host}]")
    } else {
        host
    };
    Some(format!("{scheme}://{host}:{}", address.port()))
}
