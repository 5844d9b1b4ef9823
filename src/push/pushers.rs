//! Setting pushers, and reading what was set.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3pushersset>

use kith_accounts::Requester;
use kith_store::{
    Direction, Error, Position, UserSid,
    tables::{
        devices::DEVICES,
        pushers::{
            self, MailsRecord, PUSHER_KEYS, PUSHER_MAILS, PUSHERS, PusherKey, PusherKind, PusherRecord,
        },
    },
};
use parking_lot::Mutex;
use ruma::UserId;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use crate::Push;

/// How long a push key may be, in bytes.
const PUSHKEY_BYTES_MAX: usize = 512;
/// How long an app id may be, in characters.
const APP_ID_CHARACTERS_MAX: usize = 64;
/// How long a name, a language or a profile tag may be, in bytes.
const TEXT_BYTES_MAX: usize = 1_024;
/// How large the data of a pusher may be, in bytes.
const DATA_BYTES_MAX: usize = 16 * 1_024;
/// How many pushers a user may have; whoever sets one more loses the one that was not set for the longest time.
const PUSHERS_PER_USER_MAX: usize = 100;
/// The application of pushers that write mails.
const MAIL_APP_ID: &str = "m.email";
/// How many characters the secret in a mail has.
const SECRET_CHARACTERS: usize = 32;
/// The path that every push gateway has.
const GATEWAY_PATH: &str = "/_matrix/push/v1/notify";

/// One change of pushers at a time: they are rare, and may concern those of other users.
pub(crate) type Setting = Mutex<()>;

/// A pusher that a client sets.
#[derive(Clone, Debug)]
pub struct NewPusher {
    /// The application.
    pub app_id: String,
    /// Where the application finds the device.
    pub pushkey: String,
    /// "http" or "email".
    pub kind: String,
    /// What the application calls itself.
    pub app_display_name: String,
    /// What the device calls itself.
    pub device_display_name: String,
    /// Kept for clients.
    pub profile_tag: Option<String>,
    /// The language the user reads.
    pub lang: String,
    /// What the kind needs.
    pub data: Map<String, Value>,
    /// Whether anything is sent.
    pub enabled: bool,
    /// Whether pushers of other users with the same application and key stay.
    pub append: bool,
}

/// A pusher that was set.
#[derive(Clone, Debug)]
pub struct Pusher {
    /// The application.
    pub app_id: String,
    /// Where the application finds the device.
    pub pushkey: String,
    /// The rest.
    pub record: PusherRecord,
}

