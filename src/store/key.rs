//! How keys become bytes: fixed-width big-endian numbers and terminated strings, so that byte order is key order
//! and the encoding of a tuple's first parts is a prefix of the whole key.

use crate::sids::{EventSid, Position, RoomSid, ServerSid, StateKeySid, UserSid};

/// A key, or the leading part of one.
pub trait Key: Sized {
    /// Appends the key's bytes.
    fn encode(&self, out: &mut Vec<u8>);
    /// Takes the key from the front of `bytes`; `None` when they are not such a key.
    fn decode(bytes: &mut &[u8]) -> Option<Self>;

    /// The key's bytes alone.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32);
        self.encode(&mut out);
        out
    }
}

impl Key for () {
    fn encode(&self, _: &mut Vec<u8>) {}
    fn decode(_: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

impl<const N: usize> Key for [u8; N] {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<N>()?;
        *bytes = rest;
        Some(*head)
    }
}

macro_rules! number_key {
    ($($number:ty),*) => {$(
        impl Key for $number {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
            fn decode(bytes: &mut &[u8]) -> Option<Self> {
                <[u8; size_of::<$number>()]>::decode(bytes).map(Self::from_be_bytes)
            }
        }
    )*};
}
number_key!(u8, u16, u32, u64);

/// Signed numbers sort by value: the sign bit is flipped.
impl Key for i64 {
    fn encode(&self, out: &mut Vec<u8>) {
        (self.cast_unsigned() ^ (1 << 63)).encode(out);
    }
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        u64::decode(bytes).map(|raw| (raw ^ (1 << 63)).cast_signed())
    }
}

impl Key for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        match u8::decode(bytes)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

macro_rules! sid_key {
    ($($sid:ident),*) => {$(
        impl Key for $sid {
            fn encode(&self, out: &mut Vec<u8>) {
                self.0.encode(out);
            }
            fn decode(bytes: &mut &[u8]) -> Option<Self> {
                u64::decode(bytes).map($sid)
            }
        }
    )*};
}
sid_key!(RoomSid, EventSid, UserSid, ServerSid, StateKeySid, Position);

/// Strings may hold any character, NUL included: `00` becomes `00 ff`, and `00 01` ends the string. So no string's
/// bytes are a prefix of another's, and order is kept.
impl Key for String {
    fn encode(&self, out: &mut Vec<u8>) {
        for byte in self.bytes() {
            out.push(byte);
            if byte == 0 {
                out.push(0xff);
            }
        }
        out.extend_from_slice(&[0, 1]);
    }
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let mut text = Vec::new();
        loop {
            match bytes {
                [0, 1, rest @ ..] => {
                    *bytes = rest;
                    return Self::from_utf8(text).ok();
                }
                [0, 0xff, rest @ ..] => {
                    text.push(0);
                    *bytes = rest;
                }
                [0, ..] | [] => return None,
                [byte, rest @ ..] => {
                    text.push(*byte);
                    *bytes = rest;
                }
            }
        }
    }
}

macro_rules! tuple_key {
    ($($name:ident $index:tt),+) => {
        impl<$($name: Key),+> Key for ($($name,)+) {
            fn encode(&self, out: &mut Vec<u8>) {
                $(self.$index.encode(out);)+
            }
            fn decode(bytes: &mut &[u8]) -> Option<Self> {
                Some(($($name::decode(bytes)?,)+))
            }
        }
    };
}
tuple_key!(A 0);
tuple_key!(A 0, B 1);
tuple_key!(A 0, B 1, C 2);
tuple_key!(A 0, B 1, C 2, D 3);
tuple_key!(A 0, B 1, C 2, D 3, E 4);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn golden_bytes() {
        assert_eq!(
            (RoomSid(1), -1_i64).to_bytes(),
            [0, 0, 0, 0, 0, 0, 0, 1, 127, 255, 255, 255, 255, 255, 255, 255]
        );
        assert_eq!(("a\0b".to_owned(), true).to_bytes(), [b'a', 0, 0xff, b'b', 0, 1, 1]);
    }

    proptest! {
        #[test]
        fn round_trip_and_order(a: (u64, String, i64), b: (u64, String, i64)) {
            let (bytes_a, bytes_b) = (a.to_bytes(), b.to_bytes());
            prop_assert_eq!(<(u64, String, i64)>::decode(&mut bytes_a.as_slice()), Some(a.clone()));
            prop_assert_eq!(bytes_a.cmp(&bytes_b), a.cmp(&b));
        }

        #[test]
        fn decoding_garbage_never_panics(bytes: Vec<u8>) {
            let _ = <(String, u64, bool)>::decode(&mut bytes.as_slice());
        }
    }
}
