//! Joining: at home, or a room that this server is not in yet, through the servers that are.
//! <https://spec.matrix.org/v1.19/server-server-api/#joining-rooms>

use std::{sync::Arc, time::Duration};

use kith_accounts::Requester;
use kith_store::{Committed, RoomSid, tables::members::Membership};
use ruma::{OwnedRoomId, OwnedServerName, RoomId, ServerName};
use tokio::sync::oneshot;

use super::{
    Refusals, SERVERS_ASKED_MAX,
    turns::{Going, Turn},
};
use crate::{
    Rooms, WriteError,
    acting::check_not_suspended,
    membership::{Joining, MemberContent, MembershipError, carry_over},
    partial_state::PartOfState,
};

/// How long a join waits for the members of the room, in milliseconds: of one that is said to be on a few servers, and
/// of others.
const MEMBERS_OF_SMALL_ROOM_WAIT_MS: u64 = 5_000;
const MEMBERS_WAIT_MS: u64 = 500;
/// On how many servers the former is.
const SMALL_ROOM_SERVERS_MAX: usize = 10;

impl Rooms {
    /// Joins a room, wherever it is.
    pub async fn join_across(
        self: &Arc<Self>,
        requester: Requester,
        room_id: OwnedRoomId,
        mut joining: Joining,
    ) -> Result<(), MembershipError> {
        self.exchange_elsewhere(&requester, &room_id, &mut joining).await?;
        loop {
            let rooms = Arc::clone(self);
            let (who, asked, how) = (requester.clone(), room_id.clone(), joining.clone());
            let servers = self.tasks.blocking(move || rooms.join_here(&who, &asked, how)).await?;
            let Some(servers) = servers else { return Ok(()) };
            match self.turns.take(&room_id) {
                // However that ends, it is looked at anew.
                Turn::Theirs(mut over) => drop(over.changed().await),
                Turn::Mine(going) => return self.go(going, requester, room_id, joining, servers).await,
            }
        }
    }

    /// Joins a room of this server's; of another, or where only others may vouch for the user, says whom to ask.
    fn join_here(
        self: &Arc<Self>,
        requester: &Requester,
        room_id: &RoomId,
        joining: Joining,
    ) -> Result<Option<Vec<OwnedServerName>>, MembershipError> {
        check_not_suspended(requester)?;
        let via = joining.via.clone();
        if let Some(room) = self.store.ids().find_room(room_id)? {
            if self.is_blocked(room)? && !requester.admin {
                return Err(MembershipError::Blocked);
            }
            if self.is_resident(room)? {
                match self.join(requester, room_id, joining) {
                    Err(MembershipError::NoVoucher) if self.has_other_servers(room)? => {}
                    // Whoever knows all of the room may know why the user may come in, such as an invite.
                    Err(MembershipError::Write(WriteError::Refused(_))) if self.is_partial(room)? => {}
                    joined => return joined.map(|()| None),
                }
            }
        }
        // Whether a room welcomes guests is known only from within.
        if requester.guest {
            return Err(MembershipError::NoGuests);
        }
        Ok(Some(self.servers_of(room_id, Some(requester.user), &via, SERVERS_ASKED_MAX)?))
    }

    fn has_other_servers(&self, room: RoomSid) -> Result<bool, MembershipError> {
        let own = self.store.ids().server(&self.server_name)?;
        Ok(self.joined_servers(room)?.into_iter().any(|server| server != own))
    }

    /// Comes into the room in the background: a client that hangs up must not leave a room half entered.
    async fn go(
        self: &Arc<Self>,
        going: Going,
        requester: Requester,
        room_id: OwnedRoomId,
        joining: Joining,
        servers: Vec<OwnedServerName>,
    ) -> Result<(), MembershipError> {
        let (told, answer) = oneshot::channel();
        let rooms = Arc::clone(self);
        self.tasks.spawn("join", async move {
            let joined = rooms.join_through_any(&requester, &room_id, &joining, servers).await;
            drop(going);
            // Whoever asked may have gone.
            let _ = told.send(joined);
        });
        answer.await.unwrap_or_else(|_| Err(MembershipError::NoHelp("the server is stopping".to_owned())))
    }

    async fn join_through_any(
        self: &Arc<Self>,
        requester: &Requester,
        room_id: &RoomId,
        joining: &Joining,
        servers: Vec<OwnedServerName>,
    ) -> Result<(), MembershipError> {
        let mut refusals = Refusals::default();
        for server in servers {
            if self.tasks.stopping().is_cancelled() {
                break;
            }
            match self.join_through(&server, requester, room_id, joining).await {
                Ok(()) => return self.settle_in(requester, room_id).await,
                Err(error) => {
                    tracing::info!(%error, %server, %room_id, "a room could not be joined through a server");
                    refusals.add(error);
                }
            }
        }
        Err(refusals.into_error())
    }

