//! From what happened to a transaction: what of it concerns the service, and the body that says it.
//! <https://spec.matrix.org/v1.19/application-service-api/#put_matrixappv1transactionstxnid>

use std::collections::BTreeSet;

use kith_store::{
    Change, ChangeKind, Direction, Error, EventSid, Position, RoomSid, UserSid,
    tables::{
        appservices::{PendingEvent, PendingTransaction},
        devices::DEVICES,
        events::EVENT_META,
        to_device::TO_DEVICE,
    },
};
use ruma::UserId;

use super::{device_lists::DeviceLists, ephemeral::Ephemeral};
use crate::{Bridges, Service};

/// How many events a transaction has at most.
const EVENTS_MAX: usize = 100;
/// How many bytes of events a transaction has, if it has more than one.
const EVENT_BYTES_MAX: usize = 4 << 20;
/// How much of what passes, and how many messages to devices, a transaction has at most.
const EPHEMERAL_MAX: usize = 100;
const TO_DEVICE_MAX: usize = 100;

/// Whether a service is told who is typing and online, and what is read.
pub(super) fn tells_of_ephemeral(service: &Service) -> bool {
    service.registration.receive_ephemeral
}

/// Whether a service gets the messages to its users' devices.
pub(super) fn tells_of_to_device(service: &Service) -> bool {
    service.registration.receive_ephemeral || service.registration.msc3202
}

/// Whether a service is told whose devices changed, and how many keys its own have left.
pub(super) fn tells_of_device_lists(service: &Service) -> bool {
    service.registration.msc3202
}

