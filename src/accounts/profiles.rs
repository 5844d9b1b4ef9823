//! Profiles: a name, an avatar, and any other field.
//! <https://spec.matrix.org/v1.19/client-server-api/#profiles>

use std::collections::{BTreeMap, BTreeSet};

use kith_store::{
    Direction, Error, UserSid,
    tables::{
        accounts::ACCOUNTS,
        profiles::{PROFILES, ProfileRecord},
    },
};
use ruma::{OwnedMxcUri, UserId};
use serde_json::Value;

use crate::{Accounts, Requester, account};

/// How large a profile may be, as canonical JSON, in bytes.
const PROFILE_BYTES_MAX: usize = 64 * 1024;
/// How long the name of a field may be, in bytes.
const FIELD_NAME_BYTES_MAX: usize = 255;
/// How long a display name may be, in characters.
pub(crate) const DISPLAY_NAME_CHARACTERS_MAX: usize = 256;
/// How long the URL of an avatar may be, in bytes.
const AVATAR_URL_BYTES_MAX: usize = 1000;

/// The names of the two fields that rooms show.
const DISPLAY_NAME: &str = "displayname";
const AVATAR_URL: &str = "avatar_url";

/// A profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// `displayname`.
    pub display_name: Option<String>,
    /// `avatar_url`.
    pub avatar_url: Option<String>,
    /// Every other field.
    pub fields: BTreeMap<String, Value>,
}

impl Profile {
    /// One field.
    pub fn find(&self, name: &str) -> Option<Value> {
        match name {
            DISPLAY_NAME => self.display_name.clone().map(Value::String),
            AVATAR_URL => self.avatar_url.clone().map(Value::String),
            other => self.fields.get(other).cloned(),
        }
    }

    /// All fields by their names.
    pub fn into_fields(self) -> BTreeMap<String, Value> {
        let mut fields = self.fields;
        fields.extend(self.display_name.map(|name| (DISPLAY_NAME.to_owned(), Value::String(name))));
        fields.extend(self.avatar_url.map(|url| (AVATAR_URL.to_owned(), Value::String(url))));
        fields
    }
}

/// A profile after a change.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileChange {
    /// Whose.
    pub user: UserSid,
    /// The name now.
    pub display_name: Option<String>,
    /// The avatar now.
    pub avatar_url: Option<String>,
    /// Name or avatar became another, so the user's membership in every room has to be written anew.
    pub shown_in_rooms: bool,
}

