//! Making accounts: by oneself, as a guest, by an application service.
//! <https://spec.matrix.org/v1.19/client-server-api/#account-registration-and-management>

use kith_config::RegistrationMode;
use kith_store::{
    Error,
    tables::{
        accounts::{ACCOUNT_NUMBERS, ACCOUNTS, AccountKind, AccountRecord, PasswordHash},
        profiles::{PROFILES, ProfileRecord},
    },
};
use ruma::{OwnedUserId, UserId, api::client::uiaa::AuthData};
use serde::{Deserialize, Serialize};

use crate::{
    Accounts, Appservice, AuthenticateError, Credentials, ExternalId, LocalpartError, NewDevice,
    PasswordError, Session, SessionError, Stage, ThreepidError, UiaError, ValidationPurpose, account,
    external,
    uia::{Operation, Proven},
};

/// The series of the numbers that stand for a name.
const NUMBERS: &str = "localpart";
/// What sessions of user-interactive authentication for registering are called.
pub(crate) const OPERATION: &str = "register";

/// A wish for an account.
#[derive(Clone, Default)]
pub struct Registration<'a> {
    /// The localpart; without one the server gives a number.
    pub username: Option<&'a str>,
    /// The password.
    pub password: Option<&'a str>,
    /// The device to log in on.
    pub device: NewDevice<'a>,
    /// Not to log in at all.
    pub inhibit_login: bool,
    /// Proof for one stage.
    pub auth: Option<&'a AuthData>,
    /// The access token of the guest who becomes a full user under the name they have.
    pub guest_access_token: Option<&'a str>,
    /// The provider of captchas says that the one in `auth` is solved.
    pub captcha_solved: bool,
}

