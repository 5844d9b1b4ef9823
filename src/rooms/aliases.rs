//! Aliases: the names of rooms, given by this server.
//! <https://spec.matrix.org/v1.19/client-server-api/#room-aliases>

mod canonical;

use kith_accounts::Requester;
use kith_store::{
    Direction, Error, RoomSid, Txn,
    tables::{
        aliases::{ALIASES, AliasRecord, ROOM_ALIASES},
        members::Membership,
    },
};
use ruma::{
    OwnedRoomAliasId, OwnedRoomId, OwnedServerName, RoomAliasId, RoomId,
    events::{StateEventType, TimelineEventType},
};

use crate::{Rooms, WriteError, acting::check_not_suspended, room::Room};

/// How many servers are named to somebody who asks for an alias.
const SERVERS_MAX: usize = 500;
/// How long an alias may be, in bytes.
const ALIAS_BYTES_MAX: usize = 255;
/// How many aliases of this server a room may have.
const ALIASES_PER_ROOM_MAX: usize = 1_000;

/// Why an alias was not made, removed or found.
#[derive(Debug, thiserror::Error)]
pub enum AliasError {
    /// As any write.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// There is no such alias.
    #[error("there is no such alias")]
    NotFound,
    /// The room is not there.
    #[error("there is no such room")]
    UnknownRoom,
    /// The alias names a room already.
    #[error("the alias is taken")]
    Taken,
    /// The alias is not one of this server, or malformed.
    #[error("{0}")]
    Invalid(&'static str),
    /// The alias belongs to an application service, or lies outside the namespaces of the one that asks.
    #[error("the alias is reserved")]
    Reserved,
    /// The user may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The server that the alias belongs to does not answer.
    #[error("the server of the alias does not answer: {0}")]
    NoAnswer(String),
}

impl From<Error> for AliasError {
    fn from(error: Error) -> Self {
        Self::Write(error.into())
    }
}

impl Rooms {
    /// What an alias of this server stands for.
    pub fn find_alias(&self, alias: &RoomAliasId) -> Result<Option<AliasRecord>, Error> {
        ALIASES.get(self.store.engine(), &alias.to_string())
    }

    /// The room that an alias names, and servers that are in it.
    pub fn resolve_alias(
        &self,
        alias: &RoomAliasId,
    ) -> Result<(OwnedRoomId, Vec<OwnedServerName>), AliasError> {
        // Aliases of other servers have to be asked for there.
        let record = self.find_alias(alias)?.ok_or(AliasError::NotFound)?;
        let ids = self.store.ids();
        let mut servers = vec![self.server_name.clone()];
        for server in self.joined_servers(record.room)?.into_iter().take(SERVERS_MAX) {
            let server = ids.server_name(server)?;
            if server != self.server_name {
                servers.push(server);
            }
        }
        Ok((ids.room_id(record.room)?, servers))
    }

    /// The aliases that this server gave a room, for those who may know the room.
    pub fn list_aliases(
        &self,
        requester: &Requester,
        room_id: &RoomId,
    ) -> Result<Vec<OwnedRoomAliasId>, AliasError> {
        let forbidden = AliasError::Forbidden("you are not in this room");
        let Some(room) = self.room(room_id)? else { return Err(forbidden) };
        let open = || -> Result<bool, Error> {
            let visibility = self.current_state(room.sid)?.get(&StateEventType::RoomHistoryVisibility, "")?;
            let visibility = visibility.and_then(|pdu| pdu.content_field::<String>("history_visibility"));
            Ok(visibility.as_deref() == Some("world_readable"))
        };
        if !requester.admin && !self.is_joined(requester.user, room.sid)? && !open()? {
            return Err(forbidden);
        }
        Ok(self.aliases_of(room.sid)?)
    }

    /// The aliases that this server gave a room.
    pub fn aliases_of(&self, room: RoomSid) -> Result<Vec<OwnedRoomAliasId>, Error> {
        let rows = ROOM_ALIASES.scan(self.store.engine(), &room, Direction::Forward);
        let mut aliases = Vec::new();
        for row in rows.take(ALIASES_PER_ROOM_MAX) {
            let ((_, alias), ()) = row?;
            let corrupt = |_| Error::Corrupt { table: "room_aliases", what: "alias" };
            aliases.push(RoomAliasId::parse(alias).map_err(corrupt)?);
        }
        Ok(aliases)
    }

