//! What happened between two positions, out of the tables: for when the ring of changes does not reach back, and for
//! the start.
//!
//! Every room is looked at once, whatever the number of destinations. What lives in memory only has no past.

use std::sync::Arc;

use kith_store::{
    Change, ChangeKind, Direction, Error, Position, Read, ServerSid,
    tables::{
        counters,
        destinations::{DESTINATIONS, DestinationRecord, OWED_EVENTS},
        events::EVENT_META,
        outbox::{self, OUTBOX},
        receipts::{RECEIPT_STREAM, ReceiptKind},
        rooms::{ROOM_HEADS, TIMELINE},
    },
};

use super::Sender;

impl Sender {
    /// The changes that other servers may have to be told of, in order.
    pub(super) fn replay(&self, since: Position, until: Position) -> Result<Vec<Arc<Change>>, Error> {
        let view = self.store.read();
        let read: &dyn Read = &*view;
        let mut changes = Vec::new();
        for row in ROOM_HEADS.scan(read, &(), Direction::Forward) {
            let (room, heads) = row?;
            let (from, to) = ((room, since.next()), (room, until.next()));
            if heads.position > since {
                for row in TIMELINE.range(read, &from, &to, Direction::Forward) {
                    let ((_, position), event) = row?;
                    changes.push((position, ChangeKind::Event { room, event, member: None }));
                }
            }
            for row in RECEIPT_STREAM.range(read, &from, &to, Direction::Forward) {
                let ((_, position), moved) = row?;
                let private = moved.kind == ReceiptKind::Private;
                changes.push((position, ChangeKind::Receipt { room, user: moved.user, private }));
            }
        }
        for server in servers_in_outbox(read)? {
            // Whoever is behind reads the outbox itself.
            if self.destinations.lock().get(server).is_some_and(|destination| destination.has_row()) {
                continue;
            }
            for row in outbox::scan(read, server, since, until) {
                changes.push((row?.0, ChangeKind::Outbox { server }));
            }
        }
        changes.extend(self.welcomes(read, since, until)?);
        changes.sort_by_key(|(position, _)| *position);
        Ok(changes.into_iter().map(|(position, kind)| Arc::new(Change { position, kind })).collect())
    }

    /// What servers are owed that have come into rooms. What those are owed who were put out comes with its own event.
    fn welcomes(
        &self,
        read: &dyn Read,
        since: Position,
        until: Position,
    ) -> Result<Vec<(Position, ChangeKind)>, Error> {
        let mut welcomes = Vec::new();
        for server in servers_owed(read)? {
            if self.destinations.lock().get(server).is_some_and(|destination| destination.has_row()) {
                continue;
            }
            let (from, to) = ((server, since.next()), (server, until.next()));
            for row in OWED_EVENTS.range(read, &from, &to, Direction::Forward) {
                let ((_, position), event) = row?;
                let place = EVENT_META.get(read, &event)?.and_then(|meta| meta.place);
                if place.and_then(|place| place.position) != Some(position) {
                    welcomes.push((position, ChangeKind::Owed { server, event }));
                }
            }
        }
        Ok(welcomes)
    }

    /// What the server knew when it stopped: who is behind, and how far delivery had come for everybody else.
    pub(super) fn load(&self) -> Result<(), Error> {
        let view = self.store.read();
        let read: &dyn Read = &*view;
        let delivered = counters::delivered(read)?;
        let now_ms = self.clock.now_ms();
        let mut behind = Vec::new();
        for row in DESTINATIONS.scan(read, &(), Direction::Forward) {
            behind.push(row?.0);
        }
        behind.extend(self.adopt(read, delivered)?);
        let mut destinations = self.destinations.lock();
        for server in behind {
            destinations.add_behind(server, now_ms);
        }
        destinations.see(delivered);
        drop(destinations);
        self.written.lock().delivered = delivered;
        Ok(())
    }

    /// Servers for which something waits behind the common cursor although they have no row: it was acknowledged, and
    /// a crash undid that. They are told again.
    fn adopt(&self, read: &dyn Read, delivered: Position) -> Result<Vec<ServerSid>, Error> {
        let mut adopted = Vec::new();
        let mut txn = self.store.begin();
        let mut waiting = servers_in_outbox(read)?;
        waiting.extend(servers_owed(read)?);
        waiting.sort_unstable();
        waiting.dedup();
        for server in waiting {
            let first = first_waiting(read, server)?;
            let Some(first) = first.filter(|first| *first <= delivered) else { continue };
            if DESTINATIONS.contains(read, &server)? {
                continue;
            }
            let cursor = Position(first.0.saturating_sub(1));
            let record = DestinationRecord { cursor, unacknowledged: None, since_ms: self.clock.now_ms() };
            DESTINATIONS.put(&mut txn.batch, &server, &record);
            adopted.push(server);
        }
        if !adopted.is_empty() {
            self.store.commit_durably(txn)?;
        }
        Ok(adopted)
    }
}

/// The servers with something in their outbox: one look for each of them.
fn servers_in_outbox(read: &dyn Read) -> Result<Vec<ServerSid>, Error> {
    let mut servers = Vec::new();
    let mut from = ServerSid(0);
    while let Some(row) = OUTBOX.range(read, &from, &ServerSid(u64::MAX), Direction::Forward).next() {
        let ((server, _), _) = row?;
        servers.push(server);
        from = ServerSid(server.0 + 1);
    }
    Ok(servers)
}

fn servers_owed(read: &dyn Read) -> Result<Vec<ServerSid>, Error> {
    let mut servers = Vec::new();
    let mut from = ServerSid(0);
    while let Some(row) = OWED_EVENTS.range(read, &from, &ServerSid(u64::MAX), Direction::Forward).next() {
        let ((server, _), _) = row?;
        servers.push(server);
        from = ServerSid(server.0 + 1);
    }
    Ok(servers)
}

fn first_waiting(read: &dyn Read, server: ServerSid) -> Result<Option<Position>, Error> {
    let edu = OUTBOX.scan(read, &server, Direction::Forward).next().transpose()?;
    let event = OWED_EVENTS.scan(read, &server, Direction::Forward).next().transpose()?;
    let positions = [edu.map(|((_, position), _)| position), event.map(|((_, position), _)| position)];
    Ok(positions.into_iter().flatten().min())
}