/// An account that was made.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The user's id.
    pub user_id: OwnedUserId,
    /// The session, unless none was wanted.
    pub session: Option<Session>,
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Nobody registers here by themselves.
    #[error("registration is closed on this server")]
    Closed,
    /// There are no guests here.
    #[error("this server has no guests")]
    NoGuests,
    /// The name is taken.
    #[error("the user name is taken")]
    InUse,
    /// The access token is not that of the guest with this name.
    #[error("this is not the access token of the guest with this name")]
    NotTheGuest,
    /// The name cannot be had.
    #[error(transparent)]
    Localpart(#[from] LocalpartError),
    /// A password or a name is missing.
    #[error("missing: {0}")]
    Missing(&'static str),
    /// The password cannot be had.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Proof is missing.
    #[error(transparent)]
    Uia(#[from] UiaError),
    /// The registration token was removed meanwhile.
    #[error("the registration token was withdrawn")]
    TokenWithdrawn,
    /// The person at another service has got an account meanwhile.
    #[error("this person has an account already")]
    AlreadyLinked,
    /// Somebody else got the email address meanwhile.
    #[error(transparent)]
    Threepid(#[from] ThreepidError),
    /// There is no session for the new account.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Everything about an account that is to be made.
pub(crate) struct NewAccount<'a> {
    pub(crate) user_id: &'a UserId,
    pub(crate) record: AccountRecord,
    pub(crate) display_name: Option<&'a str>,
    pub(crate) device: Option<NewDevice<'a>>,
    pub(crate) email: Option<String>,
    pub(crate) external: Option<&'a ExternalId>,
    pub(crate) proven: Option<Proven>,
    /// The account is there already, as a guest's.
    pub(crate) of_guest: bool,
}

/// What a registration keeps from one request to the next.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    username: Option<String>,
    device_id: Option<String>,
    display_name: Option<String>,
    inhibit_login: bool,
    refresh: bool,
}

impl Accounts {
    /// Whether somebody could register under this name.
    pub fn check_available(&self, name: &str) -> Result<(), RegisterError> {
        let user_id = self.check_localpart(name)?;
        if self.find_account(&user_id)?.is_some() { Err(RegisterError::InUse) } else { Ok(()) }
    }

    /// Makes an account for somebody who asks for one, once they have completed the stages that the configuration
    /// demands.
    pub fn register(&self, wish: &Registration<'_>) -> Result<Registered, RegisterError> {
        if self.settings.registration_mode == RegistrationMode::Closed {
            return Err(RegisterError::Closed);
        }
        // What can be told now is told before anybody goes through the stages in vain.
        let guest = self.guest_of(wish)?;
        if let (None, Some(name)) = (&guest, wish.username) {
            self.check_available(name)?;
        }
        if let Some(password) = wish.password {
            self.check_new_password(password)?;
        }
        let operation = Operation {
            name: OPERATION,
            user: None,
            flows: self.registration_flows(),
            email: Some(ValidationPurpose::Register),
            captcha_solved: wish.captcha_solved,
            parameters: kept_parameters(wish),
            vouched: None,
        };
        let proven = self.prove(&operation, wish.auth)?;
        let kept: Kept = serde_json::from_str(&proven.record.parameters).unwrap_or_default();
        let password = wish.password.ok_or(RegisterError::Missing("password"))?;
        let of_guest = guest.is_some();
        let user_id = match (guest, wish.username.or(kept.username.as_deref())) {
            (Some(guest), _) => guest,
            (None, Some(name)) => self.check_localpart(name)?,
            (None, None) => self.next_number()?,
        };
        let mut record = account::new_record(AccountKind::User, self.now_ms());
        record.password = Some(self.hasher.hash(password)?);
        record.terms = self.agreed_terms(&proven);
        let device = NewDevice {
            device_id: wish.device.device_id.or(kept.device_id.as_deref()),
            display_name: wish.device.display_name.or(kept.display_name.as_deref()),
            refresh: wish.device.refresh || kept.refresh,
        };
        let inhibit_login = wish.inhibit_login || kept.inhibit_login;
        self.create_account(NewAccount {
            user_id: &user_id,
            record,
            display_name: Some(user_id.localpart()),
            device: (!inhibit_login).then_some(device),
            email: proven.record.email.clone(),
            external: None,
            proven: Some(proven),
            of_guest,
        })
    }

    /// The guest that somebody is and wants to be no longer.
    /// <https://spec.matrix.org/v1.19/client-server-api/#guest-access>
    fn guest_of(&self, wish: &Registration<'_>) -> Result<Option<OwnedUserId>, RegisterError> {
        let Some(token) = wish.guest_access_token else { return Ok(None) };
        let credentials = Credentials {
            token,
            as_user: None,
            as_device: None,
            address: None,
            user_agent: None,
            may_be_locked: false,
        };
        match self.authenticate(&credentials) {
            Ok(guest) if guest.guest && wish.username == Some(guest.user_id.localpart()) => {
                Ok(Some(guest.user_id))
            }
            Err(AuthenticateError::Store(error)) => Err(error.into()),
            _ => Err(RegisterError::NotTheGuest),
        }
    }

    /// Makes an account for a guest, with a number for a name.
    pub fn register_guest(&self, display_name: Option<&str>) -> Result<Registered, RegisterError> {
        if !self.settings.registration.guests {
            return Err(RegisterError::NoGuests);
        }
        let user_id = self.next_number()?;
        self.create_account(NewAccount {
            user_id: &user_id,
            record: account::new_record(AccountKind::Guest, self.now_ms()),
            display_name: None,
            device: Some(NewDevice { device_id: None, display_name, refresh: false }),
            email: None,
            external: None,
            proven: None,
            of_guest: false,
        })
    }

    /// Makes an account for one of an application service's users.
    pub fn register_as_appservice(
        &self,
        appservice: &Appservice,
        wish: &Registration<'_>,
    ) -> Result<Registered, RegisterError> {
        let name = wish.username.ok_or(RegisterError::Missing("username"))?;
        let user_id = self.check_appservice_localpart(appservice, name)?;
        self.create_account(NewAccount {
            user_id: &user_id,
            record: account::new_record(AccountKind::Appservice(appservice.id.clone()), self.now_ms()),
            display_name: Some(user_id.localpart()),
            device: (!wish.inhibit_login).then(|| wish.device.clone()),
            email: None,
            external: None,
            proven: None,
            of_guest: false,
        })
    }

    /// Makes an account without asking anybody for anything, for administrators at the command line and in the
    /// admin API. The password may be any.
    pub fn create_user(
        &self,
        name: &str,
        password: Option<&str>,
        admin: bool,
    ) -> Result<OwnedUserId, RegisterError> {
        let user_id = self.parse_localpart(name)?;
        let mut record = account::new_record(AccountKind::User, self.now_ms());
        record.password = password.map(|password| self.hash_any_password(password)).transpose()?;
        record.admin = admin;
        let registered = self.create_account(NewAccount {
            user_id: &user_id,
            record,
            display_name: Some(user_id.localpart()),
            device: None,
            email: None,
            external: None,
            proven: None,
            of_guest: false,
        })?;
        Ok(registered.user_id)
    }

    /// The one place where accounts come from: the account, its profile and its first session in one transaction,
    /// which also uses up the proof.
    pub(crate) fn create_account(&self, new: NewAccount<'_>) -> Result<Registered, RegisterError> {
        let user = self.store.ids().user(new.user_id)?;
        let lane = self.lanes.user(user);
        let shared = (new.proven.is_some() || new.email.is_some()).then(|| self.lanes.registration());
        let mut txn = self.store.begin();
        match ACCOUNTS.get(self.read(), &user)? {
            None if !new.of_guest => {
                ACCOUNTS.put(&mut txn.batch, &user, &new.record);
                let display_name = new.display_name.map(str::to_owned);
                PROFILES.put(
                    &mut txn.batch,
                    &user,
                    &ProfileRecord { display_name, ..ProfileRecord::default() },
                );
            }
            Some(guest) if new.of_guest && guest.kind == AccountKind::Guest && !guest.deactivated => {
                let AccountRecord { kind, password, terms, .. } = new.record;
                ACCOUNTS.put(&mut txn.batch, &user, &AccountRecord { kind, password, terms, ..guest });
            }
            _ => return Err(RegisterError::InUse),
        }
        account::announce_profile(&mut txn, user)?;
        if let Some(proven) = &new.proven {
            Self::end_uia_session(&mut txn, proven);
            if let Some(token) = proven.record.registration_token
                && !self.settle_registration_token(&mut txn, token, true)?
            {
                return Err(RegisterError::TokenWithdrawn);
            }
        }
        if let Some(email) = new.email {
            self.put_threepid(&mut txn, user, "email", email)?;
        }
        if let Some(id) = new.external {
            external::put_external(&mut txn, user, id);
        }
        let session = match &new.device {
            Some(device) => Some(self.add_session(&mut txn, user, device)?.0),
            None => None,
        };
        let committed = match self.store.commit(txn) {
            Err(Error::Conflict) if new.external.is_some() => return Err(RegisterError::AlreadyLinked),
            Err(Error::Conflict) => return Err(UiaError::OtherOperation.into()),
            other => other?,
        };
        if new.of_guest {
            self.forget_sessions(user)?;
        }
        drop((shared, lane));
        committed.wait_durable()?;
        Ok(Registered { user_id: new.user_id.to_owned(), session })
    }

    /// Hashes a password that an administrator chose, however short.
    pub(crate) fn hash_any_password(&self, password: &str) -> Result<PasswordHash, PasswordError> {
        crate::passwords::check_length(password)?;
        self.hasher.hash(password)
    }

    /// The flows that lead to an account. Where this server sends mails, everybody may confirm an address.
    fn registration_flows(&self) -> Vec<Vec<Stage>> {
        let mut flow = match self.settings.registration_mode {
            RegistrationMode::Token => vec![Stage::RegistrationToken],
            RegistrationMode::Email => vec![Stage::Email],
            RegistrationMode::Open | RegistrationMode::Closed => Vec::new(),
        };
        if self.settings.registration.captcha_site_key.is_some() {
            flow.insert(0, Stage::Captcha);
        }
        if self.settings.registration.require_terms {
            flow.push(Stage::Terms);
        }
        let mut flows = Vec::new();
        if self.settings.email.is_on() && !flow.contains(&Stage::Email) {
            let with_address: Vec<Stage> = flow.iter().copied().chain([Stage::Email]).collect();
            flows.push(with_address);
        }
        if flow.is_empty() {
            flow.push(Stage::Dummy);
        }
        flows.insert(0, flow);
        flows
    }

    fn agreed_terms(&self, proven: &Proven) -> Option<String> {
        let agreed = proven.record.completed.iter().any(|stage| stage == Stage::Terms.as_str());
        let version = self.settings.registration.terms_version.as_deref().unwrap_or("1");
        agreed.then(|| version.to_owned())
    }

    /// A name that is a number nobody has.
    fn next_number(&self) -> Result<OwnedUserId, RegisterError> {
        let key = NUMBERS.to_owned();
        let _shared = self.lanes.registration();
        let mut number = ACCOUNT_NUMBERS.get(self.read(), &key)?.unwrap_or(0);
        loop {
            number = number.saturating_add(1);
            let user_id = self.user_id(&number.to_string()).map_err(|_| LocalpartError::Malformed)?;
            if self.find_account(&user_id)?.is_none() {
                let mut txn = self.store.begin();
                ACCOUNT_NUMBERS.put(&mut txn.batch, &key, &number);
                // Not waited for: the account that gets the number is durable later, and this before it.
                drop(self.store.commit(txn)?);
                return Ok(user_id);
            }
        }
    }
}

/// The password is not kept: a secret does not wait in the database for a registration that may never end.
fn kept_parameters(wish: &Registration<'_>) -> String {
    if wish.username.is_none() && wish.device.device_id.is_none() && wish.device.display_name.is_none() {
        return String::new();
    }
    let kept = Kept {
        username: wish.username.map(str::to_owned),
        device_id: wish.device.device_id.map(str::to_owned),
        display_name: wish.device.display_name.map(str::to_owned),
        inhibit_login: wish.inhibit_login,
        refresh: wish.device.refresh,
    };
    serde_json::to_string(&kept).unwrap_or_default()
}
