//! Media ids: what comes behind the server's name in `mxc://server/id`.
//! <https://spec.matrix.org/v1.19/client-server-api/#matrix-content-mxc-uris>

use kith_base::Random;

/// How long an id is that this server gives out: unguessable, because whoever knows it may see the file.
const OWN_CHARACTERS: usize = 32;
/// How long an id of another server may be.
const CHARACTERS_MAX: usize = 255;

/// An id that nothing has yet.
pub(crate) fn make(random: &Random) -> String {
    random.alphanumeric(OWN_CHARACTERS)
}

/// Whether a text can be an id at all.
pub(crate) fn is_valid(media_id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    !media_id.is_empty() && media_id.len() <= CHARACTERS_MAX && media_id.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_no_ids() {
        for good in ["a", "AQwafuaFswefuhsfAFAgsw", "2026-11-25_abc-DEF", &"x".repeat(255)] {
            assert!(is_valid(good), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "../a", "a.png", "a%2Fb", "ä", "a b", "a\0", &"x".repeat(256)] {
            assert!(!is_valid(bad), "{bad}");
        }
        assert!(is_valid(&make(&Random::seeded(1))));
    }
}
