//! How passwords are hashed and compared, and how a user changes theirs.
//!
//! New hashes are argon2id. bcrypt hashes (`$2b$`), as other servers export them, are accepted and replaced at the
//! next login, and so are argon2id hashes made with other parameters.

use argon2::{Algorithm, Argon2, Params, PasswordHash as PhcHash, PasswordHasher, PasswordVerifier, Version};
use kith_base::Random;
use kith_config::Secret;
use kith_store::{
    Error, UserSid,
    tables::accounts::{ACCOUNTS, PasswordHash},
};
use parking_lot::{Condvar, Mutex};
use ruma::OwnedDeviceId;
use unicode_normalization::UnicodeNormalization;

use crate::{Accounts, Requester};

/// How long a password may be, in bytes.
const PASSWORD_BYTES_MAX: usize = 512;
/// How many logins wait for their turn to hash before further ones are turned away.
const HASH_WAITERS_MAX: usize = 256;
/// bcrypt looks at no more than this of a password, in bytes.
const BCRYPT_BYTES_MAX: usize = 72;

/// Why a password cannot be set or compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too few characters.
    #[error("a password has at least {0} characters")]
    TooShort(usize),
    /// Too many bytes.
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// The directory knows it, and this server does not change it there.
    #[error("your password belongs to the directory of your organisation; change it there")]
    InDirectory,
    /// Too many logins at once.
    #[error("too many logins at the same time")]
    Busy,
    /// The hash could not be computed.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// What a comparison said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Wrong,
    Right,
    /// Right, but the stored hash should be replaced by one of today's kind.
    RightButOld,
}

/// Hashes passwords, a bounded number at a time.
pub(crate) struct Hasher {
    params: Params,
    pepper: Option<Secret>,
    random: Random,
    slots: Slots,
    /// Compared against where there is no hash, so that unknown users take as long as known ones.
    decoy: Mutex<Option<PasswordHash>>,
}

impl Hasher {
    pub(crate) fn new(settings: &kith_config::Passwords, random: Random) -> Self {
        let params = Params::new(settings.memory_kib, settings.iterations, settings.parallelism, None);
        Self {
            // The configuration's bounds are inside argon2's; its own recommendation is the fallback of a fallback.
            params: params.unwrap_or_default(),
            pepper: settings.pepper.clone(),
            random,
            slots: Slots::new(settings.hashes_at_once_max.max(1)),
            decoy: Mutex::new(None),
        }
    }

    pub(crate) fn hash(&self, password: &str) -> Result<PasswordHash, PasswordError> {
        let _slot = self.slots.take()?;
        let salt = self.random.bytes::<16>();
        let hash = self.argon2()?.hash_password_with_salt(normalize(password).as_bytes(), &salt);
        hash.map(|hash| PasswordHash(hash.to_string()))
            .map_err(|error| PasswordError::Hash(error.to_string()))
    }

    /// Compares a password with a hash; without a hash the answer is `Wrong`, after as long a time.
    pub(crate) fn compare(
        &self,
        password: &str,
        hash: Option<&PasswordHash>,
    ) -> Result<Comparison, PasswordError> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(Comparison::Wrong);
        }
        match hash {
            Some(hash) if hash.0.starts_with("$2") => self.compare_bcrypt(password, hash),
            Some(hash) => self.compare_argon2(password, hash),
            None => {
                let decoy = self.decoy()?;
                self.compare_argon2(password, &decoy)?;
                Ok(Comparison::Wrong)
            }
        }
    }

    fn compare_argon2(&self, password: &str, hash: &PasswordHash) -> Result<Comparison, PasswordError> {
        let parsed = PhcHash::new(&hash.0).map_err(|error| PasswordError::Hash(error.to_string()))?;
        let _slot = self.slots.take()?;
        if self.argon2()?.verify_password(normalize(password).as_bytes(), &parsed).is_err() {
            return Ok(Comparison::Wrong);
        }
        let current = Params::try_from(&parsed).is_ok_and(|params| {
            (params.m_cost(), params.t_cost(), params.p_cost())
                == (self.params.m_cost(), self.params.t_cost(), self.params.p_cost())
        });
        Ok(if current { Comparison::Right } else { Comparison::RightButOld })
    }

    /// As Synapse makes them: the password in NFKC, the pepper behind it, cut to what bcrypt looks at.
    fn compare_bcrypt(&self, password: &str, hash: &PasswordHash) -> Result<Comparison, PasswordError> {
        let _slot = self.slots.take()?;
        let mut bytes = normalize(password).into_bytes();
        if let Some(pepper) = &self.pepper {
            bytes.extend_from_slice(pepper.reveal().as_bytes());
        }
        bytes.truncate(BCRYPT_BYTES_MAX);
        match bcrypt::verify(&bytes, &hash.0) {
            Ok(true) => Ok(Comparison::RightButOld),
            Ok(false) => Ok(Comparison::Wrong),
            Err(error) => Err(PasswordError::Hash(error.to_string())),
        }
    }

    fn argon2(&self) -> Result<Argon2<'_>, PasswordError> {
        match &self.pepper {
            None => Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())),
            Some(pepper) => Argon2::new_with_secret(
                pepper.reveal().as_bytes(),
                Algorithm::Argon2id,
                Version::V0x13,
                self.params.clone(),
            )
            .map_err(|error| PasswordError::Hash(error.to_string())),
        }
    }

    fn decoy(&self) -> Result<PasswordHash, PasswordError> {
        let mut decoy = self.decoy.lock();
        if let Some(hash) = &*decoy {
            return Ok(hash.clone());
        }
        let hash = self.hash(&self.random.alphanumeric(32))?;
        *decoy = Some(hash.clone());
        Ok(hash)
    }
}

