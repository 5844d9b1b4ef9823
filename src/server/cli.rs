//! The command line.

use clap::{Args, Parser, Subcommand};
use kith_config::{Config, ConfigError, Override};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file that is read from the working directory when none is named.
const DEFAULT_CONFIG_FILE: &str = "kith.toml";
/// The environment variable that names another.
const CONFIG_VARIABLE: &str = "KITH_CONFIG";

/// A Matrix homeserver in one binary and one data directory.
///
/// Without a command it serves. Without any configuration it serves your own machine: server name localhost,
/// http://127.0.0.1:8008, data in ./kith-data, registration open to whoever sits at the machine.
#[derive(Parser, Debug)]
#[command(name = "kith", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) settings: Settings,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Args, Debug)]
pub(crate) struct Settings {
    /// Configuration file [default: $KITH_CONFIG, else kith.toml in the working directory, if there is one]
    #[arg(long, short, value_name = "FILE", global = true)]
    config: Option<PathBuf>,

    /// Name of this server, the part after the colon in user ids
    #[arg(long, value_name = "NAME", global = true)]
    server_name: Option<String>,

    /// Directory that holds all data
    #[arg(long, value_name = "DIRECTORY", global = true)]
    data_dir: Option<String>,

    /// Address to listen on, in place of the configured listeners; may be repeated
    #[arg(long, value_name = "ADDRESS:PORT", global = true)]
    listen: Vec<SocketAddr>,

    /// Sets any key of the configuration, for example registration.mode=open; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_set, global = true)]
    set: Vec<(String, String)>,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Runs the server (the default)
    Serve,
    /// Makes and changes accounts, whether the server runs or not
    #[command(subcommand)]
    User(UserCommand),
    /// Checks the configuration, or shows an example with every key
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Manages the key that signs for this server, while it is not running
    #[command(subcommand)]
    Key(KeyCommand),
    /// Copies all data into a new directory, whether the server runs or not
    Backup {
        /// Where the copy goes; must not exist
        directory: PathBuf,
    },
    /// Looks after the index of messages and the user directory
    #[command(subcommand)]
    Search(SearchCommand),
    /// Verifies that everything in the data directory is consistent, while the server is not running
    Check,
}

#[derive(Subcommand, Debug)]
pub(crate) enum UserCommand {
    /// Makes an account
    Create {
        /// The name before the colon ("alice"), or the whole user id ("@alice:example.org")
        user: String,
        /// Make it a server administrator
        #[arg(long)]
        admin: bool,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Sets a new password and logs all devices out
    SetPassword {
        /// Name or user id
        user: String,
        /// Leave the user's devices logged in
        #[arg(long)]
        keep_devices: bool,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Closes an account for good: it can neither log in nor be made again
    Deactivate {
        /// Name or user id
        user: String,
        /// Ask other servers' users to forget the account's messages as well
        #[arg(long)]
        erase: bool,
    },
    /// Makes a user a server administrator, or an ordinary user again
    SetAdmin {
        /// Name or user id
        user: String,
        /// Take the right away
        #[arg(long)]
        revoke: bool,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum SearchCommand {
    /// Makes the index of messages and the user directory anew, in the background of the running server or of its next
    /// start
    Rebuild,
}

#[derive(Subcommand, Debug)]
pub(crate) enum KeyCommand {
    /// Replaces the signing key by a new one; the old one is published as expired from now on
    Rotate,
}

/// Where a password comes from: the terminal, without echo; else the first line of standard input.
#[derive(Args, Debug)]
pub(crate) struct PasswordSource {
    /// The password; other users of this machine can see it while the command runs. Without this option it is asked
    /// for on the terminal, or read from standard input
    #[arg(long, value_name = "PASSWORD")]
    pub(crate) password: Option<String>,
}

#[derive(Subcommand, Debug)]
pub(crate) enum ConfigCommand {
    /// Says what is wrong with the configuration, if anything
    Check,
    /// Prints an example configuration with every key, its meaning and its default
    Example,
}

impl Settings {
    /// Reads the configuration these flags lead to.
    pub(crate) fn load(&self) -> Result<Config, ConfigError> {
        Config::load(self.config_file().as_deref(), &self.overrides())
    }

    /// The configuration file in use, if any.
    pub(crate) fn config_file(&self) -> Option<PathBuf> {
        let default = Path::new(DEFAULT_CONFIG_FILE);
        let from_environment = || std::env::var_os(CONFIG_VARIABLE).map(PathBuf::from);
        self.config.clone().or_else(from_environment).or_else(|| default.exists().then(|| default.to_owned()))
    }

    fn overrides(&self) -> Vec<Override> {
        let set = |key: &str, value: String, flag| Override { key: key.to_owned(), value, flag };
        let mut overrides: Vec<Override> =
            self.set.iter().map(|(key, value)| set(key, value.clone(), "--set")).collect();
        overrides
            .extend(self.server_name.iter().map(|name| set("server_name", name.clone(), "--server-name")));
        overrides.extend(self.data_dir.iter().map(|path| set("data_dir", path.clone(), "--data-dir")));
        if !self.listen.is_empty() {
            let listeners: Vec<String> =
                self.listen.iter().map(|address| format!("{{address=\"{address}\"}}")).collect();
            overrides.push(set("listeners", format!("[{}]", listeners.join(",")), "--listen"));
        }
        overrides
    }
}

fn parse_set(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE, for example registration.mode=open".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_reach_the_configuration() {
        let flags =
            ["kith", "--listen", "127.0.0.1:0", "--listen", "[::1]:1", "--set", "registration.mode=token"];
        let cli = Cli::parse_from(flags.iter().chain(&["--server-name", "example.org"]));
        let config = kith_config::Config::load(None, &cli.settings.overrides()).expect("valid");
        assert_eq!(config.server_name, "example.org");
        assert_eq!(config.listeners.len(), 2);
        assert_eq!(config.effective_registration_mode(), kith_config::RegistrationMode::Token);
    }
}
