//! Which servers are told of an event: those with users in the room once it has happened, and whoever it puts out.
//! <https://spec.matrix.org/v1.19/server-server-api/#pdus>

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use kith_event::Pdu;
use kith_rooms::Rooms;
use kith_store::{
    Direction, Error, EventSid, Read, RoomSid, ServerSid, Store,
    state::StateRoot,
    tables::{
        destinations::RELAYS,
        events::{EVENT_META, Place},
        members::{Membership, ROOM_SERVERS},
        rooms::ROOM_HEADS,
    },
};
use quick_cache::{Weighter, sync::Cache};
use ruma::{ServerName, UserId, events::TimelineEventType};

/// How many bytes of lists of servers are kept ready.
const CACHE_BYTES: u64 = 4 << 20;
/// What a list costs beside its servers, in bytes.
const LIST_BYTES: u64 = 100;

/// Who has to hear of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Audience {
    /// The servers in the room.
    pub(crate) servers: Vec<ServerSid>,
    /// A server that is not in the room: its user was thrown out, or is not invited any more.
    pub(crate) parting: Option<ServerSid>,
}

/// Finds the servers to tell.
pub(crate) struct Audiences {
    store: Arc<Store>,
    rooms: Arc<Rooms>,
    own: ServerSid,
    lists: Cache<(RoomSid, StateRoot), Arc<[ServerSid]>, ByCount>,
}

#[derive(Clone)]
struct ByCount;

impl Weighter<(RoomSid, StateRoot), Arc<[ServerSid]>> for ByCount {
    fn weight(&self, _: &(RoomSid, StateRoot), servers: &Arc<[ServerSid]>) -> u64 {
        LIST_BYTES + 8 * servers.len() as u64
    }
}

impl Audiences {
    pub(crate) fn new(store: Arc<Store>, rooms: Arc<Rooms>) -> Result<Self, Error> {
        let own = store.ids().server(rooms.server_name())?;
        let lists = usize::try_from(CACHE_BYTES / (4 * LIST_BYTES)).unwrap_or(usize::MAX);
        Ok(Self { store, rooms, own, lists: Cache::with_weighter(lists, CACHE_BYTES, ByCount) })
    }

    /// Who has to hear of an event from this server; nobody if others tell of it.
    pub(crate) fn of_event(&self, event: EventSid) -> Result<Audience, Error> {
        let Some(meta) = EVENT_META.get(self.store.engine(), &event)? else { return Ok(Audience::default()) };
        let Some(place) = &meta.place else { return Ok(Audience::default()) };
        let sender = self.store.ids().user_id(meta.sender)?;
        let relayed = !self.rooms.is_local(&sender);
        if relayed && !RELAYS.contains(self.store.engine(), &event)? {
            return Ok(Audience::default());
        }
        let mut servers = self.servers_at(meta.room, place.room_state)?.to_vec();
        let mut parting = None;
        let pdu = self.rooms.pdu(event)?;
        if *pdu.kind() == TimelineEventType::RoomMember {
            if !relayed && self.brings_us_in(meta.room, place, &pdu)? {
                return Ok(Audience::default());
            }
            parting = self.parting(meta.room, place, &pdu)?.filter(|server| !servers.contains(server));
        }
        // Whoever handed an event in knows it.
        let known_to = if relayed { self.store.ids().find_server(sender.server_name())? } else { None };
        let tell = |server: &ServerSid| *server != self.own && Some(*server) != known_to;
        servers.retain(tell);
        Ok(Audience { servers, parting: parting.filter(tell) })
    }

    /// The servers with users in a room right now, this one excepted.
    pub(crate) fn of_room(&self, room: RoomSid) -> Result<Vec<ServerSid>, Error> {
        let Some(heads) = ROOM_HEADS.get(self.store.engine(), &room)? else { return Ok(Vec::new()) };
        let mut servers = self.servers_at(room, heads.state)?.to_vec();
        servers.retain(|server| *server != self.own);
        Ok(servers)
    }

    /// The servers that share a room with somebody, this one excepted.
    pub(crate) fn of_user(&self, user: kith_store::UserSid) -> Result<BTreeSet<ServerSid>, Error> {
        let mut servers = BTreeSet::new();
        for room in self.rooms.joined_rooms(user)? {
            servers.extend(self.of_room(room)?);
        }
        Ok(servers)
    }

