//! Canonical JSON: the one encoding of a value that hashes and signatures are made over.
//!
//! Events of room versions 1 to 5 may hold numbers that canonical JSON forbids, so a number here can also be a piece
//! of text. What an event's fields mean is not known here.
//! <https://spec.matrix.org/v1.19/appendices/#canonical-json>

mod nesting;
mod number;
mod parser;
mod writer;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use self::{
    nesting::nesting,
    parser::{parse, parse_envelope, parse_object},
    writer::{to_text, write_object_without, write_string},
};

/// The members of an object, in the order canonical JSON writes them.
pub type Object = BTreeMap<String, Value>;

/// How deep arrays and objects may nest. Below serde_json's 128, so that a stored event can always be read back,
/// also from inside an answer that wraps it.
pub const NESTING_DEPTH_MAX: usize = 100;

/// How deep a text may nest that carries events and other things side by side, as transactions and answers do. Well above
/// what each of them may, so that what is nested too deep costs itself and not what stands beside it.
pub const ENVELOPE_DEPTH_MAX: usize = 512;

/// How many digits an integer of the lax road may have; what the most common server refuses as well.
pub const NUMBER_DIGITS_MAX: usize = 4300;

/// The greatest absolute value of an integer in canonical JSON.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;

/// A JSON value in canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A float, or an integer beyond 64 bits, as it is to be written. Only in room versions 1 to 5.
    Number(Box<str>),
    /// A string.
    String(String),
    /// A list.
    Array(Vec<Value>),
    /// An object.
    Object(Object),
}

/// Which numbers are accepted while parsing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Canonical JSON as room version 6 and later enforce it: whole numbers within ±(2^53 - 1), no `-0`, no key twice.
    Strict,
    /// What room versions 1 to 5 let pass: floats, integers of any size, and the last of two equal keys wins.
    Lax,
}

/// Why a text is not acceptable JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// It is not JSON at all.
    #[error("not JSON: unexpected input at byte {0}")]
    Syntax(usize),
    /// Arrays and objects nest too deep.
    #[error("nested too deep")]
    TooDeep,
    /// A number that canonical JSON does not have.
    #[error("number at byte {0} is not an integer within ±(2^53 - 1)")]
    Number(usize),
    /// The same key twice in one object.
    #[error("key {0:?} appears twice in one object")]
    DuplicateKey(String),
    /// The text is an array, a string, … where an object is needed.
    #[error("not an object")]
    NotAnObject,
}

impl Value {
    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The members, if this is an object.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The elements, if this is an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}
