//! From whom a user wants to be invited, as their account data says.
//!
//! An invite that is blocked is refused, and the inviter is told. One that is ignored is taken and never shown.
//! <https://spec.matrix.org/v1.19/client-server-api/#invite-permission>,
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4155>

use kith_store::{Error, Read, UserSid, tables::account_data};
use ruma::UserId;
use serde::Deserialize;

use crate::{Rooms, membership::MembershipError, server_acl};

/// Where the rules are kept: under their stable name, and under the names of the proposals.
const TYPES: [&str; 3] = [
    "m.invite_permission_config",
    "org.matrix.msc4155.invite_permission_config",
    "org.matrix.msc4380.invite_permission_config",
];
/// How many patterns of one list count.
const PATTERNS_MAX: usize = 1_000;

/// What becomes of an invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteRule {
    /// It is shown.
    Allow,
    /// It is taken and not shown.
    Ignore,
    /// It is refused.
    Block,
}

/// From whom a user wants to be invited. The default is from everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InviteRules(Vec<Document>);

/// One document of account data. What makes no sense in it counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Document {
    #[serde(deserialize_with = "or_default")]
    default_action: Option<String>,
    #[serde(deserialize_with = "or_default")]
    block_all: bool,
    #[serde(deserialize_with = "or_default")]
    allowed_users: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    ignored_users: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    blocked_users: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    allowed_servers: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    ignored_servers: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    blocked_servers: Vec<String>,
}

impl InviteRules {
    /// Reads the rules out of the contents of account data.
    fn read<'a>(contents: impl IntoIterator<Item = &'a str>) -> Self {
        let documents = contents.into_iter().filter_map(|content| serde_json::from_str(content).ok());
        Self(documents.collect())
    }

    /// Whether everybody may invite.
    pub fn are_empty(&self) -> bool {
        self.0.iter().all(|document| *document == Document::default())
    }

    /// What becomes of an invite by this user: whatever is strictest of the documents.
    pub fn rule_for(&self, sender: &UserId) -> InviteRule {
        let rules = self.0.iter().map(|document| document.rule_for(sender));
        rules.fold(InviteRule::Allow, |strictest, rule| match (strictest, rule) {
            (InviteRule::Block, _) | (_, InviteRule::Block) => InviteRule::Block,
            (InviteRule::Ignore, _) | (_, InviteRule::Ignore) => InviteRule::Ignore,
            (InviteRule::Allow, InviteRule::Allow) => InviteRule::Allow,
        })
    }
}

impl Document {
    fn rule_for(&self, sender: &UserId) -> InviteRule {
        let (user, server) = (sender.as_str(), sender.server_name().as_str());
        let any = |patterns: &[String], text: &str| {
            patterns.iter().take(PATTERNS_MAX).any(|pattern| server_acl::matches(pattern, text))
        };
        if any(&self.allowed_users, user) || any(&self.allowed_servers, server) {
            InviteRule::Allow
        } else if any(&self.ignored_users, user) || any(&self.ignored_servers, server) {
            InviteRule::Ignore
        } else if any(&self.blocked_users, user)
            || any(&self.blocked_servers, server)
            || self.block_all
            || self.default_action.as_deref() == Some("block")
        {
            InviteRule::Block
        } else {
            InviteRule::Allow
        }
    }
}

impl Rooms {
    /// From whom a user of this server wants to be invited.
    pub fn invite_rules(&self, read: &dyn Read, user: UserSid) -> Result<InviteRules, Error> {
        let mut contents = Vec::new();
        for kind in TYPES {
            contents.extend(account_data::find(read, user, None, kind)?);
        }
        Ok(InviteRules::read(contents.iter().map(String::as_str)))
    }
}

/// Whether a user, if they are of this server, lets themselves be invited by another.
pub(crate) fn check_invitee(rooms: &Rooms, sender: &UserId, target: &UserId) -> Result<(), MembershipError> {
    // The server's own notices reach everybody.
    if !rooms.is_local(target) || rooms.notices_sender_id().is_some_and(|own| own == *sender) {
        return Ok(());
    }
    let Some(user) = rooms.store.ids().find_user(target)? else { return Ok(()) };
    match rooms.invite_rules(rooms.store.engine(), user)?.rule_for(sender) {
        InviteRule::Block => Err(MembershipError::InviteBlocked(target.to_owned())),
        InviteRule::Allow | InviteRule::Ignore => Ok(()),
    }
}

fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + serde::de::DeserializeOwned,
{
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use ruma::user_id;

    use super::*;

    #[test]
    fn rules_mean_what_they_say() {
        let check = |contents: &[&str], expected: [InviteRule; 3]| {
            let rules = InviteRules::read(contents.iter().copied());
            let senders =
                [user_id!("@ann:good.example"), user_id!("@ben:bad.example"), user_id!("@cat:bad.example")];
            assert_eq!(senders.map(|sender| rules.rule_for(sender)), expected, "{contents:?}");
        };
        use InviteRule::{Allow, Block, Ignore};
        check(&[], [Allow; 3]);
        check(&["{}", "[]", "nonsense"], [Allow; 3]);
        check(&[r#"{"default_action":"block"}"#], [Block; 3]);
        check(&[r#"{"default_action":"other","blocked_users":7}"#], [Allow; 3]);
        check(&[r#"{"block_all":true}"#], [Block; 3]);
        check(&[r#"{"blocked_servers":["*"],"allowed_servers":["good.example"]}"#], [Allow, Block, Block]);
        check(
            &[r#"{"blocked_servers":["bad.*"],"allowed_users":["@c?t:bad.example"]}"#],
            [Allow, Block, Allow],
        );
        check(&[r#"{"ignored_users":["@ben:*"],"blocked_servers":["bad.example"]}"#], [Allow, Ignore, Block]);
        check(&[r#"{"allowed_servers":["good.example"],"default_action":"block"}"#], [Allow, Block, Block]);
        check(&[r#"{"ignored_servers":["*"]}"#, r#"{"blocked_users":["@cat:*"]}"#], [Ignore, Ignore, Block]);
    }

    #[test]
    fn whoever_says_nothing_has_no_rules() {
        assert!(InviteRules::read(["{}", r#"{"allowed_users":null}"#]).are_empty());
        assert!(!InviteRules::read([r#"{"allowed_users":["@a:b"]}"#]).are_empty());
    }
}
