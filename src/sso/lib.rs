//! Logging in with the word of somebody else: services that speak OpenID Connect, programs that
//! sign tokens, and a directory of people.
//!
//! What is learned there leads to one of this server's accounts by the rules in `linking.rs`; from then on the account
//! is an account like any other. The crate asks only addresses that the operator chose, or that such an address named.
//!
//! Services that speak OpenID Connect are asked by hand-written requests: what the library for it would do is what
//! `oidc.rs` does, and the rest of it stands on an older generation of crates. Signatures are checked by ring.
//!
//! Deliberately absent: pages and cookies, which belong to whoever answers browsers, and how accounts are kept.

mod backchannel;
mod directory_login;
mod jwt;
mod jwt_login;
mod linking;
mod oidc;
mod sign_on;

use std::sync::Arc;

use kith_accounts::Accounts;
use kith_base::{Clock, Directory, Outgoing, Random, Tasks};
use kith_config::Config;
use kith_store::Store;

pub use directory_login::DirectoryLoginError;
pub use jwt_login::JwtLoginError;
pub use kith_store::tables::sso::SsoAim;
pub use oidc::OidcError;
pub use sign_on::{Begun, Callback, Finished, SsoError, cookie_name};

use jwt_login::JwtLogin;
use oidc::Provider;

/// What [`Sso::open`] is made of.
pub struct Parts {
    /// Requests this server makes.
    pub outgoing: Outgoing,
    /// The directory of people, if there is one.
    pub directory: Option<Directory>,
    /// Where logins that are under way are kept.
    pub store: Arc<Store>,
    /// The accounts that people come to.
    pub accounts: Arc<Accounts>,
    /// The configuration.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// The blocking pool.
    pub tasks: Tasks,
}

/// Logging in elsewhere: one per server.
pub struct Sso {
    outgoing: Outgoing,
    directory: Option<Directory>,
    store: Arc<Store>,
    accounts: Arc<Accounts>,
    config: Arc<Config>,
    clock: Clock,
    random: Random,
    tasks: Tasks,
    providers: Vec<Provider>,
    jwt: Option<JwtLogin>,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A template of a provider is wrong.
    #[error("oidc_providers: {0}: {1}")]
    Template(String, String),
    /// The key for tokens cannot be read.
    #[error("jwt: {0}")]
    Key(String),
}

/// Whether a configuration can be used.
pub fn check(config: &Config) -> Result<(), OpenError> {
    for provider in &config.oidc_providers {
        Provider::new(provider, config)?;
    }
    JwtLogin::open(&config.jwt)?;
    Ok(())
}

impl Sso {
    /// Checks the configuration and opens the service. Nobody is asked before somebody logs in.
    pub fn open(parts: Parts) -> Result<Arc<Self>, OpenError> {
        let Parts { outgoing, directory, store, accounts, config, clock, random, tasks } = parts;
        let providers = config.oidc_providers.iter().map(|provider| Provider::new(provider, &config));
        Ok(Arc::new(Self {
            providers: providers.collect::<Result<_, _>>()?,
            jwt: JwtLogin::open(&config.jwt)?,
            outgoing,
            directory,
            store,
            accounts,
            config,
            clock,
            random,
            tasks,
        }))
    }

    /// The services that people can log in with, in the order of the configuration.
    pub fn providers(&self) -> impl Iterator<Item = &kith_config::OidcProvider> {
        self.providers.iter().map(Provider::settings)
    }

    /// Whether a directory knows passwords.
    pub fn has_directory(&self) -> bool {
        self.directory.is_some()
    }

    fn find_provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.settings().id == id)
    }
}
