//! Orders the writers of one user's receipts: read, compare, write must not interleave.

use kith_store::UserSid;
use parking_lot::{Mutex, MutexGuard};

/// How many locks the users share.
const STRIPES: usize = 64;

pub(crate) struct UserOrder([Mutex<()>; STRIPES]);

impl Default for UserOrder {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl UserOrder {
    /// Waits until nobody else writes for this user.
    pub(crate) fn lock(&self, user: UserSid) -> MutexGuard<'_, ()> {
        self.0[usize::try_from(user.0 % STRIPES as u64).unwrap_or(0)].lock()
    }
}
