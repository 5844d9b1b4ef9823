//! Reading the configuration: the TOML file, then the environment, then the command line; the later wins.
//!
//! `KITH_REGISTRATION__MODE=open` sets `registration.mode`: the prefix `KITH_`, and `__` between section and key.

use crate::{Config, ConfigError, validate};
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use std::path::Path;

const PREFIX: &str = "KITH_";

/// Variables that begin with the prefix and are no keys: the path of the configuration file, what development tools
/// read, and what Kubernetes sets in every container when a service is called "kith".
const NOT_KEYS: [&str; 4] = ["config", "bless", "bin", "cache"];
const NOT_KEY_PREFIXES: [&str; 2] = ["service_", "port"];

/// A value given on the command line.
#[derive(Clone, Debug)]
pub struct Override {
    /// The key with its section: `registration.mode`.
    pub key: String,
    /// The value, written as in an environment variable.
    pub value: String,
    /// The flag, for messages: `--set`.
    pub flag: &'static str,
}

impl Config {
    /// Reads and checks the configuration.
    pub fn load(file: Option<&Path>, overrides: &[Override]) -> Result<Config, ConfigError> {
        // A variable that is not UTF-8 cannot be one of ours, whose names are plain letters; its value would be
        // refused by every key.
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        load_with(file, environment, overrides)
    }
}

/// [`Config::load`] with the environment as an argument.
pub(crate) fn load_with(
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
    overrides: &[Override],
) -> Result<Config, ConfigError> {
    // The defaults lie underneath, so that half of an inline table can be set: a rate's burst alone.
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    if let Some(path) = file {
        // figment takes a missing file for an empty one; an operator who names a file wants it read.
        std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        figment = figment.merge(Toml::file_exact(path));
    }
    let defaults = Value::serialize(Config::default())?;
    for (name, value) in environment {
        if let Some(key) = find_key(&name) {
            figment =
                figment.merge(Setting::new(&defaults, key, &value, format!("environment variable {name}")));
        }
    }
    for Override { key, value, flag } in overrides {
        let origin = format!("flag {flag}");
        figment = figment.merge(Setting::new(&defaults, key.clone(), value, origin));
    }
    let config: Config = figment.extract()?;
    let problems = validate::check(&config, &figment);
    if problems.is_empty() { Ok(config) } else { Err(ConfigError::Wrong(problems)) }
}

/// The key an environment variable sets, if it is meant for this program.
fn find_key(name: &str) -> Option<String> {
    let key = name.strip_prefix(PREFIX)?.to_ascii_lowercase().replace("__", ".");
    let is_key =
        !NOT_KEYS.contains(&key.as_str()) && !NOT_KEY_PREFIXES.iter().any(|prefix| key.starts_with(prefix));
    is_key.then_some(key)
}

/// One value given as text, with its origin.
struct Setting {
    key: String,
    value: Value,
    origin: String,
}

impl Setting {
    fn new(defaults: &Value, key: String, text: &str, origin: String) -> Setting {
        let value = interpret(defaults.find_ref(&key), text);
        Setting { key, value, origin }
    }
}

impl Provider for Setting {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let nested = figment::util::nest(&self.key, self.value.clone());
        Ok(Profile::Default.collect(nested.into_dict().unwrap_or_default()))
    }
}

/// Reads a text as what its key's default is. Texts stay as they are, so that a password of digits remains a text;
/// lists may be written with commas.
fn interpret(default: Option<&Value>, text: &str) -> Value {
    let parse = || text.parse::<Value>().unwrap_or_else(|never| match never {});
    match default {
        Some(Value::Bool(..) | Value::Num(..) | Value::Dict(..)) => parse(),
        Some(Value::Array(..)) if text.trim_start().starts_with('[') => parse(),
        Some(Value::Array(..)) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::from(items.collect::<Vec<_>>())
        }
        _ => Value::from(text),
    }
}
