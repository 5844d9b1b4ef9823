//! From what happened to whom it is to be told.

use std::sync::Arc;

use kith_store::{
    Change, ChangeKind, Error, EventSid, Position, RoomSid, ServerSid, UserSid,
    tables::{destinations::OWED_EVENTS, members::Membership},
};

use super::{
    Sender,
    queue::{Item, Queued},
};

/// What a batch of changes means for other servers.
#[derive(Debug, Default)]
pub(super) struct News {
    queued: Vec<(ServerSid, Queued)>,
    /// Rows of `owed_events`.
    owed: Vec<(ServerSid, Position, EventSid)>,
    /// Rows that are still to get a place: what a server is told of that has come into a room.
    welcome: Vec<(ServerSid, EventSid)>,
    /// Rooms with outgoing events, and where those stand.
    outgoing: Vec<(RoomSid, Position)>,
    typing: Vec<(ServerSid, RoomSid, UserSid)>,
    presence: Vec<(ServerSid, UserSid)>,
}

impl Sender {
    /// Looks at what happened since the last time. Gives the servers to which somebody has to begin to deliver.
    pub(super) fn follow(&self) -> Result<Vec<ServerSid>, Error> {
        let until = self.store.visible();
        let seen = self.destinations.lock().seen();
        if seen >= until {
            return Ok(Vec::new());
        }
        let changes = match self.store.changes().since(seen) {
            Some(mut changes) => {
                changes.retain(|change| change.position <= until);
                changes
            }
            // The ring was too short, or the server has just started.
            None => self.replay(seen, until)?,
        };
        self.dispatch(&changes, until)
    }

    /// Notes for each server what it is to be told of these changes, which are all there are up to `until`.
    pub(super) fn dispatch(&self, changes: &[Arc<Change>], until: Position) -> Result<Vec<ServerSid>, Error> {
        let mut news = News::default();
        for change in changes {
            match self.note(change, &mut news) {
                // Damage to one row costs that row.
                Err(error @ (Error::Corrupt { .. } | Error::Missing { .. })) => {
                    tracing::error!(%error, ?change, "other servers are not told of a change");
                }
                noted => noted?,
            }
        }
        if !news.owed.is_empty() || !news.welcome.is_empty() {
            let mut txn = self.store.begin();
            for (server, position, event) in &news.owed {
                OWED_EVENTS.put(&mut txn.batch, &(*server, *position), event);
            }
            // Those come back as changes of their own, so they stand behind what has been queued already.
            for (server, event) in &news.welcome {
                let position = txn.position()?;
                OWED_EVENTS.put(&mut txn.batch, &(*server, position), event);
                txn.change(position, ChangeKind::Owed { server: *server, event: *event });
            }
            // The log keeps the order: the rows are durable before any cursor that has passed them is.
            drop(self.store.commit(txn)?);
        }
        let mut begin = Vec::new();
        let mut destinations = self.destinations.lock();
        for (server, queued) in news.queued {
            begin.extend(destinations.push(server, queued).then_some(server));
        }
        for (server, room, user) in news.typing {
            begin.extend(
                destinations.pass(server, |passing| passing.add_typing(room, user)).then_some(server),
            );
        }
        for (server, user) in news.presence {
            begin.extend(destinations.pass(server, |passing| passing.add_presence(user)).then_some(server));
        }
        for (room, position) in news.outgoing {
            destinations.note_outgoing(room, position);
        }
        destinations.see(until);
        Ok(begin)
    }

