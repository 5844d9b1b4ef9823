//! `since` and `next_batch`: a place in the order of arrival, as the stream tokens of `kith_rooms::tokens` write it.
//!
//! The same token is taken by `/messages` and `/members`, so it has one format and one parser, over there: a letter
//! and a digit for kind and version, and room for one position per writer.

use kith_rooms::tokens::Token;
use kith_store::Position;

use crate::SyncError;

/// The place a client's `since` names. A gap between two events of one room is no place in the stream of everything.
pub(crate) fn parse_since(text: &str) -> Result<Position, SyncError> {
    match Token::parse(text) {
        Ok(Token::Stream(position)) => Ok(position),
        Ok(Token::Gap(_)) | Err(_) => Err(SyncError::UnknownToken),
    }
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
        assert!(matches!(parse_since(&of(Position(7))), Ok(Position(7))));
        assert!(matches!(parse_since(&before(Position(7))), Ok(Position(6))));
        let gap = Token::below(Place { depth: 3, order: 4 }).to_string();
        for text in ["", "7", "s9_0-7", &gap] {
            assert!(matches!(parse_since(text), Err(SyncError::UnknownToken)), "{text}");
        }
    }
}
