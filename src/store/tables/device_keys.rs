//! `device_keys`, `cross_signing_keys`, `key_signatures`, `signature_stream`: the public keys of devices and users, and
//! who vouches for them.
//!
//! Keys are kept as canonical JSON. Signatures that came apart from their key are rows of their own, so that each
//! reader can be shown the ones that are for them.

use kith_kv::{Direction, Read};

use crate::{
    Error, Txn,
    catalog::families,
    changes::ChangeKind,
    sids::{Position, UserSid},
    table::Table,
};

/// `(user, device id) → the device's identity keys`, for users of this server: canonical JSON without `unsigned`.
pub static DEVICE_KEYS: Table<(UserSid, String), String> = Table::new(families::DEVICE_KEYS);
/// `(user, usage) → a cross-signing key`, for users of every server: canonical JSON. The usage is a [`KeyUsage`].
pub static CROSS_SIGNING_KEYS: Table<(UserSid, u8), String> = Table::new(families::CROSS_SIGNING_KEYS);
/// `(owner, key, signer, signer's key id) → signature`: made by users of this server. The key is a device id or the
/// public half of a master key.
pub static KEY_SIGNATURES: Table<(UserSid, String, UserSid, String), String> =
    Table::new(families::KEY_SIGNATURES);
/// `(user, position) → whose keys look different to this user alone from there on`: each once, at the latest change.
pub static SIGNATURE_STREAM: Table<(UserSid, Position), UserSid> = Table::new(families::SIGNATURE_STREAM);

/// What a cross-signing key is for. The discriminant is part of keys and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyUsage {
    /// Stands for the user.
    Master = 0,
    /// Signs the user's devices.
    SelfSigning = 1,
    /// Signs other users' master keys.
    UserSigning = 2,
}

impl KeyUsage {
    /// Every usage.
    pub const ALL: [Self; 3] = [Self::Master, Self::SelfSigning, Self::UserSigning];

    /// The word of the specification.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::SelfSigning => "self_signing",
            Self::UserSigning => "user_signing",
        }
    }
}

/// A cross-signing key.
pub fn find_cross_signing_key(
    read: &dyn Read,
    user: UserSid,
    usage: KeyUsage,
) -> Result<Option<String>, Error> {
    CROSS_SIGNING_KEYS.get(read, &(user, usage as u8))
}

/// The signatures that users of this server made on a key apart from the key itself.
pub fn signatures_on<'a>(
    read: &'a dyn Read,
    owner: UserSid,
    key: &str,
) -> impl Iterator<Item = Result<(UserSid, String, String), Error>> + use<'a> {
    let rows = KEY_SIGNATURES.scan(read, &(owner, key.to_owned()), Direction::Forward);
    rows.map(|row| row.map(|((_, _, signer, key_id), signature)| (signer, key_id, signature)))
}

/// Removes the signatures on a key.
pub fn delete_signatures_on(txn: &mut Txn, read: &dyn Read, owner: UserSid, key: &str) -> Result<(), Error> {
    for row in KEY_SIGNATURES.scan(read, &(owner, key.to_owned()), Direction::Forward) {
        KEY_SIGNATURES.delete(&mut txn.batch, &row?.0);
    }
    Ok(())
}

/// Notes that the keys of `owner` look different to `user` from now on, and to nobody else.
///
/// The caller holds what orders the writers of the user's keys.
pub fn mark_signed(txn: &mut Txn, read: &dyn Read, user: UserSid, owner: UserSid) -> Result<Position, Error> {
    for row in SIGNATURE_STREAM.scan(read, &(user,), Direction::Forward) {
        let (key, earlier) = row?;
        if earlier == owner {
            SIGNATURE_STREAM.delete(&mut txn.batch, &key);
        }
    }
    let position = txn.position()?;
    SIGNATURE_STREAM.put(&mut txn.batch, &(user, position), &owner);
    txn.change(position, ChangeKind::KeySignature { user });
    Ok(position)
}

/// Removes the keys of a device, and the signatures on them.
pub fn delete_of_device(txn: &mut Txn, read: &dyn Read, user: UserSid, device_id: &str) -> Result<(), Error> {
    DEVICE_KEYS.delete(&mut txn.batch, &(user, device_id.to_owned()));
    delete_signatures_on(txn, read, user, device_id)
}

/// Removes a user's cross-signing keys, and what was signed for and by them.
pub fn delete_of_user(txn: &mut Txn, user: UserSid) {
    CROSS_SIGNING_KEYS.delete_prefix(&mut txn.batch, &(user,));
    KEY_SIGNATURES.delete_prefix(&mut txn.batch, &(user,));
    SIGNATURE_STREAM.delete_prefix(&mut txn.batch, &(user,));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{key::Key, record::Record};

    #[test]
    fn golden_bytes() {
        assert_eq!((UserSid(1), KeyUsage::UserSigning as u8).to_bytes(), [0, 0, 0, 0, 0, 0, 0, 1, 2]);
        let key = (UserSid(1), "D".to_owned(), UserSid(2), "k".to_owned());
        assert_eq!(key.to_bytes(), [0, 0, 0, 0, 0, 0, 0, 1, b'D', 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, b'k', 0, 1]);
        assert_eq!(Record::to_bytes(&"{}".to_owned()), [1, 2, b'{', b'}']);
        assert_eq!(Record::to_bytes(&UserSid(3)), [0, 0, 0, 0, 0, 0, 0, 3]);
    }
}
