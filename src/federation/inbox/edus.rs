//! The EDUs of a transaction: whoever is named has to belong to the server that sends them, and what is malformed
//! costs only itself.
//! <https://spec.matrix.org/v1.19/server-server-api/#edus>

use std::collections::BTreeMap;

use kith_event::json::{NESTING_DEPTH_MAX, nesting};
use kith_store::{Error, live::PresenceState};
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, ServerName, UserId};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Intake;

/// How deep an EDU may be nested: as deep as what clients send to devices, and what wraps it.
const DEPTH_MAX: usize = NESTING_DEPTH_MAX + 8;
/// How many receipts of one EDU are looked at.
const RECEIPTS_MAX: usize = 1_000;
/// How many users' presence of one EDU is looked at.
const PRESENCE_MAX: usize = 1_000;
/// How many events one receipt may name.
const RECEIPT_EVENTS_MAX: usize = 10;

/// A typing notice of another server's user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypingUpdate {
    /// Where.
    pub room_id: OwnedRoomId,
    /// Who.
    pub user_id: OwnedUserId,
    /// Begins or ceases.
    pub typing: bool,
}

/// A public read receipt of another server's user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptUpdate {
    /// Where.
    pub room_id: OwnedRoomId,
    /// Whose.
    pub user_id: OwnedUserId,
    /// Up to which events the user has read.
    pub event_ids: Vec<OwnedEventId>,
    /// In which thread, if the receipt speaks of one.
    pub thread_id: Option<String>,
    /// When, in unix milliseconds, if that is said.
    pub at_ms: Option<u64>,
}

/// How another server's user presents themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceUpdate {
    /// Who.
    pub user_id: OwnedUserId,
    /// Online, unavailable or offline.
    pub state: PresenceState,
    /// The status message.
    pub status: Option<String>,
    /// How long ago the user was last active, in milliseconds.
    pub last_active_ago_ms: u64,
    /// Whether the user is active right now.
    pub currently_active: bool,
}

/// Whom EDUs concern. Every user named belongs to the origin; whether they are in the room, or known at all, is for
/// these to see. What makes no sense is ignored; an error means that the whole transaction should come again.
pub trait EduHandler: Send + Sync {
    /// `m.typing`, of a room that admits the origin.
    fn typing(&self, update: TypingUpdate) -> Result<(), Error>;
    /// `m.receipt`, of rooms that admit the origin.
    fn receipts(&self, updates: Vec<ReceiptUpdate>) -> Result<(), Error>;
    /// `m.presence`.
    fn presence(&self, updates: Vec<PresenceUpdate>) -> Result<(), Error>;
    /// `m.direct_to_device`.
    fn direct_to_device(&self, origin: &ServerName, content: &RawValue) -> Result<(), Error>;
    /// `m.device_list_update`.
    fn device_list_update(&self, origin: &ServerName, content: &RawValue) -> Result<(), Error>;
    /// `m.signing_key_update`.
    fn signing_key_update(&self, origin: &ServerName, content: &RawValue) -> Result<(), Error>;
}

/// Hands one EDU on to whom it concerns.
pub(super) fn hand_on(
    intake: &dyn Intake,
    handler: &dyn EduHandler,
    origin: &ServerName,
    edu: &RawValue,
) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Edu<'a> {
        edu_type: String,
        #[serde(borrow)]
        content: &'a RawValue,
    }
    // Contents go on to clients, which read less deep than servers.
    let Some(Edu { edu_type, content }) = read(edu).filter(|_| nesting(edu.get().as_bytes()) <= DEPTH_MAX)
    else {
        tracing::debug!(%origin, "a malformed EDU is ignored");
        return Ok(());
    };
    let known = match edu_type.as_str() {
        "m.typing" => read_typing(content, intake, origin)?.map(|update| handler.typing(update)),
        "m.receipt" => read_receipts(content, intake, origin)?.map(|updates| handler.receipts(updates)),
        "m.presence" => read_presence(content, origin).map(|updates| handler.presence(updates)),
        "m.direct_to_device" => {
            speaks_for(content, "sender", origin).then(|| handler.direct_to_device(origin, content))
        }
        "m.device_list_update" => {
            speaks_for(content, "user_id", origin).then(|| handler.device_list_update(origin, content))
        }
        // The second name is from before it was in the specification; servers still send both.
        "m.signing_key_update" | "org.matrix.signing_key_update" => {
            speaks_for(content, "user_id", origin).then(|| handler.signing_key_update(origin, content))
        }
        _ => None,
    };
    let outcome = if known.is_some() { "taken" } else { "ignored" };
    metrics::counter!("kith_federation_received_edus_total", "outcome" => outcome).increment(1);
    known.unwrap_or_else(|| {
        tracing::debug!(%origin, %edu_type, "an EDU is ignored: unknown, malformed or forged");
        Ok(())
    })
}

