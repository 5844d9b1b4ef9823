//! Who is looking at a room, and whom they do not want to hear from.

use std::{collections::BTreeMap, collections::HashSet, sync::Arc};

use kith_store::{Error, Read, UserSid, tables::account_data};
use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::{InviteRule, InviteRules, Rooms};

/// How many ignored users of one user count.
const IGNORED_USERS_MAX: usize = 10_000;

/// Who is looking. The default is somebody without a token.
#[derive(Clone, Debug, Default)]
pub struct Viewer {
    /// The user.
    pub user: Option<UserSid>,
    /// The user's id.
    pub user_id: Option<OwnedUserId>,
    /// The device: it alone is told the transaction ids of what it sent.
    pub device_id: Option<OwnedDeviceId>,
    /// Whose events the user does not want to see.
    pub ignored: Arc<HashSet<UserSid>>,
    /// From whom the user wants to be invited.
    pub invites: Arc<InviteRules>,
    /// The server's operator sees everything that this server knows of a room.
    pub operator: bool,
}

impl Viewer {
    /// Somebody without a token: sees what the whole world may read.
    pub fn stranger() -> Self {
        Self::default()
    }

    /// The operator of this server, who sees everything that it knows.
    pub fn operator() -> Self {
        Self { operator: true, ..Self::default() }
    }
}

impl Rooms {
    /// A user who is looking, from one of their devices, with the users they ignore.
    pub fn viewer(
        &self,
        read: &dyn Read,
        user: UserSid,
        user_id: &UserId,
        device_id: Option<&DeviceId>,
    ) -> Result<Viewer, Error> {
        Ok(Viewer {
            user: Some(user),
            user_id: Some(user_id.to_owned()),
            device_id: device_id.map(ToOwned::to_owned),
            ignored: Arc::new(self.ignored_users(read, user)?),
            invites: Arc::new(self.invite_rules(read, user)?),
            operator: false,
        })
    }

    /// Whether a viewer is not to see an invite by this user.
    pub fn hides_invite_of(&self, viewer: &Viewer, sender: UserSid) -> Result<bool, Error> {
        if viewer.ignored.contains(&sender) {
            return Ok(true);
        }
        if viewer.invites.are_empty() {
            return Ok(false);
        }
        Ok(viewer.invites.rule_for(&self.store.ids().user_id(sender)?) == InviteRule::Ignore)
    }

    /// The users whom a user ignores. Nobody can ignore themselves.
    pub fn ignored_users(&self, read: &dyn Read, user: UserSid) -> Result<HashSet<UserSid>, Error> {
        #[derive(Deserialize)]
        struct IgnoredUserList {
            ignored_users: BTreeMap<String, IgnoredAny>,
        }
        let content = account_data::find(read, user, None, "m.ignored_user_list")?;
        let list = content.and_then(|content| serde_json::from_str::<IgnoredUserList>(&content).ok());
        let mut ignored = HashSet::new();
        for user_id in list.iter().flat_map(|list| list.ignored_users.keys()).take(IGNORED_USERS_MAX) {
            let Ok(user_id) = UserId::parse(user_id) else { continue };
            // Whoever has no number has never sent anything.
            if let Some(sid) = self.store.ids().find_user(&user_id)?
                && sid != user
            {
                ignored.insert(sid);
            }
        }
        Ok(ignored)
    }
}
