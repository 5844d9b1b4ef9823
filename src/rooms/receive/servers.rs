//! Which servers are asked for a room's history.

use std::collections::HashMap;

use kith_store::{Direction, Error, tables::members::ROOM_SERVERS};
use ruma::{OwnedServerName, ServerName, events::room::power_levels::UserPowerLevel};

use crate::{Rooms, room::Room};

/// How many servers are asked, one after the other, before giving up.
const SERVERS_ASKED_MAX: usize = 5;
/// Of how many servers of a room the best are chosen.
const SERVERS_CONSIDERED_MAX: usize = 10_000;

impl Rooms {
    /// The servers in a room that are likely to know its history and to answer, the likeliest first: those of the
    /// users with most power, then those with most members.
    pub(crate) fn servers_to_ask(&self, room: &Room) -> Result<Vec<OwnedServerName>, Error> {
        let mut servers = self.ranked_servers(room)?;
        servers.truncate(SERVERS_ASKED_MAX);
        Ok(servers)
    }

    /// All of them, as far as they are considered.
    pub(crate) fn ranked_servers(&self, room: &Room) -> Result<Vec<OwnedServerName>, Error> {
        let powers = self.current_state(room.sid)?.powers()?;
        let mut power_of: HashMap<&ServerName, UserPowerLevel> = HashMap::new();
        let named = powers.named_users();
        let users = powers.creators().iter().chain(named.iter().map(|(user, _)| user));
        for user in users {
            let power = powers.of(user);
            let best = power_of.entry(user.server_name()).or_insert(power);
            *best = power.max(*best);
        }
        let nobody = UserPowerLevel::Int(ruma::Int::MIN);
        let mut servers = Vec::new();
        let rows = ROOM_SERVERS.scan(self.store.engine(), &room.sid, Direction::Forward);
        for row in rows.take(SERVERS_CONSIDERED_MAX) {
            let ((_, server), members) = row?;
            let server = self.store.ids().server_name(server)?;
            if server != self.server_name
                && self.peers.is_allowed(&server)
                && !self.peers.is_backed_off(&server)
            {
                let power = power_of.get(&*server).copied().unwrap_or(nobody);
                servers.push((power, members, server));
            }
        }
        servers.sort_unstable_by(|a, b| b.cmp(a));
        Ok(servers.into_iter().map(|(_, _, server)| server).collect())
    }
}