    fn note(&self, change: &Change, news: &mut News) -> Result<(), Error> {
        let position = change.position;
        match &change.kind {
            ChangeKind::Event { room, event, member } => {
                self.note_event(*room, *event, position, news)?;
                if let Some(user) = member {
                    self.note_newcomer(*room, *user, *event, news)?;
                    self.note_member(*room, *user, news)?;
                }
            }
            ChangeKind::Receipt { room, user, private: false } if self.is_own(*user)? => {
                news.tell(self.audiences.of_room(*room)?, position, Item::Receipt(*room));
            }
            ChangeKind::Typing { room } => self.note_typing(*room, news)?,
            ChangeKind::Presence { user } if self.config.presence.enabled && self.is_own(*user)? => {
                self.happening.lock().presence.insert(*user);
            }
            ChangeKind::Outbox { server } => news.tell([*server], position, Item::Outbox),
            ChangeKind::Owed { server, event } => news.tell([*server], position, Item::Owed(*event)),
            ChangeKind::Receipt { .. }
            | ChangeKind::Presence { .. }
            | ChangeKind::DeviceList { .. }
            | ChangeKind::Membership { .. }
            | ChangeKind::AccountData { .. }
            | ChangeKind::Profile { .. }
            | ChangeKind::ToDevice { .. }
            | ChangeKind::KeySignature { .. }
            | ChangeKind::Pushers { .. }
            | ChangeKind::ThreadSubscription { .. }
            | ChangeKind::Sticky { .. }
            | ChangeKind::Unread { .. } => {}
        }
        Ok(())
    }

    fn note_event(
        &self,
        room: RoomSid,
        event: EventSid,
        position: Position,
        news: &mut News,
    ) -> Result<(), Error> {
        let audience = self.audiences.of_event(event)?;
        if let Some(server) = audience.parting {
            news.owed.push((server, position, event));
            news.tell([server], position, Item::Owed(event));
        }
        if !audience.servers.is_empty() {
            news.outgoing.push((room, position));
            news.tell(audience.servers, position, Item::Event(event));
        }
        Ok(())
    }

    /// A server that comes into a room gets the events that everybody in it is to get for some time.
    /// <https://github.com/matrix-org/matrix-spec-proposals/pull/4354>
    fn note_newcomer(
        &self,
        room: RoomSid,
        user: UserSid,
        event: EventSid,
        news: &mut News,
    ) -> Result<(), Error> {
        if self.is_own(user)? {
            return Ok(());
        }
        let (view, until) = (self.store.read(), self.store.visible());
        let sticky = self.rooms.own_sticky_events(&*view, room, Position::START, until)?;
        if sticky.is_empty() {
            return Ok(());
        }
        if let Some(server) = self.audiences.newcomer(event)? {
            news.welcome.extend(sticky.into_iter().map(|(_, event)| (server, event)));
        }
        Ok(())
    }

    /// Whoever comes into a room and those who are there learn of each other's presence.
    fn note_member(&self, room: RoomSid, user: UserSid, news: &mut News) -> Result<(), Error> {
        if !self.config.presence.enabled || self.rooms.membership(user, room)? != Some(Membership::Join) {
            return Ok(());
        }
        if self.is_own(user)? {
            self.happening.lock().presence.insert(user);
            return Ok(());
        }
        let user_id = self.store.ids().user_id(user)?;
        let server = self.store.ids().server(user_id.server_name())?;
        for local in self.present_in(room)? {
            news.presence.push((server, local));
        }
        Ok(())
    }

    fn note_typing(&self, room: RoomSid, news: &mut News) -> Result<(), Error> {
        let changed = self.typing_changed(room)?;
        if changed.is_empty() {
            return Ok(());
        }
        for server in self.audiences.of_room(room)? {
            news.typing.extend(changed.iter().map(|user| (server, room, *user)));
        }
        Ok(())
    }

    /// Whether a user belongs to this server.
    pub(super) fn is_own(&self, user: UserSid) -> Result<bool, Error> {
        Ok(self.rooms.is_local(&self.store.ids().user_id(user)?))
    }
}

impl News {
    fn tell(&mut self, servers: impl IntoIterator<Item = ServerSid>, position: Position, item: Item) {
        self.queued.extend(servers.into_iter().map(|server| (server, Queued { position, item })));
    }
}