/// A transaction that is being put together.
pub(super) struct Draft<'a> {
    bridges: &'a Bridges,
    service: &'a Service,
    events: Vec<PendingEvent>,
    event_bytes: usize,
    ephemeral: Ephemeral,
    to_device: Vec<(UserSid, String, Position)>,
    device_lists: DeviceLists,
    /// The rooms that it says something of.
    rooms: BTreeSet<RoomSid>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(bridges: &'a Bridges, service: &'a Service) -> Self {
        Self {
            bridges,
            service,
            events: Vec::new(),
            event_bytes: 0,
            ephemeral: Ephemeral::default(),
            to_device: Vec::new(),
            device_lists: DeviceLists::default(),
            rooms: BTreeSet::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.is_lasting() && self.ephemeral.is_empty()
    }

    /// Whether it goes again until the service has it. Who is typing or online is of interest now or never.
    pub(super) fn is_lasting(&self) -> bool {
        !self.events.is_empty()
            || !self.to_device.is_empty()
            || !self.device_lists.is_empty()
            || self.ephemeral.is_lasting()
    }

    /// Whether it holds as much as it may.
    pub(super) fn is_full(&self) -> bool {
        self.events.len() >= EVENTS_MAX
            || self.event_bytes >= EVENT_BYTES_MAX
            || self.ephemeral.len() >= EPHEMERAL_MAX
            || self.to_device.len() >= TO_DEVICE_MAX
            || self.device_lists.is_full()
    }

    /// Adds a change, if it concerns the service.
    pub(super) fn note(&mut self, change: &Change) -> Result<(), Error> {
        let (bridges, service) = (self.bridges, self.service);
        let interests = &bridges.interests;
        match &change.kind {
            ChangeKind::Event { event, .. } => self.note_event(change.position, *event),
            ChangeKind::Membership { room, user } => self.note_outside(change.position, *room, *user),
            ChangeKind::Receipt { room, user, private } if tells_of_ephemeral(service) => {
                let concerned = match private {
                    true => interests.owns_sid(service, *user)?,
                    false => interests.room(service, *room)?,
                };
                if concerned && self.ephemeral.add_receipt(bridges, *room, change.position)? {
                    self.rooms.insert(*room);
                }
                Ok(())
            }
            ChangeKind::Typing { room } if tells_of_ephemeral(service) => {
                if interests.room(service, *room)? {
                    self.ephemeral.add_typing(*room);
                }
                Ok(())
            }
            ChangeKind::Presence { user }
                if tells_of_ephemeral(service) && bridges.config.presence.enabled =>
            {
                if interests.user(service, *user)? {
                    self.ephemeral.add_presence(*user);
                }
                Ok(())
            }
            ChangeKind::ToDevice { user } if tells_of_to_device(service) => {
                if interests.owns_sid(service, *user)? {
                    self.note_to_device(change.position, *user)?;
                }
                Ok(())
            }
            ChangeKind::DeviceList { user } if tells_of_device_lists(service) => {
                if interests.user(service, *user)? {
                    self.device_lists.add_changed(*user);
                }
                Ok(())
            }
            ChangeKind::Receipt { .. }
            | ChangeKind::Typing { .. }
            | ChangeKind::Presence { .. }
            | ChangeKind::ToDevice { .. }
            | ChangeKind::DeviceList { .. }
            | ChangeKind::AccountData { .. }
            | ChangeKind::Profile { .. }
            | ChangeKind::Outbox { .. }
            | ChangeKind::KeySignature { .. }
            | ChangeKind::Pushers { .. }
            | ChangeKind::ThreadSubscription { .. }
            | ChangeKind::Sticky { .. }
            | ChangeKind::Owed { .. }
            | ChangeKind::Unread { .. } => Ok(()),
        }
    }

    fn note_event(&mut self, position: Position, event: EventSid) -> Result<(), Error> {
        let (bridges, service) = (self.bridges, self.service);
        let Some(meta) = EVENT_META.get(bridges.store.engine(), &event)? else { return Ok(()) };
        let Some(pdu) = bridges.rooms.find_pdu(event)? else { return Ok(()) };
        if !bridges.interests.event(service, &meta, &pdu)? {
            return Ok(());
        }
        let target = match pdu.state_key().map(UserId::parse) {
            Some(Ok(target)) if bridges.interests.is_target(service, &pdu) => {
                bridges.store.ids().find_user(&target)?
            }
            _ => None,
        };
        let text = match target {
            Some(user) => bridges.rooms.render_with_face(event, user)?,
            None => None,
        };
        self.event_bytes += text.as_ref().map_or(pdu.json().len(), |text| text.get().len());
        self.events.push(match text {
            Some(text) => PendingEvent::Text(text.get().to_owned()),
            None => PendingEvent::Stored(event),
        });
        self.rooms.insert(meta.room);
        if tells_of_device_lists(service) {
            self.device_lists.add_event(bridges, service, position, event, meta.room, &pdu)?;
        }
        Ok(())
    }

    /// One of the service's users is invited to a room that this server is not in.
    fn note_outside(&mut self, position: Position, room: RoomSid, user: UserSid) -> Result<(), Error> {
        let bridges = self.bridges;
        let member = bridges.rooms.membership_record(user, room)?;
        let is_news = member.is_some_and(|member| member.position == position);
        if !is_news || !bridges.interests.owns_sid(self.service, user)? {
            return Ok(());
        }
        if let Some(text) = bridges.rooms.render_outside(room, user)? {
            self.event_bytes += text.get().len();
            self.events.push(PendingEvent::Text(text.get().to_owned()));
        }
        Ok(())
    }

    fn note_to_device(&mut self, position: Position, user: UserSid) -> Result<(), Error> {
        let read = self.bridges.store.engine();
        for row in DEVICES.scan(read, &(user,), Direction::Forward) {
            let ((_, device_id), _) = row?;
            let message = (user, device_id, position);
            if TO_DEVICE.contains(read, &message)? {
                self.to_device.push(message);
            }
        }
        Ok(())
    }

    /// The transaction, without its id and how far it reaches.
    pub(super) fn finish(mut self) -> Result<PendingTransaction, Error> {
        let mut others = String::new();
        let ephemeral = self.ephemeral.texts(self.bridges)?;
        add_list(&mut others, &["ephemeral", "de.sorunome.msc2409.ephemeral"], &ephemeral);
        let messages = self.messages()?;
        add_list(&mut others, &["to_device", "de.sorunome.msc2409.to_device"], &messages);
        if tells_of_device_lists(self.service) {
            let recipients = self.to_device.iter().map(|(user, _, _)| *user).collect();
            others.push_str(&self.device_lists.text(self.bridges)?);
            others.push_str(&DeviceLists::key_counts(self.bridges, self.service, &self.rooms, recipients)?);
        }
        let to_device = self.consumed()?;
        Ok(PendingTransaction { events: self.events, others, to_device, ..PendingTransaction::default() })
    }

    /// The messages to devices, each with whom it is for.
    fn messages(&self) -> Result<Vec<String>, Error> {
        let mut texts = Vec::with_capacity(self.to_device.len());
        for message in &self.to_device {
            let Some(text) = TO_DEVICE.get(self.bridges.store.engine(), message)? else { continue };
            let (user_id, device_id) = (self.bridges.store.ids().user_id(message.0)?, &message.1);
            let Some(rest) = text.strip_prefix('{') else { continue };
            let (user_id, device_id) = (quoted(user_id.as_str()), quoted(device_id));
            texts.push(format!("{{\"to_user_id\":{user_id},\"to_device_id\":{device_id},{rest}"));
        }
        Ok(texts)
    }

    /// The messages that nobody else is going to fetch: those to users whom the service has for itself.
    fn consumed(&mut self) -> Result<Vec<(UserSid, String, Position)>, Error> {
        let appservices = self.bridges.accounts.appservices();
        let mut consumed = Vec::new();
        for message in std::mem::take(&mut self.to_device) {
            let user_id = self.bridges.store.ids().user_id(message.0)?;
            let owner = appservices.exclusive_owner(&user_id);
            if owner.is_some_and(|owner| owner.id == self.service.registration.id) {
                consumed.push(message);
            }
        }
        Ok(consumed)
    }
}

/// Adds a list to a body, under its name and those it had as a proposal; an empty one is left out.
fn add_list(body: &mut String, names: &[&str], texts: &[String]) {
    if texts.is_empty() {
        return;
    }
    for name in names {
        body.push_str(&format!(",\"{name}\":[{}]", texts.join(",")));
    }
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("texts can be written")
}
