//! What this server does for its users in rooms that it is not in: it asks servers that are, makes and signs the
//! member event, hands it in, and, after a join, takes the room over.
//! <https://spec.matrix.org/v1.19/server-server-api/#joining-rooms>
//!
//! The verbs here are what clients' requests call: each first sees whether the room is at home here, and asks others
//! only where it is not. Doing the same for users of other servers is in `resident`.

pub mod address;
mod alias;
mod arrival;
mod handshake;
mod invite;
mod join;
mod knock;
mod leave;
mod revoke;
mod turns;

use kith_peers::PeerError;

use crate::membership::MembershipError;

pub(crate) use self::turns::Turns;

/// How many servers are asked to help with a join or a knock.
const SERVERS_ASKED_MAX: usize = 12;
/// How many servers are told that somebody declines.
const SERVERS_TOLD_MAX: usize = 4;

/// The most telling of what several servers said: that something is forbidden says more than that it did not work.
#[derive(Default)]
struct Refusals(Option<MembershipError>);

impl Refusals {
    fn add(&mut self, error: MembershipError) {
        let weight = |error: &MembershipError| match error {
            MembershipError::Remote { status: 403, .. } => 2,
            MembershipError::Remote { .. } => 1,
            _ => 0,
        };
        if self.0.as_ref().is_none_or(|known| weight(&error) > weight(known)) {
            self.0 = Some(error);
        }
    }

    /// Nobody could be asked: then nobody knows the room.
    fn into_error(self) -> MembershipError {
        self.0.unwrap_or(MembershipError::UnknownRoom)
    }
}

/// The statuses with which another server says no to a user, rather than to this server.
const PASSED_ON: [u16; 3] = [400, 403, 404];

impl From<PeerError> for MembershipError {
    fn from(error: PeerError) -> Self {
        let told = error.to_string();
        match error {
            PeerError::Answer { status, errcode: Some(errcode), error, .. }
                if PASSED_ON.contains(&status) =>
            {
                Self::Remote { status, errcode, message: error.unwrap_or(told) }
            }
            _ => Self::NoHelp(told),
        }
    }
}
