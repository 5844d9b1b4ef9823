//! How records become bytes: one version byte, then the fields in postcard's compact form.
//!
//! A record whose shape changes gets a new version, and its `decode` keeps reading the old ones.

use serde::{Serialize, de::DeserializeOwned};

/// A value of a table.
pub trait Record: Sized {
    /// Appends the record's bytes.
    fn encode(&self, out: &mut Vec<u8>);
    /// Reads a record back; `None` when the bytes are not one.
    fn decode(bytes: &[u8]) -> Option<Self>;

    /// The record's bytes alone.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        self.encode(&mut out);
        out
    }
}

/// Appends a version byte and the postcard form of `value`.
pub fn encode_versioned<T: Serialize>(version: u8, value: &T, out: &mut Vec<u8>) {
    out.push(version);
    let bytes = postcard::to_allocvec(value).expect("records hold only types that postcard writes");
    out.extend_from_slice(&bytes);
}

/// Reads what [`encode_versioned`] wrote, if it has that version.
pub fn decode_versioned<T: DeserializeOwned>(version: u8, bytes: &[u8]) -> Option<T> {
    let (first, rest) = bytes.split_first()?;
    (*first == version).then(|| postcard::from_bytes(rest).ok())?
}

/// Makes serde types records: `record!(Type, 1)` stores them behind version byte 1.
#[macro_export]
macro_rules! record {
    ($type:ty, $version:literal) => {
        impl $crate::record::Record for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                $crate::record::encode_versioned($version, self, out);
            }
            fn decode(bytes: &[u8]) -> Option<Self> {
                $crate::record::decode_versioned($version, bytes)
            }
        }
    };
}

record!(String, 1);
record!(u64, 1);

/// A row that only says that its key is there.
impl Record for () {
    fn encode(&self, _: &mut Vec<u8>) {}
    fn decode(_: &[u8]) -> Option<Self> {
        Some(())
    }
}

macro_rules! sid_record {
    ($($sid:ident),*) => {$(
        /// Eight bytes, big-endian: the shape of an id never changes, so it has no version.
        impl Record for $crate::sids::$sid {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.0.to_be_bytes());
            }
            fn decode(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(|raw| Self(u64::from_be_bytes(raw)))
            }
        }
    )*};
}
sid_record!(RoomSid, EventSid, UserSid, ServerSid, StateKeySid, Position);
