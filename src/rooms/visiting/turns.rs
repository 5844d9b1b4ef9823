//! Coming into a room happens once at a time: whoever wants to join a room that this server is just coming into waits
//! for that, and then finds the room at home.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use ruma::{OwnedRoomId, RoomId};
use tokio::sync::watch;

/// The rooms that this server is coming into.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<HashMap<OwnedRoomId, watch::Receiver<()>>>>);

/// Whose turn it is.
pub(crate) enum Turn {
    /// One's own, until it is dropped.
    Mine(Going),
    /// Somebody else's: the receiver is told, or closed, when it is over.
    Theirs(watch::Receiver<()>),
}

/// The way into one room.
pub(crate) struct Going {
    turns: Turns,
    room_id: OwnedRoomId,
    _over: watch::Sender<()>,
}

impl Turns {
    pub(crate) fn take(&self, room_id: &RoomId) -> Turn {
        let mut rooms = self.0.lock();
        if let Some(theirs) = rooms.get(room_id) {
            return Turn::Theirs(theirs.clone());
        }
        let (over, theirs) = watch::channel(());
        rooms.insert(room_id.to_owned(), theirs);
        Turn::Mine(Going { turns: self.clone(), room_id: room_id.to_owned(), _over: over })
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        self.turns.0.lock().remove(&self.room_id);
    }
}

#[cfg(test)]
mod tests {
    use ruma::room_id;

    use super::*;

    #[tokio::test]
    async fn a_turn_ends_when_it_is_dropped() {
        let turns = Turns::default();
        let Turn::Mine(going) = turns.take(room_id!("!a:a.example")) else { panic!("nobody else is going") };
        let Turn::Theirs(mut over) = turns.take(room_id!("!a:a.example")) else {
            panic!("somebody is going")
        };
        assert!(matches!(turns.take(room_id!("!b:a.example")), Turn::Mine(_)));
        drop(going);
        assert!(over.changed().await.is_err());
        assert!(matches!(turns.take(room_id!("!a:a.example")), Turn::Mine(_)));
    }
}
