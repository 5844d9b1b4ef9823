//! `since` and `next_batch`: a place in the order of arrival, as the stream tokens of `kith_rooms::tokens` write it.
//!
//! The same token is taken by `/messages` and `/members`, so it has one format and one parser, over there: a letter
//! and a digit for kind and version, and room for one position per writer.

use kith_rooms::tokens::Token;
use kith_store::Position;

use crate::SyncError;

/// What a client has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// Everything up to here.
    pub position: Position,
    /// Messages to its device only up to here, which is not behind `position`.
    pub to_device: Position,
}

impl Since {
    /// Everything up to here.
    pub(crate) fn everything(position: Position) -> Self {
        Self { position, to_device: position }
    }
}

/// The place a client's `since` names. A gap between two events of one room is no place in the stream of everything.
pub fn parse_since(text: &str) -> Result<Since, SyncError> {
    let Ok(Token::Stream(position)) = Token::parse(text) else { return Err(SyncError::UnknownToken) };
    let to_device = text.split_once('~').and_then(|(_, note)| note.parse().ok()).map(Position);
    Ok(Since { position, to_device: to_device.map_or(position, |to_device| to_device.min(position)) })
}

/// The token of an answer that reaches up to `position`, and with messages to the device up to `to_device`.
pub(crate) fn next_batch(position: Position, to_device: Position) -> String {
    if to_device < position { format!("{}~{}", of(position), to_device.0) } else { of(position) }
}

/// The token of a place in the stream.
pub(crate) fn of(position: Position) -> String {
    Token::Stream(position).to_string()
}

/// The token from which `/messages` goes back to what arrived before the event at `position`.
pub(crate) fn before(position: Position) -> String {
    of(Position(position.0.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use kith_rooms::tokens::Place;

    use super::*;

    #[test]
    fn only_places_in_the_stream_are_taken() {
        let parsed = |text: &str| parse_since(text).expect("a token");
        assert_eq!(parsed(&of(Position(7))), Since::everything(Position(7)));
        assert_eq!(parsed(&before(Position(7))), Since::everything(Position(6)));
        let behind = Since { position: Position(7), to_device: Position(3) };
        assert_eq!(parsed(&next_batch(Position(7), Position(3))), behind);
        assert_eq!(parsed("s1_0-7~9"), Since::everything(Position(7)));
        assert_eq!(next_batch(Position(7), Position(7)), of(Position(7)));
        let gap = Token::below(Place { depth: 3, order: 4 }).to_string();
        for text in ["", "7", "s9_0-7", &gap] {
            assert!(matches!(parse_since(text), Err(SyncError::UnknownToken)), "{text}");
        }
    }
}