fn read<'a, T: Deserialize<'a>>(text: &'a RawValue) -> Option<T> {
    serde_json::from_str(text.get()).ok()
}

fn owns(origin: &ServerName, user: &UserId) -> bool {
    user.server_name() == origin
}

/// Whether the user in a field of the content belongs to the origin.
fn speaks_for(content: &RawValue, field: &str, origin: &ServerName) -> bool {
    let fields: Option<BTreeMap<String, &RawValue>> = read(content);
    let user = fields.as_ref().and_then(|fields| read::<OwnedUserId>(fields.get(field)?));
    user.is_some_and(|user| owns(origin, &user))
}

fn read_typing(
    content: &RawValue,
    intake: &dyn Intake,
    origin: &ServerName,
) -> Result<Option<TypingUpdate>, Error> {
    #[derive(Deserialize)]
    struct Typing {
        room_id: OwnedRoomId,
        user_id: OwnedUserId,
        typing: bool,
    }
    let Some(Typing { room_id, user_id, typing }) = read(content) else { return Ok(None) };
    let admitted = owns(origin, &user_id) && intake.admits(origin, &room_id)?;
    Ok(admitted.then_some(TypingUpdate { room_id, user_id, typing }))
}

fn read_receipts(
    content: &RawValue,
    intake: &dyn Intake,
    origin: &ServerName,
) -> Result<Option<Vec<ReceiptUpdate>>, Error> {
    #[derive(Deserialize)]
    struct Room {
        #[serde(rename = "m.read")]
        read: BTreeMap<String, Box<RawValue>>,
    }
    let Some(rooms) = read::<BTreeMap<String, Box<RawValue>>>(content) else { return Ok(None) };
    let mut updates = Vec::new();
    for (room_id, receipts) in rooms {
        let Ok(room_id) = RoomId::parse(room_id) else { continue };
        let Some(Room { read }) = self::read(&receipts) else { continue };
        if !intake.admits(origin, &room_id)? {
            continue;
        }
        for (user_id, receipt) in read {
            if updates.len() == RECEIPTS_MAX {
                return Ok(Some(updates));
            }
            let Ok(user_id) = UserId::parse(user_id) else { continue };
            if owns(origin, &user_id) {
                updates.extend(read_receipt(&room_id, user_id, &receipt));
            }
        }
    }
    Ok((!updates.is_empty()).then_some(updates))
}

fn read_receipt(room_id: &RoomId, user_id: OwnedUserId, receipt: &RawValue) -> Option<ReceiptUpdate> {
    #[derive(Deserialize)]
    struct Receipt {
        event_ids: Vec<OwnedEventId>,
        #[serde(default)]
        data: Data,
    }
    #[derive(Default, Deserialize)]
    struct Data {
        ts: Option<u64>,
        thread_id: Option<String>,
    }
    let Receipt { mut event_ids, data } = read(receipt)?;
    event_ids.truncate(RECEIPT_EVENTS_MAX);
    let room_id = room_id.to_owned();
    Some(ReceiptUpdate { room_id, user_id, event_ids, thread_id: data.thread_id, at_ms: data.ts })
}

fn read_presence(content: &RawValue, origin: &ServerName) -> Option<Vec<PresenceUpdate>> {
    #[derive(Deserialize)]
    struct Presence {
        push: Vec<Box<RawValue>>,
    }
    #[derive(Deserialize)]
    struct Update {
        user_id: OwnedUserId,
        presence: String,
        status_msg: Option<String>,
        #[serde(default)]
        last_active_ago: u64,
        #[serde(default)]
        currently_active: bool,
    }
    let Presence { push } = read(content)?;
    let updates = push.iter().take(PRESENCE_MAX).filter_map(|update| {
        let update: Update = read(update)?;
        Some(PresenceUpdate {
            state: PresenceState::parse(&update.presence)?,
            user_id: update.user_id,
            status: update.status_msg,
            last_active_ago_ms: update.last_active_ago,
            currently_active: update.currently_active,
        })
    });
    let updates: Vec<_> = updates.filter(|update| owns(origin, &update.user_id)).collect();
    (!updates.is_empty()).then_some(updates)
}
