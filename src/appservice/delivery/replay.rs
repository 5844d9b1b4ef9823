//! What happened behind a cursor that lies too far back for the ring of changes, from the tables, in order: several
//! streams, each sorted, are read side by side. Who was typing or online then is not told any more.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use kith_store::{
    Change, ChangeKind, Direction, Error, Position, Read, RoomSid, UserSid,
    tables::{
        devices::DEVICE_LIST_STREAM,
        members::MEMBERSHIPS,
        outside::OUTSIDE,
        receipts::{RECEIPT_STREAM, ReceiptKind},
        rooms::{ROOM_HEADS, TIMELINE},
        to_device::TO_DEVICE,
    },
};

use super::draft::{tells_of_device_lists, tells_of_ephemeral, tells_of_to_device};
use crate::{Bridges, Service};

/// What happened behind a position and up to another.
pub(super) struct Replay {
    /// The next place in each stream, the lowest on top.
    heads: BinaryHeap<Reverse<(Position, usize)>>,
    streams: Vec<Stream>,
    until: Position,
    reached: Position,
}

/// A sorted stream of changes.
#[derive(Clone)]
enum Stream {
    Timeline(RoomSid),
    Receipts(RoomSid),
    ToDevice(UserSid, String),
    DeviceLists,
    /// A single change: a user is invited to a room that this server is not in.
    Outside(RoomSid, UserSid),
}

impl Replay {
    /// Finds the streams with something behind `since`, up to `until`.
    pub(super) fn begin(
        bridges: &Bridges,
        service: &Service,
        since: Position,
        until: Position,
    ) -> Result<Self, Error> {
        let read = bridges.store.engine();
        let mut replay = Self { heads: BinaryHeap::new(), streams: Vec::new(), until, reached: since };
        let ephemeral = tells_of_ephemeral(service);
        for row in ROOM_HEADS.scan(read, &(), Direction::Forward) {
            let (room, heads) = row?;
            if heads.position > since {
                replay.add(read, Stream::Timeline(room), since)?;
            }
            if ephemeral {
                replay.add(read, Stream::Receipts(room), since)?;
            }
        }
        if tells_of_device_lists(service) {
            replay.add(read, Stream::DeviceLists, since)?;
        }
        if tells_of_to_device(service) {
            for (user, device_id) in devices_with_messages(read)? {
                if bridges.interests.owns_sid(service, user)? {
                    replay.add(read, Stream::ToDevice(user, device_id), since)?;
                }
            }
        }
        for row in OUTSIDE.scan(read, &(), Direction::Forward) {
            let ((room, user), _) = row?;
            let Some(member) = MEMBERSHIPS.get(read, &(user, room))? else { continue };
            if since < member.position && member.position <= until {
                replay.heads.push(Reverse((member.position, replay.streams.len())));
                replay.streams.push(Stream::Outside(room, user));
            }
        }
        Ok(replay)
    }

    /// Whether it goes on where this cursor stands.
    pub(super) fn goes_on_from(&self, cursor: Position) -> bool {
        self.reached == cursor && self.reached < self.until
    }

    /// Up to here everything has been read.
    pub(super) fn reached(&self) -> Position {
        self.reached
    }

    /// The next changes, a few more than `count` where several stand at one position.
    pub(super) fn next(&mut self, bridges: &Bridges, count: usize) -> Result<Vec<Arc<Change>>, Error> {
        let read = bridges.store.engine();
        let mut changes: Vec<Arc<Change>> = Vec::new();
        while let Some(Reverse((position, _))) = self.heads.peek() {
            if changes.len() >= count && *position > self.reached {
                return Ok(changes);
            }
            let Some(Reverse((position, index))) = self.heads.pop() else { break };
            let stream = self.streams[index].clone();
            if let Some(kind) = stream.read(read, position)? {
                changes.push(Arc::new(Change { position, kind }));
            }
            self.reached = position;
            if let Some(next) = stream.next(read, position, self.until)? {
                self.heads.push(Reverse((next, index)));
            }
        }
        self.reached = self.until;
        Ok(changes)
    }

    fn add(&mut self, read: &dyn Read, stream: Stream, since: Position) -> Result<(), Error> {
        if let Some(first) = stream.next(read, since, self.until)? {
            self.heads.push(Reverse((first, self.streams.len())));
            self.streams.push(stream);
        }
        Ok(())
    }
}

impl Stream {
    /// The next place behind `since`, up to `until`.
    fn next(&self, read: &dyn Read, since: Position, until: Position) -> Result<Option<Position>, Error> {
        let (from, to) = (since.next(), until.next());
        match self {
            Self::Timeline(room) => {
                let rows = TIMELINE.range(read, &(*room, from), &(*room, to), Direction::Forward);
                position(rows, |((_, position), _)| position)
            }
            Self::Receipts(room) => {
                let rows = RECEIPT_STREAM.range(read, &(*room, from), &(*room, to), Direction::Forward);
                position(rows, |((_, position), _)| position)
            }
            Self::ToDevice(user, device) => {
                let (from, to) = ((*user, device.clone(), from), (*user, device.clone(), to));
                position(TO_DEVICE.range(read, &from, &to, Direction::Forward), |((_, _, position), _)| {
                    position
                })
            }
            Self::DeviceLists => {
                position(DEVICE_LIST_STREAM.range(read, &from, &to, Direction::Forward), |(position, _)| {
                    position
                })
            }
            Self::Outside(..) => Ok(None),
        }
    }

    /// The change at a place of it, unless it has gone meanwhile.
    fn read(&self, read: &dyn Read, position: Position) -> Result<Option<ChangeKind>, Error> {
        Ok(match self {
            Self::Timeline(room) => {
                let event = TIMELINE.get(read, &(*room, position))?;
                event.map(|event| ChangeKind::Event { room: *room, event, member: None })
            }
            Self::Receipts(room) => RECEIPT_STREAM.get(read, &(*room, position))?.map(|moved| {
                let private = moved.kind == ReceiptKind::Private;
                ChangeKind::Receipt { room: *room, user: moved.user, private }
            }),
            Self::ToDevice(user, _) => Some(ChangeKind::ToDevice { user: *user }),
            Self::DeviceLists => {
                DEVICE_LIST_STREAM.get(read, &position)?.map(|user| ChangeKind::DeviceList { user })
            }
            Self::Outside(room, user) => Some(ChangeKind::Membership { room: *room, user: *user }),
        })
    }
}

/// The place of the first of these rows.
fn position<R>(
    mut rows: impl Iterator<Item = Result<R, Error>>,
    place: impl Fn(R) -> Position,
) -> Result<Option<Position>, Error> {
    Ok(rows.next().transpose()?.map(place))
}

/// The devices for which messages wait: one look for each of them.
fn devices_with_messages(read: &dyn Read) -> Result<Vec<(UserSid, String)>, Error> {
    let mut devices = Vec::new();
    let mut from = (UserSid(0), String::new(), Position::START);
    while let Some(row) = TO_DEVICE.range(read, &from, &UserSid(u64::MAX), Direction::Forward).next() {
        let ((user, device_id, _), _) = row?;
        from = (user, device_id.clone(), Position::END);
        devices.push((user, device_id));
    }
    Ok(devices)
}
