//! From a button in a client to the other service and back: what is remembered meanwhile, and what comes of it.
//! <https://spec.matrix.org/v1.19/client-server-api/#client-login-via-sso>
//!
//! Three secrets guard the way: the state, which only the answer to this question can know; a secret that only this
//! browser has, so that nobody is logged in as somebody else by opening a link; and the nonce inside the signed token.

use std::{sync::Arc, time::Duration};

use kith_accounts::{LoginError, Origin, RegisterError, Stage};
use kith_config::Secret;
use kith_store::{
    Error, UserSid,
    tables::sso::{SSO_LOGINS, SsoAim, SsoLoginRecord},
};
use ruma::OwnedUserId;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    Sso,
    oidc::{OidcError, Person, Provider, Secrets},
};

/// How long somebody may be at the other service, in milliseconds.
const LOGIN_LIFETIME_MS: u64 = 15 * 60 * 1000;
const SECRET_CHARACTERS: usize = 43;
/// How long the address of a client may be, in bytes.
const REDIRECT_URL_BYTES_MAX: usize = 2048;

/// Why somebody does not come in.
#[derive(Debug, thiserror::Error)]
pub enum SsoError {
    /// There is no such service, or more than one to choose from.
    #[error("there is no such way to log in here")]
    UnknownProvider,
    /// The address of the client is none.
    #[error("the client's address cannot be used")]
    BadRedirect,
    /// Nobody was sent to a service with this state from this browser, or it is too long ago.
    #[error("this login was not begun in this browser, or it was begun too long ago")]
    UnknownLogin,
    /// The service let nobody in.
    #[error("the service refused: {0}")]
    Refused(String),
    /// The person has no account, and none is made.
    #[error("you have no account here")]
    NoAccount,
    /// Somebody else was meant.
    #[error("that is another account than the one that asks")]
    OtherAccount,
    /// The service's word cannot be taken.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// The account is closed.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The account cannot be made.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Somebody is on their way.
#[derive(Debug)]
pub struct Begun {
    /// Where to send them.
    pub location: String,
    /// Under which name their browser keeps the next.
    pub cookie: String,
    /// What their browser keeps.
    pub browser_secret: Secret,
    /// For how long.
    pub lifetime: Duration,
}

/// What somebody brings back.
#[derive(Clone, Debug, Default)]
pub struct Callback {
    /// Which login it is about.
    pub state: String,
    /// What is exchanged for the service's word.
    pub code: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
    /// What the browser kept.
    pub browser_secret: Option<String>,
}

/// What came of it.
#[derive(Debug)]
pub enum Finished {
    /// Somebody may log in.
    Login {
        /// Who.
        user_id: OwnedUserId,
        /// The client's address, with the login token.
        location: String,
        /// The client's address, for people to look at.
        client: String,
        /// Whether the operator trusts this client, so that nobody needs to be asked.
        trusted: bool,
    },
    /// Somebody has shown again who they are.
    Confirmed,
}

impl Sso {
    /// Sends somebody to a service: to the named one, or to the only one.
    pub async fn begin(self: &Arc<Self>, provider: Option<&str>, aim: SsoAim) -> Result<Begun, SsoError> {
        let provider = match provider {
            Some(id) => self.find_provider(id),
            None if self.providers.len() == 1 => self.providers.first(),
            None => None,
        };
        let provider = provider.ok_or(SsoError::UnknownProvider)?;
        if let SsoAim::Login { redirect_url } = &aim {
            check_redirect(redirect_url)?;
        }
        let fresh = matches!(aim, SsoAim::Confirm { .. });
        let secret = || self.random.alphanumeric(SECRET_CHARACTERS);
        let (state, browser_secret) = (secret(), secret());
        let record = SsoLoginRecord {
            provider: provider.settings().id.clone(),
            nonce: secret(),
            verifier: secret(),
            browser: hash(&browser_secret),
            aim,
            expires_ms: self.clock.now_ms().saturating_add(LOGIN_LIFETIME_MS),
        };
        let secrets = Secrets { nonce: &record.nonce, verifier: &record.verifier };
        let location = provider.authorization_url(self, &state, &secrets, fresh).await?;
        let cookie = cookie_name(&state);
        let store = Arc::clone(&self.store);
        let remember = move || {
            let mut txn = store.begin();
            SSO_LOGINS.put(&mut txn.batch, &hash(&state), &record);
            // Nothing waits for the disk: whoever is forgotten in a crash begins again.
            store.commit(txn).map(drop)
        };
        self.tasks.blocking(remember).await?;
        let lifetime = Duration::from_millis(LOGIN_LIFETIME_MS);
        Ok(Begun { location, cookie, browser_secret: Secret::new(browser_secret), lifetime })
    }

