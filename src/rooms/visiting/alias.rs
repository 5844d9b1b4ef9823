//! Aliases of other servers: only those servers know what they stand for.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1querydirectory>

use std::sync::Arc;

use kith_peers::PeerError;
use ruma::{OwnedRoomAliasId, OwnedRoomId, OwnedServerName, api::federation::query::get_room_information};

use crate::{Rooms, aliases::AliasError};

/// How many servers an alias may bring along.
const ALIAS_SERVERS_MAX: usize = 50;

impl Rooms {
    /// The room that an alias of any server names, and servers that are in it.
    pub async fn resolve_alias_across(
        self: &Arc<Self>,
        alias: OwnedRoomAliasId,
    ) -> Result<(OwnedRoomId, Vec<OwnedServerName>), AliasError> {
        if alias.server_name() == self.server_name {
            let rooms = Arc::clone(self);
            return self.tasks.blocking(move || rooms.resolve_alias(&alias)).await;
        }
        let server = alias.server_name().to_owned();
        let request = get_room_information::v1::Request { room_alias: alias };
        match self.peers.ask(&server, request).await {
            Ok(answer) => {
                let mut servers = answer.servers;
                servers.truncate(ALIAS_SERVERS_MAX);
                // The server that gave the name can tell most about the room.
                if !servers.contains(&server) {
                    servers.push(server);
                }
                Ok((answer.room_id, servers))
            }
            Err(PeerError::Answer { status: 404, .. }) => Err(AliasError::NotFound),
            Err(error) => Err(AliasError::NoAnswer(error.to_string())),
        }
    }
}
