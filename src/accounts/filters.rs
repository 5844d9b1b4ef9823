//! Stored filters. The id of a filter is made from its text, so that a client that stores the same filter at every
//! start takes no more room than one that does it once.
//! <https://spec.matrix.org/v1.19/client-server-api/#filtering>

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kith_store::{Direction, Error, UserSid, tables::filters::FILTERS};
use sha2::{Digest, Sha256};

use crate::Accounts;

/// How large a filter may be, in bytes.
const FILTER_BYTES_MAX: usize = 64 * 1024;
/// How many filters a user may store.
const FILTERS_PER_USER_MAX: usize = 1000;
/// How much of the text's hash becomes the id, in bytes.
const ID_BYTES: usize = 12;

/// Why a filter cannot be stored.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// It is too large.
    #[error("a filter has at most {FILTER_BYTES_MAX} bytes")]
    TooLarge,
    /// The user has stored too many.
    #[error("a user has at most {FILTERS_PER_USER_MAX} filters")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Accounts {
    /// Stores a filter, given as JSON that has been checked. Returns its id.
    pub fn create_filter(&self, user: UserSid, filter: &str) -> Result<String, FilterError> {
        if filter.len() > FILTER_BYTES_MAX {
            return Err(FilterError::TooLarge);
        }
        let hash = Sha256::digest(filter.as_bytes());
        let id = URL_SAFE_NO_PAD.encode(&hash[..ID_BYTES]);
        let key = (user, id);
        let lane = self.lanes.user(user);
        if FILTERS.contains(self.read(), &key)? {
            return Ok(key.1);
        }
        let stored =
            FILTERS.scan(self.read(), &(user,), Direction::Forward).take(FILTERS_PER_USER_MAX).count();
        if stored == FILTERS_PER_USER_MAX {
            return Err(FilterError::TooMany);
        }
        let mut txn = self.store.begin();
        FILTERS.put(&mut txn.batch, &key, &filter.to_owned());
        let committed = self.store.commit(txn)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(key.1)
    }

    /// A stored filter, as JSON.
    pub fn find_filter(&self, user: UserSid, id: &str) -> Result<Option<String>, Error> {
        FILTERS.get(self.read(), &(user, id.to_owned()))
    }
}
