//! Messages from device to device: sent by this server's users, and by those of other servers.
//!
//! A message for a device here is a row that stays until the device has it. A message for elsewhere goes into the
//! outbox of that server. Who repeats a request is told that all is well, and nothing is sent again.
//! <https://spec.matrix.org/v1.19/client-server-api/#send-to-device-messaging>

use std::collections::BTreeMap;

use kith_accounts::Requester;
use kith_store::{
    Direction, Error, EventSid, Position, RoomSid, Txn, UserSid,
    tables::{
        devices::DEVICES,
        outbox::{self, OutgoingEdu},
        to_device::{self, TO_DEVICE_SEEN},
        transactions::{TRANSACTIONS, TransactionRecord},
    },
};
use ruma::{OwnedServerName, OwnedUserId, ServerName, UserId};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use crate::E2ee;

/// How long the content of one message may be, in bytes.
const CONTENT_BYTES_MAX: usize = 64 << 10;
/// How long one EDU to another server becomes before the next one is begun, in bytes: what servers take.
const EDU_BYTES_MAX: usize = 64 << 10;
/// How many characters name an EDU.
const MESSAGE_ID_CHARACTERS: usize = 32;
/// How long the name of an EDU of another server may be, in bytes.
const MESSAGE_ID_BYTES_MAX: usize = 255;
/// How long a transaction id may be that is remembered, in bytes; longer ones are as good as none.
const TRANSACTION_ID_BYTES_MAX: usize = 1_024;
/// How long the type of a message may be, in bytes.
const TYPE_BYTES_MAX: usize = 255;
/// Stands for all devices of a user.
const ALL_DEVICES: &str = "*";
/// How long a message of another server is known again, in milliseconds: a week.
pub(crate) const SEEN_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

/// Messages by recipient and device id; `*` means all devices.
type Messages = BTreeMap<OwnedUserId, BTreeMap<String, Box<RawValue>>>;

/// Messages that a device sends.
#[derive(Debug)]
pub struct DirectMessages {
    /// Their type.
    pub kind: String,
    /// Names the request among those of the device.
    pub transaction_id: String,
    /// Their contents.
    pub messages: Messages,
}

