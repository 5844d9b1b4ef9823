//! Turns of other servers: how many requests of one server are at work at the same time, and how many wait.
//!
//! One server that asks without end must not keep the others from being answered. Turns are taken only once a request
//! is known to come from where it says, so nobody can use up somebody else's.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use ruma::{OwnedServerName, ServerName};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests of one server at work at the same time.
const TURNS_PER_SERVER: usize = 16;
/// Requests of one server that wait for others of it to end.
const WAITING_PER_SERVER_MAX: usize = 128;

/// The turns of every server that is asking something right now.
#[derive(Clone, Default)]
pub struct PeerTurns(Arc<Mutex<HashMap<OwnedServerName, Turns>>>);

struct Turns {
    free: Arc<Semaphore>,
    /// Requests at work or waiting.
    present: usize,
}

/// One turn, until it is dropped.
pub(crate) struct Turn {
    permit: Option<OwnedSemaphorePermit>,
    _place: Place,
}

/// A place at work or in the queue; giving it up forgets servers that ask nothing any more.
struct Place {
    turns: PeerTurns,
    server: OwnedServerName,
}

/// Too many requests of one server wait already.
#[derive(Debug)]
pub(crate) struct TooMany;

impl PeerTurns {
    /// Waits for a turn.
    pub(crate) async fn take(&self, server: &ServerName) -> Result<Turn, TooMany> {
        let (free, place) = self.enter(server)?;
        // The semaphore is never closed.
        let permit = free.acquire_owned().await.ok();
        Ok(Turn { permit, _place: place })
    }

    fn enter(&self, server: &ServerName) -> Result<(Arc<Semaphore>, Place), TooMany> {
        let mut servers = self.0.lock();
        let turns = servers
            .entry(server.to_owned())
            .or_insert_with(|| Turns { free: Arc::new(Semaphore::new(TURNS_PER_SERVER)), present: 0 });
        if turns.present >= TURNS_PER_SERVER + WAITING_PER_SERVER_MAX {
            return Err(TooMany);
        }
        turns.present += 1;
        Ok((Arc::clone(&turns.free), Place { turns: self.clone(), server: server.to_owned() }))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Before the place is given up, so that whoever waits goes on at once.
        drop(self.permit.take());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut servers = self.turns.0.lock();
        if let Some(turns) = servers.get_mut(&self.server) {
            turns.present -= 1;
            if turns.present == 0 {
                servers.remove(&self.server);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use ruma::server_name;

    use super::*;

    #[test]
    fn a_server_has_so_many_turns_and_others_do_not_notice() {
        let turns = PeerTurns::default();
        let (busy, calm) = (server_name!("busy.example"), server_name!("calm.example"));
        let take = |server| turns.take(server).now_or_never();
        let mut taken: Vec<Turn> =
            (0..TURNS_PER_SERVER).map(|_| take(busy).expect("free").expect("not too many")).collect();
        assert!(take(busy).is_none(), "the next one waits");
        assert!(take(calm).is_some_and(|turn| turn.is_ok()));
        taken.pop();
        assert!(take(busy).is_some_and(|turn| turn.is_ok()));
        drop(taken);
        assert!(turns.0.lock().is_empty(), "nothing is remembered of servers that are gone");
    }

    #[test]
    fn the_queue_has_an_end() {
        let turns = PeerTurns::default();
        let server = server_name!("busy.example");
        let places: Vec<_> =
            (0..TURNS_PER_SERVER + WAITING_PER_SERVER_MAX).map(|_| turns.enter(server)).collect();
        assert!(places.iter().all(Result::is_ok));
        assert!(turns.enter(server).is_err());
        drop(places);
        assert!(turns.enter(server).is_ok());
    }
}
