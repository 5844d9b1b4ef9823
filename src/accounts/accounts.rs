//! The service itself: what it is made of and how it is opened.

use std::sync::Arc;

use kith_base::{Clock, Random};
use kith_config::{Config, RegistrationMode};
use kith_store::{
    Error, Read, Store, UserSid,
    tables::accounts::{ACCOUNTS, AccountKind},
};
use parking_lot::MutexGuard;
use ruma::{OwnedUserId, ServerName, UserId};

use crate::{
    MailTemplateError, Mails, account, appservices::Appservices, authenticate::SessionCache, lanes::Lanes,
    passwords::Hasher,
};

/// What the configuration says about accounts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The part after the colon in every user id of this server.
    pub server_name: ruma::OwnedServerName,
    /// How long tokens last.
    pub sessions: kith_config::Accounts,
    /// How passwords are stored.
    pub passwords: kith_config::Passwords,
    /// Who may register, with which consent.
    pub registration: kith_config::Registration,
    /// The mode of registration that follows from all of the configuration.
    pub registration_mode: RegistrationMode,
    /// What holds for mails.
    pub email: kith_config::Email,
    /// The mails themselves.
    pub mails: Mails,
    /// The ids of the services that people log in with.
    pub providers: Vec<String>,
    /// Whether a directory knows the passwords of those who have none here.
    pub directory: bool,
    /// The name of the user who sends the server's notices.
    pub notices_localpart: Option<String>,
    /// The URL of this server that clients know, without a slash at its end.
    pub base_url: String,
}

impl Settings {
    /// The settings of a configuration whose server name has been checked.
    pub fn new(server_name: ruma::OwnedServerName, config: &Config) -> Result<Self, MailTemplateError> {
        Ok(Self {
            mails: Mails::read(&config.email, server_name.as_str())?,
            email: config.email.clone(),
            directory: config.ldap.is_on(),
            providers: config.oidc_providers.iter().map(|provider| provider.id.clone()).collect(),
            notices_localpart: config.server_notices.localpart.clone(),
            base_url: config.client_base_url().unwrap_or_default().to_owned(),
            server_name,
            sessions: config.accounts.clone(),
            passwords: config.passwords.clone(),
            registration: config.registration.clone(),
            registration_mode: config.effective_registration_mode(),
        })
    }
}

/// Users, devices, tokens: one per server.
pub struct Accounts {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) settings: Settings,
    pub(crate) hasher: Hasher,
    pub(crate) appservices: Appservices,
    pub(crate) sessions: SessionCache,
    pub(crate) lanes: Lanes,
}

impl Accounts {
    /// Opens the service. The users that application services act as by default are made if they are missing.
    pub fn open(
        store: Arc<Store>,
        clock: Clock,
        random: Random,
        settings: Settings,
        appservices: Appservices,
    ) -> Result<Arc<Self>, Error> {
        let accounts = Self {
            hasher: Hasher::new(&settings.passwords, random.clone()),
            store,
            clock,
            random,
            settings,
            appservices,
            sessions: SessionCache::new(),
            lanes: Lanes::new(),
        };
        accounts.make_senders()?;
        Ok(Arc::new(accounts))
    }

    /// This server's name.
    pub fn server_name(&self) -> &ServerName {
        &self.settings.server_name
    }

    /// The application services that are registered here.
    pub fn appservices(&self) -> &Appservices {
        &self.appservices
    }

    /// Whether a user id belongs to this server, whether or not there is such a user.
    pub fn is_local(&self, user_id: &UserId) -> bool {
        user_id.server_name() == self.settings.server_name
    }

    /// The lane in which a user's rows are written: whoever reads a row to write it back holds it.
    pub fn lane(&self, user: UserSid) -> MutexGuard<'_, ()> {
        self.lanes.user(user)
    }

    pub(crate) fn read(&self) -> &dyn Read {
        self.store.engine()
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// The user id of a localpart that has been checked.
    pub(crate) fn user_id(&self, localpart: &str) -> Result<OwnedUserId, ruma::IdParseError> {
        UserId::parse(format!("@{localpart}:{}", self.settings.server_name))
    }

    fn make_senders(&self) -> Result<(), Error> {
        let mut txn = self.store.begin();
        for appservice in self.appservices.iter() {
            let user = self.store.ids().user(&appservice.sender)?;
            if !ACCOUNTS.contains(self.read(), &user)? {
                let kind = AccountKind::Appservice(appservice.id.clone());
                ACCOUNTS.put(&mut txn.batch, &user, &account::new_record(kind, self.now_ms()));
            }
        }
        self.store.commit_durably(txn)
    }
}
