//! Rooms in short that this server is not in: their servers are asked.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1room_summaryroomidoralias>

use std::sync::Arc;

use kith_store::tables::members::Membership;
use ruma::{OwnedRoomAliasId, OwnedRoomId, OwnedRoomOrAliasId, OwnedServerName};

use super::ViewedSummary;
use crate::{ReadError, Rooms, viewer::Viewer};

/// How many servers are thought of.
const SERVERS_MAX: usize = 5;

impl Rooms {
    /// `/room_summary`: a room in short, wherever it is, for those who may know of it. `via` names servers that may know
    /// more. Strangers are told of rooms at home alone: nobody is asked for them.
    pub async fn room_summary_across(
        self: &Arc<Self>,
        viewer: Viewer,
        room: OwnedRoomOrAliasId,
        mut via: Vec<OwnedServerName>,
    ) -> Result<ViewedSummary, ReadError> {
        if viewer.user.is_none() {
            return self.summary_here(viewer, room).await;
        }
        let room_id = match OwnedRoomId::try_from(room) {
            Ok(room_id) => room_id,
            Err(alias) => {
                let (room_id, servers) = self.follow_alias(alias).await?;
                via.extend(servers);
                room_id
            }
        };
        let (rooms, wanted, user) = (Arc::clone(self), room_id.clone(), viewer.user);
        let servers = move || rooms.servers_if_elsewhere(&wanted, user, &via);
        let servers = self.tasks.blocking(servers).await?;
        if let Some(told) = self.ask_about(&room_id, &servers).await {
            let (rooms, viewer, told) = (Arc::clone(self), viewer.clone(), Arc::clone(&told));
            let viewed = self.tasks.blocking(move || {
                let (read, summary) = (rooms.store.read(), told.room.summary.clone());
                if !rooms.may_know_elsewhere(&*read, &viewer, &summary)? {
                    return Ok(None);
                }
                let membership = rooms.membership_elsewhere(&*read, &viewer, &summary.room_id)?;
                Ok::<_, ReadError>(Some(ViewedSummary {
                    summary,
                    membership: Some(membership.unwrap_or(Membership::Leave)),
                }))
            });
            if let Some(viewed) = viewed.await? {
                return Ok(viewed);
            }
        }
        self.summary_here(viewer, room_id.into()).await
    }

    async fn summary_here(
        self: &Arc<Self>,
        viewer: Viewer,
        room: OwnedRoomOrAliasId,
    ) -> Result<ViewedSummary, ReadError> {
        let rooms = Arc::clone(self);
        self.tasks.blocking(move || rooms.room_summary(&*rooms.store.read(), &room, &viewer)).await
    }

    async fn follow_alias(
        self: &Arc<Self>,
        alias: OwnedRoomAliasId,
    ) -> Result<(OwnedRoomId, Vec<OwnedServerName>), ReadError> {
        self.resolve_alias_across(alias).await.map_err(|_| ReadError::NotFound("room"))
    }

    /// Whom to ask about a room; nobody, if this server takes part in it.
    fn servers_if_elsewhere(
        &self,
        room_id: &ruma::RoomId,
        user: Option<kith_store::UserSid>,
        via: &[OwnedServerName],
    ) -> Result<Vec<OwnedServerName>, ReadError> {
        let room = self.store.ids().find_room(room_id)?;
        if room.map(|room| self.is_resident(room)).transpose()?.unwrap_or(false) {
            return Ok(Vec::new());
        }
        Ok(self.servers_of(room_id, user, via, SERVERS_MAX)?)
    }
}
