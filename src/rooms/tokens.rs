//! Pagination tokens: the opaque words with which clients say where in a room or in the stream they are.
//!
//! There are two kinds, and every endpoint that pages through a room takes both. A stream token is a place in the
//! order of arrival (`next_batch` of `/sync`); a topological token is a gap between two events of one room in the
//! order of the conversation (`prev_batch`, and `start` and `end` of `/messages`).
//!
//! The first letter and digit name the kind and its version. A stream token has room for one position per writer, so
//! that several nodes can write later without a new format; today there is one writer, number 0. Behind a tilde, `/sync`
//! may note where another list stands that it has not told to the end; to the others that means nothing.

use std::fmt;

use kith_store::Position;

/// No token that this server hands out is longer, in bytes.
const TOKEN_BYTES_MAX: usize = 512;
/// How many writers a stream token may name.
const TOKEN_WRITERS_MAX: usize = 16;
/// The number of the only writer there is today.
const WRITER: u64 = 0;

/// A place in the topological order of a room: what sorts its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The event's depth.
    pub depth: u64,
    /// Its place among the events of that depth.
    pub order: i64,
}

impl Place {
    /// Below every event.
    pub const START: Self = Self { depth: 0, order: i64::MIN };
    /// Above every event.
    pub const END: Self = Self { depth: u64::MAX, order: i64::MAX };

    /// The gap right above the event at this place.
    #[must_use]
    pub fn above(self) -> Self {
        Self { order: self.order.saturating_add(1), ..self }
    }
}

/// A pagination token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// Behind everything that arrived up to and including this position.
    Stream(Position),
    /// The gap right below the event at this place: going back from it, that event is not shown any more, going
    /// forward from it, that event is the first.
    Gap(Place),
}

/// The text is no token of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pagination token is not one of this server's")]
pub struct UnknownToken;

impl Token {
    /// The gap right below the event at `place`: what pages back from it, or starts forward with it.
    pub fn below(place: Place) -> Self {
        Self::Gap(place)
    }

    /// The gap right above the event at `place`: what pages forward from it, or starts back with it.
    pub fn above(place: Place) -> Self {
        Self::Gap(place.above())
    }

    /// Reads a token that a client sent.
    pub fn parse(text: &str) -> Result<Self, UnknownToken> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(UnknownToken);
        }
        let (kind, rest) = text.split_once('_').ok_or(UnknownToken)?;
        match kind {
            "s1" => {
                let (positions, note) =
                    rest.split_once('~').map_or((rest, None), |(rest, note)| (rest, Some(note)));
                if note.is_some_and(|note| note.parse::<u64>().is_err()) {
                    return Err(UnknownToken);
                }
                parse_positions(positions).map(Self::Stream)
            }
            "t1" => {
                let (depth, order) = rest.split_once('_').ok_or(UnknownToken)?;
                let depth = depth.parse().map_err(|_| UnknownToken)?;
                let order = order.parse().map_err(|_| UnknownToken)?;
                Ok(Self::Gap(Place { depth, order }))
            }
            _ => Err(UnknownToken),
        }
    }

    /// Reads a token that may be left out.
    pub fn parse_optional(text: Option<&str>) -> Result<Option<Self>, UnknownToken> {
        text.map(Self::parse).transpose()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(position) => write!(f, "s1_{WRITER}-{}", position.0),
            Self::Gap(place) => write!(f, "t1_{}_{}", place.depth, place.order),
        }
    }
}

/// Several writers' positions stand for the lowest of them: everything up to there has been seen for certain.
fn parse_positions(text: &str) -> Result<Position, UnknownToken> {
    let mut lowest = None;
    for (index, part) in text.split('.').enumerate() {
        let (writer, position) = part.split_once('-').ok_or(UnknownToken)?;
        writer.parse::<u64>().map_err(|_| UnknownToken)?;
        let position = Position(position.parse().map_err(|_| UnknownToken)?);
        if index == TOKEN_WRITERS_MAX {
            return Err(UnknownToken);
        }
        lowest = Some(lowest.map_or(position, |lowest: Position| lowest.min(position)));
    }
    lowest.ok_or(UnknownToken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let tokens = [
            Token::Stream(Position(0)),
            Token::Stream(Position(u64::MAX)),
            Token::below(Place { depth: 12, order: -7 }),
            Token::above(Place::END),
            Token::below(Place::START),
        ];
        for token in tokens {
            assert_eq!(Token::parse(&token.to_string()), Ok(token));
        }
        assert_eq!(Token::Stream(Position(42)).to_string(), "s1_0-42");
        assert_eq!(Token::below(Place { depth: 3, order: 42 }).to_string(), "t1_3_42");
    }

    #[test]
    fn several_writers_mean_the_lowest() {
        assert_eq!(Token::parse("s1_0-42.1-17.2-99"), Ok(Token::Stream(Position(17))));
    }

    #[test]
    fn a_note_behind_the_positions_is_passed_over() {
        assert_eq!(Token::parse("s1_0-42~7"), Ok(Token::Stream(Position(42))));
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("s1_{}", "0-1.".repeat(TOKEN_BYTES_MAX));
        for text in [
            "", "s1", "s1_", "s1_4", "s2_0-4", "t1_4", "t1_-1_4", "t1_4_4_4", "s1_0--4", "s1_0-4~",
            "s1_0-4~x", "🦀_0", &long,
        ] {
            assert_eq!(Token::parse(text), Err(UnknownToken), "{text}");
        }
    }
}