    /// Names a room.
    pub fn create_alias(
        &self,
        requester: &Requester,
        alias: &RoomAliasId,
        room_id: &RoomId,
    ) -> Result<(), AliasError> {
        check_not_suspended(requester)?;
        self.check_new_alias(requester, alias)?;
        let room = self.room(room_id)?.ok_or(AliasError::UnknownRoom)?;
        let excused = requester.admin || requester.appservice.is_some();
        if !excused && !self.is_joined(requester.user, room.sid)? {
            return Err(AliasError::Forbidden("you are not in this room"));
        }
        if self.aliases_of(room.sid)?.len() >= ALIASES_PER_ROOM_MAX {
            return Err(AliasError::Forbidden("the room has too many aliases"));
        }
        let mut txn = self.store.begin();
        self.put_alias(&mut txn, requester, alias, room.sid);
        match self.store.commit(txn) {
            Ok(committed) => Ok(committed.wait_durable()?),
            Err(Error::Conflict) => Err(AliasError::Taken),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a name away: whoever made it may, administrators, and those who may set the room's canonical alias.
    pub fn delete_alias(&self, requester: &Requester, alias: &RoomAliasId) -> Result<(), AliasError> {
        check_not_suspended(requester)?;
        let record = self.find_alias(alias)?.ok_or(AliasError::NotFound)?;
        if let Some(appservice) = &requester.appservice
            && !appservice.is_interested_in_alias(alias)
        {
            return Err(AliasError::Reserved);
        }
        let room = self.find_room_of(record.room)?;
        let may = record.creator == requester.user
            || requester.admin
            || match &room {
                Some(room) => self.may_set_canonical_alias(requester, room)?,
                None => false,
            };
        if !may {
            return Err(AliasError::Forbidden("you did not make this alias"));
        }
        match room {
            Some(room) => self.delete_alias_in(requester, alias, room),
            None => {
                let mut txn = self.store.begin();
                remove_alias(&mut txn, alias, record.room);
                Ok(self.store.commit_durably(txn)?)
            }
        }
    }

    /// Whether a user may make this alias, which may still be taken.
    pub(crate) fn check_new_alias(
        &self,
        requester: &Requester,
        alias: &RoomAliasId,
    ) -> Result<(), AliasError> {
        if alias.server_name() != self.server_name {
            return Err(AliasError::Invalid("the alias belongs to another server"));
        }
        let localpart = alias.alias();
        if alias.as_bytes().len() > ALIAS_BYTES_MAX {
            return Err(AliasError::Invalid("the alias is too long"));
        }
        if localpart.is_empty() || localpart.chars().any(|char| char.is_whitespace() || char.is_control()) {
            return Err(AliasError::Invalid("aliases have no spaces and are not empty"));
        }
        let owner = self.accounts.appservices().exclusive_alias_owner(alias);
        match (&requester.appservice, owner) {
            (Some(appservice), _) if !appservice.is_interested_in_alias(alias) => Err(AliasError::Reserved),
            (Some(appservice), Some(owner)) if owner.id != appservice.id => Err(AliasError::Reserved),
            (None, Some(_)) => Err(AliasError::Reserved),
            _ => Ok(()),
        }
    }

    /// The rows of a new alias; the commit fails with a conflict if it is taken by then.
    pub(crate) fn put_alias(&self, txn: &mut Txn, requester: &Requester, alias: &RoomAliasId, room: RoomSid) {
        let (name, record) = (alias.to_string(), AliasRecord { room, creator: requester.user });
        ALIASES.require(&mut txn.batch, &name, None);
        ALIASES.put(&mut txn.batch, &name, &record);
        ROOM_ALIASES.put(&mut txn.batch, &(room, name), &());
    }

    /// The rows of an alias that comes to stand for another room; its maker stays.
    pub(crate) fn move_alias(&self, txn: &mut Txn, alias: &RoomAliasId, to: RoomSid) -> Result<(), Error> {
        let Some(record) = self.find_alias(alias)? else { return Ok(()) };
        ALIASES.put(&mut txn.batch, &alias.to_string(), &AliasRecord { room: to, ..record });
        ROOM_ALIASES.put(&mut txn.batch, &(to, alias.to_string()), &());
        Ok(())
    }

    fn may_set_canonical_alias(&self, requester: &Requester, room: &Room) -> Result<bool, Error> {
        if self.membership(requester.user, room.sid)? != Some(Membership::Join) {
            return Ok(false);
        }
        let powers = self.current_state(room.sid)?.powers()?;
        Ok(powers.may_send(&requester.user_id, &TimelineEventType::RoomCanonicalAlias, true))
    }
}

/// Removes the rows of an alias.
pub(crate) fn remove_alias(txn: &mut Txn, alias: &RoomAliasId, room: RoomSid) {
    ALIASES.delete(&mut txn.batch, &alias.to_string());
    ROOM_ALIASES.delete(&mut txn.batch, &(room, alias.to_string()));
}