impl Accounts {
    /// Whether a new password follows the rules.
    pub fn check_new_password(&self, password: &str) -> Result<(), PasswordError> {
        let length_min = self.settings.passwords.length_min.max(1);
        if password.chars().count() < length_min {
            return Err(PasswordError::TooShort(length_min));
        }
        check_length(password)
    }

    /// Gives the requester a new password, and ends all other sessions if asked. Returns the devices that went.
    pub fn change_password(
        &self,
        requester: &Requester,
        password: &str,
        logout_devices: bool,
    ) -> Result<Vec<OwnedDeviceId>, PasswordError> {
        self.check_new_password(password)?;
        self.check_owns_password(requester.user)?;
        self.set_password(requester.user, password, logout_devices, Some(requester))
    }

    /// Whether the password of a user can be changed here.
    pub fn check_owns_password(&self, user: UserSid) -> Result<(), PasswordError> {
        if self.has_password_in_directory(user)? { Err(PasswordError::InDirectory) } else { Ok(()) }
    }

    /// Gives a user a password, whatever it is. Returns the devices that went.
    pub fn set_password(
        &self,
        user: UserSid,
        password: &str,
        logout_devices: bool,
        except: Option<&Requester>,
    ) -> Result<Vec<OwnedDeviceId>, PasswordError> {
        check_length(password)?;
        let hash = self.hasher.hash(password)?;
        let lane = self.lanes.user(user);
        let Some(mut account) = ACCOUNTS.get(self.read(), &user)? else {
            return Ok(Vec::new());
        };
        let mut txn = self.store.begin();
        account.password = Some(hash);
        ACCOUNTS.put(&mut txn.batch, &user, &account);
        let (gone, forgotten) = if logout_devices {
            self.delete_sessions(&mut txn, user, except)?
        } else {
            (Vec::new(), Vec::new())
        };
        let committed = self.store.commit(txn)?;
        self.forget_tokens(&forgotten);
        drop(lane);
        committed.wait_durable()?;
        Ok(gone)
    }

    /// Compares the password of an account, and replaces its hash if that has become old. Returns the hash that the
    /// account then has, if the password is right.
    pub(crate) fn compare_password(
        &self,
        user: UserSid,
        hash: Option<&PasswordHash>,
        password: &str,
    ) -> Result<Option<PasswordHash>, PasswordError> {
        match self.hasher.compare(password, hash)? {
            Comparison::Wrong => Ok(None),
            Comparison::Right => Ok(hash.cloned()),
            Comparison::RightButOld => {
                let fresh = self.hasher.hash(password)?;
                let mut replaced = false;
                let mut now = None;
                self.change_account(user, |account| {
                    // Somebody may have set another password in the meantime; that one stays.
                    if account.password.as_ref() == hash {
                        account.password = Some(fresh);
                        replaced = true;
                    }
                    now.clone_from(&account.password);
                })?;
                // If it was the same person on another device, the password is right as well.
                let right = replaced || self.hasher.compare(password, now.as_ref())? != Comparison::Wrong;
                Ok(now.filter(|_| right))
            }
        }
    }
}

pub(crate) fn check_length(password: &str) -> Result<(), PasswordError> {
    if password.len() > PASSWORD_BYTES_MAX { Err(PasswordError::TooLong) } else { Ok(()) }
}

/// One person types a letter and its accent as one character, another as two; both mean the same password.
fn normalize(password: &str) -> String {
    password.nfkc().collect()
}

/// A counting semaphore for threads, with a bounded queue.
struct Slots {
    state: Mutex<SlotState>,
    freed: Condvar,
}

struct SlotState {
    free: usize,
    waiting: usize,
}

struct Slot<'a>(&'a Slots);

impl Slots {
    fn new(count: usize) -> Self {
        Self { state: Mutex::new(SlotState { free: count, waiting: 0 }), freed: Condvar::new() }
    }

    fn take(&self) -> Result<Slot<'_>, PasswordError> {
        let mut state = self.state.lock();
        if state.free == 0 && state.waiting >= HASH_WAITERS_MAX {
            return Err(PasswordError::Busy);
        }
        state.waiting += 1;
        while state.free == 0 {
            self.freed.wait(&mut state);
        }
        state.waiting -= 1;
        state.free -= 1;
        Ok(Slot(self))
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.state.lock().free += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests;