    /// Sends the owner of a session of user-interactive authentication to the service that knows them.
    pub async fn begin_confirmation(self: &Arc<Self>, session: &str) -> Result<Begun, SsoError> {
        let (accounts, id) = (Arc::clone(&self.accounts), session.to_owned());
        let find = move || {
            let owner = accounts.uia_session(&id)?.and_then(|session| session.user);
            owner.map(|user| accounts.external_ids(user)).transpose()
        };
        let known = self.tasks.blocking(find).await?.unwrap_or_default();
        let provider = known.iter().find(|id| self.find_provider(&id.provider).is_some());
        let provider = provider.ok_or(SsoError::UnknownProvider)?;
        self.begin(Some(&provider.provider), SsoAim::Confirm { session: session.to_owned() }).await
    }

    /// Takes somebody in who comes back.
    pub async fn finish(self: &Arc<Self>, callback: Callback) -> Result<Finished, SsoError> {
        let (sso, state) = (Arc::clone(self), callback.state);
        let secret = callback.browser_secret.unwrap_or_default();
        let login = self.tasks.blocking(move || sso.take_login(&state, &secret)).await?;
        let provider = self.find_provider(&login.provider).ok_or(SsoError::UnknownProvider)?;
        let Some(code) = callback.code else {
            return Err(SsoError::Refused(callback.error.unwrap_or_else(|| "without a reason".to_owned())));
        };
        let secrets = Secrets { nonce: &login.nonce, verifier: &login.verifier };
        let person = provider.redeem(self, &code, &secrets).await?;
        let sso = Arc::clone(self);
        self.tasks.blocking(move || sso.settle(login, &person)).await
    }

    /// The login that a state belongs to, which is over by that.
    fn take_login(&self, state: &str, browser_secret: &str) -> Result<SsoLoginRecord, SsoError> {
        let key = hash(state);
        let read = self.store.engine();
        let record = SSO_LOGINS.get(read, &key)?.ok_or(SsoError::UnknownLogin)?;
        if !bool::from(record.browser.ct_eq(&hash(browser_secret))) {
            return Err(SsoError::UnknownLogin);
        }
        let mut txn = self.store.begin();
        SSO_LOGINS.require(&mut txn.batch, &key, Some(&record));
        SSO_LOGINS.delete(&mut txn.batch, &key);
        match self.store.commit_durably(txn) {
            Err(Error::Conflict) => return Err(SsoError::UnknownLogin),
            other => other?,
        }
        if record.expires_ms <= self.clock.now_ms() {
            return Err(SsoError::UnknownLogin);
        }
        Ok(record)
    }

    fn settle(&self, login: SsoLoginRecord, person: &Person) -> Result<Finished, SsoError> {
        match login.aim {
            SsoAim::Login { redirect_url } => {
                let provider = self.find_provider(&login.provider).ok_or(SsoError::UnknownProvider)?;
                self.let_in(provider, person, &redirect_url)
            }
            SsoAim::Confirm { session } => {
                let user = self.accounts.find_external(&person.id)?.ok_or(SsoError::OtherAccount)?;
                self.accounts.check_open(user)?;
                match self.accounts.complete_stage(&session, Stage::Sso, Some(user))? {
                    true => Ok(Finished::Confirmed),
                    false => Err(SsoError::OtherAccount),
                }
            }
        }
    }

