//! `to_device`: messages to the device that asks, in the order in which they came.
//!
//! A message stays until the device says, with its next token, that it has got it; taking it away is done by whoever
//! owns the messages. So an answer that is lost on the way is given again.
//! <https://spec.matrix.org/v1.19/client-server-api/#extensions-to-sync>

use kith_store::{Error, Position, Read, UserSid, tables::to_device};
use serde_json::value::RawValue;

use crate::moment::Moment;

/// How many messages one answer has at most.
pub const TO_DEVICE_EVENTS_MAX: usize = 100;

/// Messages to a device.
#[derive(Debug)]
pub struct ToDevice {
    /// The messages, oldest first.
    pub events: Vec<Box<RawValue>>,
    /// Up to where these are all there are: where the next answer goes on.
    pub reached: Position,
}

/// The messages to a device behind `since`, up to `until`, `limit` of them at most.
pub fn to_device(
    read: &dyn Read,
    user: UserSid,
    device_id: &str,
    since: Position,
    until: Position,
    limit: usize,
) -> Result<ToDevice, Error> {
    let mut found = ToDevice { events: Vec::new(), reached: since };
    for row in to_device::scan(read, user, device_id, since, until) {
        let (position, message) = row?;
        if found.events.len() == limit {
            return Ok(found);
        }
        let corrupt = |_| Error::Corrupt { table: "to_device", what: "message" };
        found.events.push(RawValue::from_string(message).map_err(corrupt)?);
        found.reached = position;
    }
    found.reached = until;
    Ok(found)
}

impl Moment<'_> {
    /// What the device has not got yet, `limit` messages at most. What a token without a device asks for is nothing.
    pub(crate) fn to_device(&self, limit: usize) -> Result<ToDevice, Error> {
        match self.device_id {
            Some(device_id) => to_device(
                self.read,
                self.user,
                device_id,
                self.to_device_since.min(self.until),
                self.until,
                limit.min(TO_DEVICE_EVENTS_MAX),
            ),
            None => Ok(ToDevice { events: Vec::new(), reached: self.until }),
        }
    }
}
