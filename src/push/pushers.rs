//! Setting pushers, and reading what was set.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3pushersset>

use kith_accounts::Requester;
use kith_store::{
    Direction, Error, Position,
    tables::{
        devices::DEVICES,
        pushers::{self, PUSHER_KEYS, PUSHERS, PusherKey, PusherKind, PusherRecord},
    },
};
use parking_lot::Mutex;
use serde_json::{Map, Value};

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
    /// "http" is the one kind there is.
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
        let found = pushers::list(self.store.engine(), requester.user)?;
        Ok(found
            .into_iter()
            .map(|((_, app_id, pushkey), record)| Pusher { app_id, pushkey, record })
            .collect())
    }

    /// Sets a pusher, or changes the one of the same application and key.
    pub fn set_pusher(&self, requester: &Requester, new: NewPusher) -> Result<(), PusherError> {
        let kind = self.check(&new)?;
        let key = (requester.user, new.app_id, new.pushkey);
        let device = requester.device_id.as_ref().map(ToString::to_string);
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

    fn check(&self, new: &NewPusher) -> Result<PusherKind, PusherError> {
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
            "http" => self.check_gateway(new.data.get("url")).map(|()| PusherKind::Http),
            other => invalid(format!("{other:?} is no kind of pusher that this server has")),
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