    fn let_in(&self, provider: &Provider, person: &Person, redirect_url: &str) -> Result<Finished, SsoError> {
        let user = self.account_of(provider, person)?;
        self.accounts.check_open(user)?;
        let location = with_token(redirect_url, &self.login_token(user, person)?);
        let trusted = self.config.sso.trusted_clients.iter().any(|client| is_below(redirect_url, client));
        let account = self.accounts.account(user)?.ok_or(SsoError::NoAccount)?;
        Ok(Finished::Login { user_id: account.user_id, location, client: redirect_url.to_owned(), trusted })
    }

    fn login_token(&self, user: UserSid, person: &Person) -> Result<Secret, Error> {
        let (token, lifetime) = self.accounts.create_login_token(user)?;
        let origin = Origin { provider: person.id.provider.clone(), session: person.session.clone() };
        let lifetime_ms = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
        self.accounts.note_origin(token.reveal(), &origin, lifetime_ms)?;
        Ok(token)
    }
}

/// The name of the cookie that goes with a state, so that logins in two tabs do not disturb each other.
pub fn cookie_name(state: &str) -> String {
    let digits: String = hash(state).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("kith_sso_{digits}")
}

/// Clients are pages, or programs with a scheme of their own. What a browser would run in this server's name is neither.
fn check_redirect(url: &str) -> Result<(), SsoError> {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default();
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character));
    let runs = ["javascript", "data", "vbscript", "blob", "about", "file"].contains(&scheme.as_str());
    let harmless = !url.contains(|character: char| character.is_whitespace() || character.is_control());
    let well_formed = is_scheme && !runs && harmless && url.is_ascii() && url.len() <= REDIRECT_URL_BYTES_MAX;
    if well_formed { Ok(()) } else { Err(SsoError::BadRedirect) }
}

/// Whether an address is a trusted one or below it. What only begins with the same letters is not:
/// `https://app.example.org.evil.example` is not below `https://app.example.org`.
fn is_below(url: &str, trusted: &str) -> bool {
    let Some(rest) = url.strip_prefix(trusted) else {
        return false;
    };
    rest.is_empty() || trusted.ends_with(['/', ':', '?', '#']) || rest.starts_with(['/', '?', '#'])
}

/// The client's address with the token in its query, in front of a fragment.
fn with_token(url: &str, token: &Secret) -> String {
    let (start, fragment) = match url.split_once('#') {
        Some((start, fragment)) => (start, format!("#{fragment}")),
        None => (url, String::new()),
    };
    let separator = match start.split_once('?') {
        Some((_, "")) => "",
        Some(_) => "&",
        None => "?",
    };
    format!("{start}{separator}loginToken={}{fragment}", token.reveal())
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_have_addresses_that_nothing_runs_at() {
        for good in
            ["https://app.element.io/", "http://localhost:8080/?x=1#y", "io.element.desktop://vector/webapp/"]
        {
            assert!(check_redirect(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/relative",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "https://a b/",
            "https://a\r\nx: y",
        ] {
            assert!(check_redirect(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn trust_ends_where_the_address_ends() {
        let check = |url: &str, trusted: &str, expected: bool| {
            assert_eq!(is_below(url, trusted), expected, "{url} below {trusted}");
        };
        for trusted in ["https://app.example.org", "https://app.example.org/"] {
            check("https://app.example.org/", trusted, true);
            check("https://app.example.org/#/welcome", trusted, true);
            check("https://app.example.org.evil.example/", trusted, false);
            check("https://app.example.org@evil.example/", trusted, false);
            check("https://app.example.org:8443/", trusted, false);
            check("http://app.example.org/", trusted, false);
        }
        check("https://app.example.org?x", "https://app.example.org", true);
        check("https://app.example.org/devel", "https://app.example.org/develop", false);
        check("https://app.example.org/developer", "https://app.example.org/develop", false);
        check("io.element.app:/callback", "io.element.app:", true);
        check("io.element.appx:/callback", "io.element.app:", false);
    }

    #[test]
    fn the_token_stands_in_the_query() {
        let token = Secret::new("t");
        let check = |url: &str, expected: &str| assert_eq!(with_token(url, &token), expected);
        check("https://a/", "https://a/?loginToken=t");
        check("https://a/?b=1", "https://a/?b=1&loginToken=t");
        check("https://a/?", "https://a/?loginToken=t");
        check("https://a/#/x?y", "https://a/?loginToken=t#/x?y");
    }
}