/// Why a pusher was not set.
#[derive(Debug, thiserror::Error)]
pub enum PusherError {
    /// Something about it is not as it has to be.
    #[error("{0}")]
    Invalid(String),
    /// Mails would go to an address that is not the user's.
    #[error("pushkey is none of your e-mail addresses")]
    AddressNotFound,
    /// The session has ended meanwhile.
    #[error("the session has ended")]
    SessionEnded,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Push {
    /// The requester's pushers.
    pub fn pushers(&self, requester: &Requester) -> Result<Vec<Pusher>, Error> {
        self.pushers_of(requester.user)
    }

    /// A user's pushers.
    pub fn pushers_of(&self, user: UserSid) -> Result<Vec<Pusher>, Error> {
        let found = pushers::list(self.store.engine(), user)?;
        Ok(found
            .into_iter()
            .map(|((_, app_id, pushkey), record)| Pusher { app_id, pushkey, record })
            .collect())
    }

    /// Sets a pusher, or changes the one of the same application and key.
    pub fn set_pusher(&self, requester: &Requester, new: NewPusher) -> Result<(), PusherError> {
        let kind = self.check(requester.user, &new)?;
        let key = (requester.user, new.app_id, new.pushkey);
        let device = requester.device_id.as_ref().map(ToString::to_string);
        // Mails are for those who are not logged in: they stay.
        let device = device.filter(|_| kind == PusherKind::Http);
        let lane = self.accounts.lane(requester.user);
        let setting = self.setting.lock();
        let read = self.store.engine();
        if let Some(device) = &device
            && !DEVICES.contains(read, &(requester.user, device.clone()))?
        {
            return Err(PusherError::SessionEnded);
        }
        let old = PUSHERS.get(read, &key)?;
        // What was on stays on: nothing is lost by setting it again.
        let was_on = old.as_ref().filter(|old| old.enabled && old.kind == kind);
        let mut record = PusherRecord {
            kind,
            app_display_name: new.app_display_name,
            device_display_name: new.device_display_name,
            profile_tag: new.profile_tag,
            lang: new.lang,
            data: Value::Object(new.data).to_string(),
            enabled: new.enabled,
            device,
            updated_ms: old.as_ref().map_or(0, |old| old.updated_ms),
            since: was_on.map_or(Position::START, |old| old.since),
        };
        let others = if new.append { Vec::new() } else { self.others_with(&key)? };
        if old.as_ref() == Some(&record) && others.is_empty() {
            return Ok(());
        }
        record.updated_ms = self.clock.now_ms();
        let mut txn = self.store.begin();
        for other in &others {
            pushers::delete(&mut txn, other)?;
        }
        if old.is_none() {
            for surplus in self.surplus_of(requester)? {
                pushers::delete(&mut txn, &surplus)?;
            }
        }
        pushers::put(&mut txn, &key, &record)?;
        if kind == PusherKind::Email && PUSHER_MAILS.get(read, &key)?.is_none() {
            let secret = self.random.alphanumeric(SECRET_CHARACTERS);
            PUSHER_MAILS.put(&mut txn.batch, &key, &MailsRecord { secret, ..MailsRecord::default() });
        }
        let committed = self.store.commit(txn)?;
        drop((setting, lane));
        Ok(committed.wait_durable()?)
    }

    /// Removes a pusher; one that does not exist is as good as removed.
    pub fn delete_pusher(&self, requester: &Requester, app_id: String, pushkey: String) -> Result<(), Error> {
        self.remove_pusher(&(requester.user, app_id, pushkey))
    }

    pub(crate) fn remove_pusher(&self, key: &PusherKey) -> Result<(), Error> {
        let setting = self.setting.lock();
        if !PUSHERS.contains(self.store.engine(), key)? {
            return Ok(());
        }
        let mut txn = self.store.begin();
        pushers::delete(&mut txn, key)?;
        let committed = self.store.commit(txn)?;
        drop(setting);
        committed.wait_durable()
    }

    /// Removes a pusher that writes mails, for whoever has such a mail. False if there is none, or the secret is
    /// another.
    pub fn unsubscribe(
        &self,
        user_id: &UserId,
        app_id: &str,
        pushkey: &str,
        secret: &str,
    ) -> Result<bool, Error> {
        let Some(key) = self.mailed_with(user_id, app_id, pushkey, secret)? else { return Ok(false) };
        self.remove_pusher(&key)?;
        Ok(true)
    }

    /// Whether there is such a pusher that writes mails.
    pub fn may_unsubscribe(
        &self,
        user_id: &UserId,
        app_id: &str,
        pushkey: &str,
        secret: &str,
    ) -> Result<bool, Error> {
        Ok(self.mailed_with(user_id, app_id, pushkey, secret)?.is_some())
    }

    fn mailed_with(
        &self,
        user_id: &UserId,
        app_id: &str,
        pushkey: &str,
        secret: &str,
    ) -> Result<Option<PusherKey>, Error> {
        let Some(user) = self.store.ids().find_user(user_id)? else { return Ok(None) };
        let key = (user, app_id.to_owned(), pushkey.to_owned());
        let record = PUSHER_MAILS.get(self.store.engine(), &key)?;
        let fits = record.is_some_and(|record| record.secret.as_bytes().ct_eq(secret.as_bytes()).into());
        Ok(fits.then_some(key))
    }

    fn others_with(&self, (user, app_id, pushkey): &PusherKey) -> Result<Vec<PusherKey>, Error> {
        let prefix = (app_id.clone(), pushkey.clone());
        let mut others = Vec::new();
        for row in PUSHER_KEYS.scan(self.store.engine(), &prefix, Direction::Forward) {
            let ((app_id, pushkey, other), ()) = row?;
            if other != *user {
                others.push((other, app_id, pushkey));
            }
        }
        Ok(others)
    }

    /// The pushers that have to go so that there is room for one more.
    fn surplus_of(&self, requester: &Requester) -> Result<Vec<PusherKey>, Error> {
        let mut all = pushers::list(self.store.engine(), requester.user)?;
        all.sort_by_key(|(_, record)| record.updated_ms);
        let surplus = (all.len() + 1).saturating_sub(PUSHERS_PER_USER_MAX);
        Ok(all.into_iter().take(surplus).map(|(key, _)| key).collect())
    }

    fn check(&self, user: UserSid, new: &NewPusher) -> Result<PusherKind, PusherError> {
        let invalid = |why: String| Err(PusherError::Invalid(why));
        if new.pushkey.is_empty() || new.pushkey.len() > PUSHKEY_BYTES_MAX {
            return invalid(format!("pushkey has between 1 and {PUSHKEY_BYTES_MAX} bytes"));
        }
        if new.app_id.is_empty() || new.app_id.chars().count() > APP_ID_CHARACTERS_MAX {
            return invalid(format!("app_id has between 1 and {APP_ID_CHARACTERS_MAX} characters"));
        }
        let texts = [Some(&new.app_display_name), Some(&new.device_display_name), Some(&new.lang)];
        if texts
            .into_iter()
            .chain([new.profile_tag.as_ref()])
            .flatten()
            .any(|text| text.len() > TEXT_BYTES_MAX)
        {
            return invalid(format!("names, lang and profile_tag have at most {TEXT_BYTES_MAX} bytes"));
        }
        if Value::Object(new.data.clone()).to_string().len() > DATA_BYTES_MAX {
            return invalid(format!("data has at most {DATA_BYTES_MAX} bytes"));
        }
        match new.kind.as_str() {
            "email" => self.check_address(user, new).map(|()| PusherKind::Email),
            "http" => self.check_gateway(new.data.get("url")).map(|()| PusherKind::Http),
            other => invalid(format!("{other:?} is no kind of pusher that this server has")),
        }
    }

    /// A mail goes to an address that its reader has shown to be theirs.
    fn check_address(&self, user: UserSid, new: &NewPusher) -> Result<(), PusherError> {
        let invalid = |why: &str| Err(PusherError::Invalid(why.to_owned()));
        if self.mailer.is_none() {
            return invalid("this server sends no mails");
        }
        if new.app_id != MAIL_APP_ID {
            return Err(PusherError::Invalid(format!("the app_id of mails is {MAIL_APP_ID}")));
        }
        match self.accounts.find_threepid_owner("email", &new.pushkey)? {
            Some(owner) if owner == user => Ok(()),
            _ => Err(PusherError::AddressNotFound),
        }
    }

    fn check_gateway(&self, url: Option<&Value>) -> Result<(), PusherError> {
        let invalid = |why: &str| Err(PusherError::Invalid(why.to_owned()));
        let Some(url) = url.and_then(Value::as_str) else {
            return invalid("data.url is the URL of a push gateway");
        };
        let Ok(url) = url.parse::<http::Uri>() else { return invalid("data.url is not a URL") };
        match url.scheme_str() {
            Some("https") => {}
            Some("http") if self.config.push.allow_http_gateways => {}
            _ => return invalid("data.url has to begin with https://"),
        }
        if url.path() != GATEWAY_PATH {
            return Err(PusherError::Invalid(format!("the path of data.url has to be {GATEWAY_PATH}")));
        }
        Ok(())
    }
}
