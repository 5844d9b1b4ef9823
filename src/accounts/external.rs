//! Accounts of people whom another service vouches for: which person there is which user here, and which devices end
//! when they log out there. The rules by which the two are put together are not here.

use kith_base::Mailer;
use kith_store::{
    Direction, Error, Txn, UserSid,
    tables::{
        accounts::AccountKind,
        sso::{self, EXTERNAL_IDS, LOGIN_ORIGINS, OriginRecord, SSO_SESSIONS, USER_EXTERNAL_IDS},
        tokens::Hash,
    },
};
use ruma::{OwnedUserId, api::client::uiaa::UserIdentifier};

use crate::{
    Accounts, LocalpartError, RegisterError, Registered, account, profiles::DISPLAY_NAME_CHARACTERS_MAX,
    register::NewAccount, threepids::canonical_address,
};

/// What the directory is called where a service's id stands.
pub const DIRECTORY: &str = "ldap";
/// How many numbers are tried behind a name that is taken.
const NUMBERS_MAX: u32 = 1000;
/// How long what another service calls somebody may be, in bytes.
const SUBJECT_BYTES_MAX: usize = 512;
/// How many devices one session elsewhere is logged out of at most.
const SESSION_DEVICES_MAX: usize = 1000;

/// A person at another service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExternalId {
    /// The service's id in the configuration.
    pub provider: String,
    /// What the service calls the person; it never changes.
    pub subject: String,
}

/// An account for somebody whom another vouches for: it has no password.
#[derive(Clone, Debug, Default)]
pub struct ExternalRegistration<'a> {
    /// The user name they would like.
    pub localpart: &'a str,
    /// Whether a number may be put behind the name if it is taken.
    pub numbered: bool,
    /// The person at another service, who comes back to this account.
    pub id: Option<&'a ExternalId>,
    /// What others see.
    pub display_name: Option<&'a str>,
    /// Their email address, which has been confirmed elsewhere.
    pub email: Option<&'a str>,
}

/// Where somebody logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The service's id in the configuration.
    pub provider: String,
    /// The session there, if the service names it.
    pub session: Option<String>,
}

impl ExternalId {
    /// Whether the service calls people so that it can be kept.
    pub fn is_sound(&self) -> bool {
        !self.subject.is_empty() && self.subject.len() <= SUBJECT_BYTES_MAX
    }

    fn key(&self) -> (String, String) {
        (self.provider.clone(), self.subject.clone())
    }
}

impl Accounts {
    /// Which user a person at another service is.
    pub fn find_external(&self, id: &ExternalId) -> Result<Option<UserSid>, Error> {
        EXTERNAL_IDS.get(self.read(), &id.key())
    }

    /// Who a user is elsewhere.
    pub fn external_ids(&self, user: UserSid) -> Result<Vec<ExternalId>, Error> {
        let rows = USER_EXTERNAL_IDS.scan(self.read(), &(user,), Direction::Forward);
        rows.map(|row| row.map(|((_, provider, subject), ())| ExternalId { provider, subject })).collect()
    }

    /// Under which name the directory is asked for the password of somebody who logs in; none if this server knows it
    /// better: the account has a password here, or is none that a person has.
    pub fn name_in_directory(&self, identifier: &UserIdentifier) -> Result<Option<String>, Error> {
        if !self.settings.directory {
            return Ok(None);
        }
        let user_id = match (self.find_by_identifier(identifier)?, identifier) {
            (Some(user), _) => {
                let account = self.account(user)?;
                let account =
                    account.filter(|account| !account.has_password && account.kind == AccountKind::User);
                account.map(|account| account.user_id)
            }
            (None, UserIdentifier::Matrix(named)) => {
                let named = self.named_user(&named.user.to_ascii_lowercase());
                named.and_then(|user_id| self.check_localpart(user_id.localpart()).ok())
            }
            (None, _) => None,
        };
        Ok(user_id.map(|user_id| user_id.localpart().to_owned()))
    }

    /// Whether it is the directory that knows a user's password.
    pub fn has_password_in_directory(&self, user: UserSid) -> Result<bool, Error> {
        let known =
            self.settings.directory && !self.account(user)?.is_none_or(|account| account.has_password);
        Ok(known && self.external_ids(user)?.iter().any(|id| id.provider == DIRECTORY))
    }

    /// Makes a person at another service a user who is there already. False if the person is another user's by now.
    pub fn link_external(&self, user: UserSid, id: &ExternalId) -> Result<bool, Error> {
        let lane = self.lanes.user(user);
        let mut txn = self.store.begin();
        put_external(&mut txn, user, id);
        let committed = match self.store.commit(txn) {
            Err(Error::Conflict) => return Ok(self.find_external(id)? == Some(user)),
            other => other?,
        };
        drop(lane);
        committed.wait_durable()?;
        Ok(true)
    }