/// Why messages are not sent.
#[derive(Debug, thiserror::Error)]
pub enum ToDeviceError {
    /// The type is empty or too long.
    #[error("the type of a message has between 1 and {TYPE_BYTES_MAX} bytes")]
    BadType,
    /// A content is no object.
    #[error("the content of a message is an object")]
    NotAnObject,
    /// A message is too large.
    #[error("a message has at most {CONTENT_BYTES_MAX} bytes")]
    TooLarge,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl E2ee {
    /// Sends messages to devices.
    pub fn send_to_device(&self, requester: &Requester, sent: &DirectMessages) -> Result<(), ToDeviceError> {
        if sent.kind.is_empty() || sent.kind.len() > TYPE_BYTES_MAX {
            return Err(ToDeviceError::BadType);
        }
        for content in sent.messages.values().flat_map(BTreeMap::values) {
            if content.get().len() > CONTENT_BYTES_MAX {
                return Err(ToDeviceError::TooLarge);
            }
            if !content.get().starts_with('{') {
                return Err(ToDeviceError::NotAnObject);
            }
        }
        // So that a request and its repetition do not both find that it was not made before.
        let lane = self.accounts.lane(requester.user);
        let device = requester.device_id.as_ref().map(|device| device.to_string()).unwrap_or_default();
        let endpoint = format!("sendToDevice/{}", sent.kind);
        let request = (requester.user, device, RoomSid(0), endpoint, sent.transaction_id.clone());
        let is_named = sent.transaction_id.len() <= TRANSACTION_ID_BYTES_MAX;
        if is_named && TRANSACTIONS.contains(self.read(), &request)? {
            return Ok(());
        }
        let mut txn = self.store.begin();
        if is_named {
            let record = TransactionRecord { event: EventSid(0), at_ms: self.clock.now_ms() };
            TRANSACTIONS.put(&mut txn.batch, &request, &record);
        }
        let mut elsewhere: BTreeMap<OwnedServerName, Outgoing<'_>> = BTreeMap::new();
        for (user_id, contents) in &sent.messages {
            if self.accounts.is_local(user_id) {
                self.deliver(&mut txn, &requester.user_id, &sent.kind, user_id, contents)?;
                continue;
            }
            let outgoing = elsewhere.entry(user_id.server_name().to_owned()).or_default();
            for (device_id, content) in contents {
                outgoing.add(user_id, device_id, content);
            }
        }
        for (server, outgoing) in elsewhere {
            self.post(&mut txn, &server, &requester.user_id, &sent.kind, outgoing)?;
        }
        let committed = self.store.commit(txn)?;
        drop(lane);
        Ok(committed.wait_durable()?)
    }

    /// A device says that it has got everything up to here.
    pub fn acknowledge_to_device(
        &self,
        user: UserSid,
        device_id: &str,
        until: Position,
    ) -> Result<(), Error> {
        let mut txn = self.store.begin();
        if to_device::delete_until(&mut txn, self.read(), user, device_id, until)? > 0 {
            // Nothing waits for the disk: what comes back is taken away the next time.
            drop(self.store.commit(txn)?);
        }
        Ok(())
    }

    /// Takes an `m.direct_to_device` of another server. What makes no sense is passed over.
    pub fn receive_direct_to_device(&self, origin: &ServerName, content: &RawValue) -> Result<(), Error> {
        #[derive(Deserialize)]
        struct Content {
            sender: OwnedUserId,
            #[serde(rename = "type")]
            kind: String,
            message_id: String,
            messages: Messages,
        }
        let Ok(content) = serde_json::from_str::<Content>(content.get()) else {
            tracing::debug!(%origin, "an m.direct_to_device makes no sense");
            return Ok(());
        };
        if content.sender.server_name() != origin
            || content.message_id.len() > MESSAGE_ID_BYTES_MAX
            || content.kind.is_empty()
            || content.kind.len() > TYPE_BYTES_MAX
        {
            tracing::debug!(%origin, sender = %content.sender, "an m.direct_to_device is not acceptable");
            return Ok(());
        }
        let seen = (self.store.ids().server(origin)?, content.message_id);
        if TO_DEVICE_SEEN.contains(self.read(), &seen)? {
            return Ok(());
        }
        let mut txn = self.store.begin();
        TO_DEVICE_SEEN.require(&mut txn.batch, &seen, None);
        TO_DEVICE_SEEN.put(&mut txn.batch, &seen, &self.clock.now_ms());
        for (user_id, mut contents) in content.messages {
            contents.retain(|_, content| {
                content.get().len() <= CONTENT_BYTES_MAX && content.get().starts_with('{')
            });
            if self.accounts.is_local(&user_id) {
                self.deliver(&mut txn, &content.sender, &content.kind, &user_id, &contents)?;
            }
        }
        match self.store.commit_durably(txn) {
            // It came twice at the same time.
            Err(Error::Conflict) => Ok(()),
            other => other,
        }
    }

    /// Adds messages for the devices of one user of this server. Devices that do not exist get nothing.
    fn deliver(
        &self,
        txn: &mut Txn,
        sender: &UserId,
        kind: &str,
        recipient: &UserId,
        contents: &BTreeMap<String, Box<RawValue>>,
    ) -> Result<(), Error> {
        let Some(user) = self.find_local(recipient)? else { return Ok(()) };
        for (device_id, content) in contents {
            let message = message(sender, kind, content);
            if device_id == ALL_DEVICES {
                for row in DEVICES.scan(self.read(), &(user,), Direction::Forward) {
                    let ((_, device_id), _) = row?;
                    to_device::put(txn, user, &device_id, &message)?;
                }
            } else if DEVICES.contains(self.read(), &(user, device_id.clone()))? {
                to_device::put(txn, user, device_id, &message)?;
            }
        }
        Ok(())
    }

    /// Puts messages for users of one other server into its outbox.
    fn post(
        &self,
        txn: &mut Txn,
        server: &ServerName,
        sender: &UserId,
        kind: &str,
        outgoing: Outgoing<'_>,
    ) -> Result<(), Error> {
        let server = self.store.ids().server(server)?;
        for messages in outgoing.edus {
            let content = json!({
                "sender": sender,
                "type": kind,
                "message_id": self.random.alphanumeric(MESSAGE_ID_CHARACTERS),
                "messages": messages,
            });
            let edu_type = "m.direct_to_device".to_owned();
            outbox::put(txn, server, &OutgoingEdu { edu_type, content: content.to_string() })?;
        }
        Ok(())
    }
}

/// Messages for one server, split into EDUs that it will take.
#[derive(Default)]
struct Outgoing<'a> {
    edus: Vec<BTreeMap<&'a UserId, BTreeMap<&'a str, &'a RawValue>>>,
    /// How long the last of them is, roughly.
    bytes: usize,
}

impl<'a> Outgoing<'a> {
    fn add(&mut self, user_id: &'a UserId, device_id: &'a str, content: &'a RawValue) {
        let bytes = user_id.as_str().len() + device_id.len() + content.get().len();
        if self.bytes + bytes > EDU_BYTES_MAX || self.edus.is_empty() {
            self.edus.push(BTreeMap::new());
            self.bytes = 0;
        }
        self.bytes += bytes;
        if let Some(edu) = self.edus.last_mut() {
            edu.entry(user_id).or_default().insert(device_id, content);
        }
    }
}

/// A message as its recipient gets it.
fn message(sender: &UserId, kind: &str, content: &RawValue) -> String {
    json!({ "sender": sender, "type": kind, "content": content }).to_string()
}