    /// The servers with users in a state of a room, in order.
    pub(crate) fn servers_at(&self, room: RoomSid, root: StateRoot) -> Result<Arc<[ServerSid]>, Error> {
        self.lists.get_or_insert_with(&(room, root), || self.read_servers(room, root))
    }

    /// The table knows the servers of the current state; what has changed since is taken back.
    fn read_servers(&self, room: RoomSid, root: StateRoot) -> Result<Arc<[ServerSid]>, Error> {
        let view = self.store.read();
        let read: &dyn Read = &*view;
        let (mut counts, mut said) = (BTreeMap::new(), BTreeSet::new());
        for row in ROOM_SERVERS.scan(read, &room, Direction::Forward) {
            let ((_, server), users) = row?;
            counts.insert(server, users);
            // Said to be there, while most members are not known.
            if users == 0 {
                said.insert(server);
            }
        }
        let now = ROOM_HEADS.get(read, &room)?.map_or(root, |heads| heads.state);
        for (key, now, then) in self.rooms.state_at(room, root).changed_since(now)? {
            let (kind, state_key) = self.store.ids().state_key_of(key)?;
            let Some(user) = user_of(&kind, &state_key) else { continue };
            let server = self.store.ids().server(user.server_name())?;
            let users: &mut u64 = counts.entry(server).or_default();
            *users = (*users + u64::from(self.joins(then)?)).saturating_sub(u64::from(self.joins(now)?));
        }
        let is_there = |(server, users): &(ServerSid, u64)| *users > 0 || said.contains(server);
        Ok(counts.into_iter().filter(is_there).map(|(server, _)| server).collect())
    }

    /// The server that the event brings into its room, if it is the first of its users who joins.
    pub(crate) fn newcomer(&self, event: EventSid) -> Result<Option<ServerSid>, Error> {
        let Some(meta) = EVENT_META.get(self.store.engine(), &event)? else { return Ok(None) };
        let (Some(place), pdu) = (&meta.place, self.rooms.pdu(event)?) else { return Ok(None) };
        let user = pdu.state_key().and_then(|user| UserId::parse(user).ok());
        let Some(user) = user.filter(|_| membership_of(&pdu) == Some(Membership::Join)) else {
            return Ok(None);
        };
        let server = self.store.ids().server(user.server_name())?;
        let was_there = self.servers_at(meta.room, place.state_before)?.contains(&server);
        Ok((!was_there && server != self.own).then_some(server))
    }

    fn joins(&self, event: Option<EventSid>) -> Result<bool, Error> {
        let Some(event) = event else { return Ok(false) };
        Ok(membership_of(&self.rooms.pdu(event)?) == Some(Membership::Join))
    }

    /// Whether the event is the join with which this server came into the room: then the server that let it in tells
    /// the others.
    fn brings_us_in(&self, room: RoomSid, place: &Place, pdu: &Pdu) -> Result<bool, Error> {
        if membership_of(pdu) != Some(Membership::Join) {
            return Ok(false);
        }
        Ok(!self.servers_at(room, place.state_before)?.contains(&self.own))
    }

    /// The server of the user whom the event puts out of the room, or whose invite or knock it ends.
    fn parting(&self, room: RoomSid, place: &Place, pdu: &Pdu) -> Result<Option<ServerSid>, Error> {
        if !matches!(membership_of(pdu), Some(Membership::Leave | Membership::Ban)) {
            return Ok(None);
        }
        let Some(user) = pdu.state_key().and_then(|user| UserId::parse(user).ok()) else { return Ok(None) };
        let was = self.rooms.state_at(room, place.state_before).membership(&user)?;
        if !matches!(was, Some(Membership::Join | Membership::Invite | Membership::Knock)) {
            return Ok(None);
        }
        let server: &ServerName = user.server_name();
        Ok(Some(self.store.ids().server(server)?))
    }
}

fn user_of(kind: &str, state_key: &str) -> Option<ruma::OwnedUserId> {
    (kind == "m.room.member").then(|| UserId::parse(state_key).ok()).flatten()
}

fn membership_of(pdu: &Pdu) -> Option<Membership> {
    Membership::parse(&pdu.content_field::<String>("membership")?)
}