    /// Makes an account for somebody whom another vouches for. If the address they have is somebody's already, the
    /// account has none.
    pub fn register_external(&self, wish: &ExternalRegistration<'_>) -> Result<Registered, RegisterError> {
        let email = wish.email.filter(|email| Mailer::is_address(email));
        let mut email = email.map(|email| canonical_address("email", email));
        if let Some(address) = &email
            && self.find_threepid_owner("email", address)?.is_some()
        {
            email = None;
        }
        let names = if wish.numbered { NUMBERS_MAX } else { 1 };
        for number in 0..names {
            let name =
                if number == 0 { wish.localpart.to_owned() } else { format!("{}{number}", wish.localpart) };
            let user_id = match self.check_localpart(&name) {
                // A number behind the name may make it somebody's.
                Err(LocalpartError::Exclusive) if number > 0 => continue,
                other => other?,
            };
            if self.find_account(&user_id)?.is_some() {
                continue;
            }
            match self.create_external(wish, &user_id, email.clone()) {
                // Somebody was quicker.
                Err(RegisterError::InUse) => {}
                other => return other,
            }
        }
        Err(RegisterError::InUse)
    }

    /// A login token for somebody who logged in elsewhere: the session that comes of it ends with the one there.
    pub fn note_origin(&self, token: &str, origin: &Origin, lifetime_ms: u64) -> Result<(), Error> {
        let record = OriginRecord {
            provider: origin.provider.clone(),
            session: origin.session.clone(),
            expires_ms: self.now_ms().saturating_add(lifetime_ms),
        };
        let mut txn = self.store.begin();
        LOGIN_ORIGINS.put(&mut txn.batch, &crate::tokens::hash(token), &record);
        self.store.commit_durably(txn)
    }

    /// Ends the devices of a person who has logged out elsewhere: of one session there, or of all. Returns how many.
    pub fn logout_external(
        &self,
        provider: &str,
        subject: Option<&str>,
        session: Option<&str>,
    ) -> Result<usize, Error> {
        let mut count = 0;
        if let Some(subject) = subject {
            let id = ExternalId { provider: provider.to_owned(), subject: subject.to_owned() };
            let Some(user) = self.find_external(&id)? else {
                return Ok(0);
            };
            let devices = sso::devices_of(self.read(), user, provider, session)?;
            let devices: Vec<&str> = devices.iter().map(String::as_str).collect();
            count += self.delete_devices(user, &devices)?.len();
        } else if let Some(session) = session {
            let prefix = (provider.to_owned(), session.to_owned());
            let rows = SSO_SESSIONS.scan(self.read(), &prefix, Direction::Forward).take(SESSION_DEVICES_MAX);
            let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
            for ((_, _, user, device_id), ()) in rows {
                count += self.delete_devices(user, &[&device_id])?.len();
            }
        }
        Ok(count)
    }

    /// Where the owner of a login token logged in; the row goes with the transaction.
    pub(crate) fn take_origin(&self, token: &Hash) -> Result<Option<Origin>, Error> {
        let Some(record) = LOGIN_ORIGINS.get(self.read(), token)? else {
            return Ok(None);
        };
        let mut txn = self.store.begin();
        LOGIN_ORIGINS.delete(&mut txn.batch, token);
        drop(self.store.commit(txn)?);
        Ok(Some(Origin { provider: record.provider, session: record.session }))
    }

    fn create_external(
        &self,
        wish: &ExternalRegistration<'_>,
        user_id: &OwnedUserId,
        email: Option<String>,
    ) -> Result<Registered, RegisterError> {
        let display_name = wish.display_name.map(str::trim).filter(|name| !name.is_empty());
        let display_name: Option<String> =
            display_name.map(|name| name.chars().take(DISPLAY_NAME_CHARACTERS_MAX).collect());
        self.create_account(NewAccount {
            user_id,
            record: account::new_record(AccountKind::User, self.now_ms()),
            display_name: display_name.as_deref().or(Some(user_id.localpart())),
            device: None,
            email,
            external: wish.id,
            proven: None,
            of_guest: false,
        })
    }
}

/// Adds to a transaction that a person at another service is this user. It conflicts if they are somebody already.
pub(crate) fn put_external(txn: &mut Txn, user: UserSid, id: &ExternalId) {
    EXTERNAL_IDS.require(&mut txn.batch, &id.key(), None);
    EXTERNAL_IDS.put(&mut txn.batch, &id.key(), &user);
    USER_EXTERNAL_IDS.put(&mut txn.batch, &(user, id.provider.clone(), id.subject.clone()), &());
}
