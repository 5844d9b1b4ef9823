//! `to_device`, `to_device_seen`: messages on their way to devices of this server, and which messages of other servers
//! have come in already.

use kith_kv::{Direction, Read};

use crate::{
    Error, Txn,
    catalog::families,
    changes::ChangeKind,
    sids::{Position, ServerSid, UserSid},
    table::Table,
};

/// `(user, device id, position) → the message`: the JSON that the device gets, kept until the device has it.
pub static TO_DEVICE: Table<(UserSid, String, Position), String> = Table::new(families::TO_DEVICE);
/// `(server, message id) → when it came, in unix milliseconds`; old rows are swept.
pub static TO_DEVICE_SEEN: Table<(ServerSid, String), u64> = Table::new(families::TO_DEVICE_SEEN);

/// Adds a message to what a device has not got yet.
pub fn put(txn: &mut Txn, user: UserSid, device_id: &str, message: &str) -> Result<Position, Error> {
    let position = txn.position()?;
    TO_DEVICE.put(&mut txn.batch, &(user, device_id.to_owned(), position), &message.to_owned());
    txn.change(position, ChangeKind::ToDevice { user });
    Ok(position)
}

/// The messages for a device behind `since`, up to and including `until`, oldest first.
pub fn scan<'a>(
    read: &'a dyn Read,
    user: UserSid,
    device_id: &str,
    since: Position,
    until: Position,
) -> impl Iterator<Item = Result<(Position, String), Error>> + use<'a> {
    let (from, to) = ((user, device_id.to_owned(), since.next()), (user, device_id.to_owned(), until.next()));
    let rows = TO_DEVICE.range(read, &from, &to, Direction::Forward);
    rows.map(|row| row.map(|((_, _, position), message)| (position, message)))
}

/// Removes what a device has got: everything up to and including `until`. Returns how much that was.
pub fn delete_until(
    txn: &mut Txn,
    read: &dyn Read,
    user: UserSid,
    device_id: &str,
    until: Position,
) -> Result<usize, Error> {
    let mut deleted = 0;
    for row in scan(read, user, device_id, Position::START, until) {
        TO_DEVICE.delete(&mut txn.batch, &(user, device_id.to_owned(), row?.0));
        deleted += 1;
    }
    Ok(deleted)
}

/// Removes everything that waits for a device. There may be very much of it.
pub fn delete_of_device(txn: &mut Txn, read: &dyn Read, user: UserSid, device_id: &str) -> Result<(), Error> {
    let device = (user, device_id.to_owned());
    // Most devices have nothing waiting, and a range that is deleted slows later reads.
    if TO_DEVICE.scan(read, &device, Direction::Forward).next().transpose()?.is_some() {
        TO_DEVICE.delete_prefix(&mut txn.batch, &device);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;

    #[test]
    fn golden_bytes() {
        let key = (UserSid(1), "D".to_owned(), Position(7));
        assert_eq!(key.to_bytes(), [0, 0, 0, 0, 0, 0, 0, 1, b'D', 0, 1, 0, 0, 0, 0, 0, 0, 0, 7]);
        let key = (ServerSid(2), "m".to_owned());
        assert_eq!(key.to_bytes(), [0, 0, 0, 0, 0, 0, 0, 2, b'm', 0, 1]);
    }
}