    async fn join_through(
        self: &Arc<Self>,
        server: &ServerName,
        requester: &Requester,
        room_id: &RoomId,
        joining: &Joining,
    ) -> Result<(), MembershipError> {
        let (rooms, user, reason) = (Arc::clone(self), requester.user_id.clone(), joining.reason.clone());
        let work = move || MemberContent::new(Membership::Join, reason).with_profile(&rooms, &user);
        let content = self.tasks.blocking(work).await?;
        let prepared = self.prepare(server, room_id, &requester.user_id, Membership::Join, content).await?;
        let answer = self.hand_in_join(server, &prepared).await?;
        let join = self.confirmed(prepared, answer.event.as_deref()).await?;
        if self.is_home(room_id).await? {
            // Only the word of another server's user was needed: the rest of the room is here.
            return self.receive_own_join(server, &join).await;
        }
        let part = answer.members_omitted.then(|| PartOfState {
            via: server.to_owned(),
            servers: said_servers(answer.servers_in_room.unwrap_or_default()),
        });
        let servers = part.as_ref().map(|part| part.servers.len());
        let mut handover = self.verify_handover(join, answer.state, answer.auth_chain).await?;
        handover.part = part;
        let rooms = Arc::clone(self);
        match self.tasks.blocking(move || rooms.take_over(handover)).await {
            Ok(_) => match servers {
                Some(servers) => self.complete_soon(room_id, servers).await,
                None => Ok(()),
            },
            Err(WriteError::Refused(reason) | WriteError::Malformed(reason)) => {
                Err(MembershipError::NoHelp(format!("what came with the join is of no use: {reason}")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Has the members of a room fetched that was just joined. Where that is done in a moment, as in most rooms, the
    /// user comes into a room that is whole.
    async fn complete_soon(
        self: &Arc<Self>,
        room_id: &RoomId,
        servers: usize,
    ) -> Result<(), MembershipError> {
        let (rooms, id) = (Arc::clone(self), room_id.to_owned());
        let room = self.tasks.blocking(move || rooms.room(&id)).await?.ok_or(MembershipError::UnknownRoom)?;
        self.start_resync(room.sid);
        let wait_ms = match servers {
            0..=SMALL_ROOM_SERVERS_MAX => MEMBERS_OF_SMALL_ROOM_WAIT_MS,
            _ => MEMBERS_WAIT_MS,
        };
        tokio::select! {
            whole = self.is_whole_within(room.sid, Duration::from_millis(wait_ms)) => whole.map(|_whole| ())?,
            () = self.resync_stalls(room.sid) => {}
        }
        Ok(())
    }

    async fn is_home(self: &Arc<Self>, room_id: &RoomId) -> Result<bool, MembershipError> {
        let (rooms, room_id) = (Arc::clone(self), room_id.to_owned());
        let work = move || match rooms.store.ids().find_room(&room_id)? {
            Some(room) => rooms.is_resident(room),
            None => Ok(false),
        };
        Ok(self.tasks.blocking(work).await?)
    }

    /// What follows every join: the profile may have changed meanwhile, or the account been closed, and what the user
    /// has set for the room that this one replaces comes along.
    async fn settle_in(
        self: &Arc<Self>,
        requester: &Requester,
        room_id: &RoomId,
    ) -> Result<(), MembershipError> {
        let (rooms, requester, room_id) = (Arc::clone(self), requester.clone(), room_id.to_owned());
        let work = move || {
            let room = rooms.room(&room_id)?.ok_or(MembershipError::UnknownRoom)?;
            let sid = room.sid;
            let predecessor = carry_over::predecessor(&rooms.act(room)?.write)?;
            let refreshed = rooms.refresh_profile(sid, requester.user, &requester.user_id);
            refreshed.map_or(Ok(()), Committed::wait_durable)?;
            rooms.leave_if_closed(requester.user)?;
            if let Some(predecessor) = predecessor {
                carry_over::carry_over(&rooms, requester.user, predecessor, sid)?;
            }
            Ok(())
        };
        self.tasks.blocking(work).await
    }
}

fn said_servers(names: Vec<String>) -> Vec<OwnedServerName> {
    names.into_iter().filter_map(|name| name.try_into().ok()).collect()
}
