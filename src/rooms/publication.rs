//! Which rooms the directory shows: the writing side.
//! <https://spec.matrix.org/v1.19/client-server-api/#published-room-directory>

use kith_accounts::Requester;
use kith_config::RuleAction;
use kith_store::{
    Error, RoomSid, Txn,
    tables::{aliases::PUBLISHED, members::Membership},
};
use ruma::{RoomId, events::TimelineEventType};

use crate::{Rooms, WriteError, acting::check_not_suspended, room::Room};

/// The server's own list.
pub(crate) const OWN_LIST: &str = "";
/// How long the name of an application service's network may be, in bytes.
const NETWORK_BYTES_MAX: usize = 255;

/// Why a room's place in the directory was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PublicationError {
    /// As any write.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The room is not there.
    #[error("there is no such room")]
    UnknownRoom,
    /// The user may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
}

impl From<Error> for PublicationError {
    fn from(error: Error) -> Self {
        Self::Write(error.into())
    }
}

impl Rooms {
    /// Whether a room is in the server's own list.
    pub fn is_published(&self, room_id: &RoomId) -> Result<bool, PublicationError> {
        let room = self.room(room_id)?.ok_or(PublicationError::UnknownRoom)?;
        Ok(PUBLISHED.contains(self.store.engine(), &(OWN_LIST.to_owned(), room.sid))?)
    }

    /// Puts a room into the directory or takes it out. Those may who may set the room's canonical alias, and
    /// administrators of the server.
    pub fn set_published(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        published: bool,
    ) -> Result<(), PublicationError> {
        check_not_suspended(requester)?;
        let room = self.room(room_id)?.ok_or(PublicationError::UnknownRoom)?;
        if !requester.admin {
            self.check_publisher(requester, &room)?;
            if published && !self.may_publish(requester, &room.id, Some(room.sid))? {
                return Err(PublicationError::Forbidden("this server does not publish this room"));
            }
        }
        self.write_published(OWN_LIST, room.sid, published)
    }

    /// The same in the list of one of an application service's networks.
    pub fn set_published_in_network(
        &self,
        requester: &Requester,
        network: &str,
        room_id: &RoomId,
        published: bool,
    ) -> Result<(), PublicationError> {
        let Some(appservice) = &requester.appservice else {
            return Err(PublicationError::Forbidden("only application services have networks"));
        };
        if network.is_empty() || network.len() > NETWORK_BYTES_MAX {
            return Err(PublicationError::Forbidden("this is no name of a network"));
        }
        let room = self.room(room_id)?.ok_or(PublicationError::UnknownRoom)?;
        self.write_published(&format!("{}|{network}", appservice.id), room.sid, published)
    }

    /// Whether the operator's rules let a user publish a room.
    pub(crate) fn may_publish(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        room: Option<RoomSid>,
    ) -> Result<bool, Error> {
        let aliases = match room {
            Some(room) => self.aliases_of(room)?,
            None => Vec::new(),
        };
        for rule in &self.config.rooms.directory_publication {
            let alias_fits =
                rule.alias == "*" || aliases.iter().any(|alias| fits(&rule.alias, alias.as_str()));
            if alias_fits
                && fits(&rule.user, requester.user_id.as_str())
                && fits(&rule.room, room_id.as_str())
            {
                return Ok(rule.action == RuleAction::Allow);
            }
        }
        Ok(false)
    }

    /// The row of a room's place in the server's own list.
    pub(crate) fn put_published(txn: &mut Txn, room: RoomSid, published: bool) {
        put(txn, OWN_LIST, room, published);
    }

    fn check_publisher(&self, requester: &Requester, room: &Room) -> Result<(), PublicationError> {
        if self.membership(requester.user, room.sid)? != Some(Membership::Join) {
            return Err(PublicationError::Forbidden("you are not in this room"));
        }
        let powers = self.current_state(room.sid)?.powers()?;
        if !powers.may_send(&requester.user_id, &TimelineEventType::RoomCanonicalAlias, true) {
            return Err(PublicationError::Forbidden(
                "publishing a room needs the power to set its canonical alias",
            ));
        }
        Ok(())
    }

    fn write_published(&self, network: &str, room: RoomSid, published: bool) -> Result<(), PublicationError> {
        let mut txn = self.store.begin();
        put(&mut txn, network, room, published);
        Ok(self.store.commit_durably(txn)?)
    }
}

fn put(txn: &mut Txn, network: &str, room: RoomSid, published: bool) {
    let key = (network.to_owned(), room);
    match published {
        true => PUBLISHED.put(&mut txn.batch, &key, &()),
        false => PUBLISHED.delete(&mut txn.batch, &key),
    }
}

/// Whether a text fits a pattern with `*` (anything) and `?` (any one character). Takes time proportional to the
/// product of both lengths at worst.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut pos) = (0, 0);
    // Where to go on when what follows the last star does not fit: one character further.
    let mut star: Option<(usize, usize)> = None;
    while pos < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, pos));
                at += 1;
            }
            Some(char) if *char == '?' || *char == text[pos] => {
                at += 1;
                pos += 1;
            }
            _ => match star {
                Some((star_at, star_pos)) => {
                    star = Some((star_at, star_pos + 1));
                    at = star_at + 1;
                    pos = star_pos + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|char| *char == '*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "@a:b", true),
            ("@*:b.example", "@alice:b.example", true),
            ("@*:b.example", "@alice:c.example", false),
            ("#a?c*", "#abc", true),
            ("#a?c*", "#ac", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "xxaxxbxx", false),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
