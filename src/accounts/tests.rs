//! Tests of the crate's verbs, on an engine in memory.

use std::{sync::Arc, time::Duration};

use kith_base::{Clock, Random};
use kith_config::{RegistrationMode, Secret};
use kith_kv::memory::MemoryEngine;
use kith_store::{Options, Store, catalog};
use ruma::{OwnedUserId, api::client::uiaa::AuthData, owned_server_name};
use serde_json::{Value, json};

use crate::{
    Accounts, Appservice, Appservices, Credentials, Login, Mails, NewDevice, Requester, Session, Settings,
};

mod appservices;
mod data;
mod profiles;
mod registration;
mod sessions;

/// A server with nobody on it.
struct World {
    accounts: Arc<Accounts>,
    clock: Clock,
}

const BRIDGE: &str = r#"
id: bridge
url: "http://localhost:1234/"
as_token: as-secret
hs_token: hs-secret
sender_localpart: bridgebot
namespaces:
  users:
    - exclusive: true
      regex: '@irc_.*:a\.example'
    - exclusive: false
      regex: '@shared_.*'
  aliases:
    - exclusive: true
      regex: '#irc_.*'
rate_limited: false
protocols: [irc]
"#;

impl World {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let email = kith_config::Email::default();
        let mut settings = Settings {
            server_name: owned_server_name!("a.example"),
            sessions: kith_config::Accounts::default(),
            passwords: kith_config::Passwords { memory_kib: 64, iterations: 1, ..Default::default() },
            registration: kith_config::Registration {
                shared_secret: Some(Secret::new("shared secret of the tests")),
                guests: true,
                ..Default::default()
            },
            registration_mode: RegistrationMode::Open,
            email: email.clone(),
            notices_localpart: Some("notices".to_owned()),
            mails: Mails::read(&email, "a.example").expect("are right"),
            base_url: "https://a.example".to_owned(),
            providers: Vec::new(),
            directory: false,
        };
        change(&mut settings);
        let engine = Arc::new(MemoryEngine::new(&catalog::specs()));
        let store = Store::open(engine, Options::default()).expect("opens");
        let clock = Clock::fixed(1_700_000_000_000);
        let mut appservices = Appservices::default();
        let bridge = Appservice::parse(BRIDGE, &settings.server_name).expect("parses");
        appservices.add("bridge.yaml".as_ref(), bridge).expect("is the first");
        let accounts = Accounts::open(store, clock.clone(), Random::seeded(7), settings, appservices);
        Self { accounts: accounts.expect("opens"), clock }
    }

    fn user(&self, name: &str) -> OwnedUserId {
        self.accounts.create_user(name, Some("sesame"), false).expect("is free")
    }

    fn login(&self, user_id: &OwnedUserId, device: &NewDevice<'_>) -> Session {
        let user = self.accounts.find_active_user(user_id).expect("reads").expect("exists");
        self.accounts.create_session(&Login::vouched(user), device).expect("logs in")
    }

    fn authenticate(&self, token: &str) -> Result<Requester, crate::AuthenticateError> {
        self.accounts.authenticate(&credentials(token))
    }

    fn requester(&self, name: &str) -> Requester {
        let user_id = self.user(name);
        let session = self.login(&user_id, &NewDevice::default());
        self.authenticate(session.access_token.reveal()).expect("is fresh")
    }

    fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

fn credentials(token: &str) -> Credentials<'_> {
    Credentials {
        token,
        as_user: None,
        as_device: None,
        address: None,
        user_agent: None,
        may_be_locked: false,
    }
}

fn auth(value: Value) -> AuthData {
    serde_json::from_value(value).expect("is auth data")
}

fn password_proof(user_id: &str, password: &str, session: &str) -> AuthData {
    auth(json!({
        "type": "m.login.password",
        "identifier": { "type": "m.id.user", "user": user_id },
        "password": password,
        "session": session,
    }))
}
