//! Who may write at a time: one lane per user and one per session of user-interactive authentication or of
//! validating an address, striped over a
//! fixed number of mutexes, and one for what all registrations share.
//!
//! Whoever holds several takes them in the order of the fields here. Nobody hashes a password in a user's lane.

use std::hash::{DefaultHasher, Hash, Hasher};

use kith_store::UserSid;
use parking_lot::{Mutex, MutexGuard};

const STRIPES: usize = 256;

pub(crate) struct Lanes {
    uia_sessions: Vec<Mutex<()>>,
    users: Vec<Mutex<()>>,
    registration: Mutex<()>,
}

impl Lanes {
    pub(crate) fn new() -> Self {
        let stripes = || std::iter::repeat_with(Mutex::default).take(STRIPES).collect();
        Self { uia_sessions: stripes(), users: stripes(), registration: Mutex::default() }
    }

    /// The lane of a session of user-interactive authentication or of validating an address.
    pub(crate) fn uia_session(&self, session: &[u8; 32]) -> MutexGuard<'_, ()> {
        lock(&self.uia_sessions, session)
    }

    /// The lane of a user's account, devices, tokens, profile and account data.
    pub(crate) fn user(&self, user: UserSid) -> MutexGuard<'_, ()> {
        lock(&self.users, &user)
    }

    /// The lane of registration tokens and of the numbers in generated names.
    pub(crate) fn registration(&self) -> MutexGuard<'_, ()> {
        self.registration.lock()
    }
}

fn lock<'a>(stripes: &'a [Mutex<()>], key: &impl Hash) -> MutexGuard<'a, ()> {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    let index = usize::try_from(hasher.finish() % STRIPES as u64).expect("a stripe's number is small");
    stripes[index].lock()
}