/// Why a profile cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The profile is somebody else's.
    #[error("this is somebody else's profile")]
    NotYours,
    /// The account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// A field's name does not follow the grammar.
    #[error("a field's name is displayname, avatar_url or a namespaced identifier such as m.tz")]
    BadName,
    /// A field's name is too long.
    #[error("a field's name has at most {FIELD_NAME_BYTES_MAX} bytes")]
    NameTooLong,
    /// A value has the wrong type, or is too long by itself.
    #[error("the value does not fit the field")]
    BadValue,
    /// The profile as a whole would become too large.
    #[error("a profile has at most {PROFILE_BYTES_MAX} bytes")]
    TooLarge,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Accounts {
    /// The profile of a user of this server; `None` if there is no such user, or they are gone.
    pub fn find_profile(&self, user_id: &UserId) -> Result<Option<Profile>, Error> {
        match self.find_active_user(user_id)? {
            Some(user) => self.profile(user).map(Some),
            None => Ok(None),
        }
    }

    /// The profile of a user of this server; empty if they never set anything.
    pub fn profile(&self, user: UserSid) -> Result<Profile, Error> {
        let record = PROFILES.get(self.read(), &user)?.unwrap_or_default();
        let mut fields = BTreeMap::new();
        for (name, text) in record.fields {
            let value = serde_json::from_str(&text)
                .map_err(|_| Error::Corrupt { table: "profiles", what: "field" })?;
            fields.insert(name, value);
        }
        Ok(Profile { display_name: record.display_name, avatar_url: record.avatar_url, fields })
    }

    /// What all users have for a picture.
    pub fn pictures(&self) -> Result<BTreeSet<OwnedMxcUri>, Error> {
        let mut pictures = BTreeSet::new();
        for row in PROFILES.scan(self.read(), &(), Direction::Forward) {
            let (_, profile) = row?;
            pictures.extend(profile.avatar_url.map(OwnedMxcUri::from));
        }
        Ok(pictures)
    }

    /// Sets a field. A display name or avatar that is null or empty is removed.
    pub fn set_profile_field(
        &self,
        requester: &Requester,
        user_id: &UserId,
        name: &str,
        value: &Value,
    ) -> Result<ProfileChange, ProfileError> {
        check_field_name(name)?;
        self.change_profile(requester, user_id, |profile| {
            match name {
                DISPLAY_NAME => profile.display_name = display_name(value)?,
                AVATAR_URL => profile.avatar_url = avatar_url(value)?,
                other => {
                    profile.fields.insert(other.to_owned(), value.to_string());
                }
            }
            Ok(())
        })
    }

    /// Removes a field; one that is not there is as good as removed.
    pub fn delete_profile_field(
        &self,
        requester: &Requester,
        user_id: &UserId,
        name: &str,
    ) -> Result<ProfileChange, ProfileError> {
        check_field_name(name)?;
        self.change_profile(requester, user_id, |profile| {
            match name {
                DISPLAY_NAME => profile.display_name = None,
                AVATAR_URL => profile.avatar_url = None,
                other => {
                    profile.fields.remove(other);
                }
            }
            Ok(())
        })
    }

    fn change_profile(
        &self,
        requester: &Requester,
        user_id: &UserId,
        change: impl FnOnce(&mut ProfileRecord) -> Result<(), ProfileError>,
    ) -> Result<ProfileChange, ProfileError> {
        let user = self.profile_owner(requester, user_id)?;
        let lane = self.lanes.user(user);
        let account = ACCOUNTS.get(self.read(), &user)?.ok_or(ProfileError::NotFound)?;
        if account.deactivated {
            return Err(ProfileError::NotFound);
        }
        let before = PROFILES.get(self.read(), &user)?.unwrap_or_default();
        let mut after = before.clone();
        change(&mut after)?;
        // What is there already may stay, so that a profile that is too large can shrink.
        if size(&after) > PROFILE_BYTES_MAX && size(&after) > size(&before) {
            return Err(ProfileError::TooLarge);
        }
        let shown_in_rooms =
            (&before.display_name, &before.avatar_url) != (&after.display_name, &after.avatar_url);
        if before != after {
            let mut txn = self.store.begin();
            PROFILES.put(&mut txn.batch, &user, &after);
            account::announce_profile(&mut txn, user)?;
            let committed = self.store.commit(txn)?;
            drop(lane);
            committed.wait_durable()?;
        }
        Ok(ProfileChange {
            user,
            display_name: after.display_name,
            avatar_url: after.avatar_url,
            shown_in_rooms,
        })
    }

    fn profile_owner(&self, requester: &Requester, user_id: &UserId) -> Result<UserSid, ProfileError> {
        if requester.suspended {
            return Err(ProfileError::Suspended);
        }
        if requester.user_id == user_id {
            return Ok(requester.user);
        }
        if !requester.admin {
            return Err(ProfileError::NotYours);
        }
        self.find_active_user(user_id)?.ok_or(ProfileError::NotFound)
    }
}

/// `displayname`, `avatar_url`, or a name of the common namespaced identifier grammar: letters, digits, `_`, `-` and
/// dots, beginning with a letter.
fn check_field_name(name: &str) -> Result<(), ProfileError> {
    if name.len() > FIELD_NAME_BYTES_MAX {
        return Err(ProfileError::NameTooLong);
    }
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte);
    let begins_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if begins_well && name.bytes().all(allowed) { Ok(()) } else { Err(ProfileError::BadName) }
}

fn display_name(value: &Value) -> Result<Option<String>, ProfileError> {
    let name = text(value)?;
    if name.as_ref().is_some_and(|name| name.chars().count() > DISPLAY_NAME_CHARACTERS_MAX) {
        return Err(ProfileError::BadValue);
    }
    Ok(name)
}

fn avatar_url(value: &Value) -> Result<Option<String>, ProfileError> {
    let url = text(value)?;
    if url.as_ref().is_some_and(|url| url.len() > AVATAR_URL_BYTES_MAX) {
        return Err(ProfileError::BadValue);
    }
    Ok(url)
}

fn text(value: &Value) -> Result<Option<String>, ProfileError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        _ => Err(ProfileError::BadValue),
    }
}

/// The size of a profile as a JSON object, near enough: quotes, colons and commas counted.
fn size(profile: &ProfileRecord) -> usize {
    let texts = [(DISPLAY_NAME, &profile.display_name), (AVATAR_URL, &profile.avatar_url)];
    let known: usize =
        texts.iter().map(|(name, text)| text.as_ref().map_or(0, |text| name.len() + text.len() + 6)).sum();
    let others: usize = profile.fields.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    known + others + 2
}
