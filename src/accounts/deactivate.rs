//! Closing an account for good.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountdeactivate>

use kith_store::{
    Direction, Error, Txn, UserSid,
    tables::{
        account_data,
        accounts::{ACCOUNTS, DEPARTURES},
        device_keys,
        filters::FILTERS,
        key_backups,
        profiles::PROFILES,
        pushers,
        threepids::{THREEPID_OWNERS, THREEPIDS},
    },
};
use ruma::OwnedDeviceId;

use crate::{Accounts, account};

/// Why an account cannot be closed.
#[derive(Debug, thiserror::Error)]
pub enum DeactivateError {
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// What is left to do by others after an account was closed.
#[derive(Clone, Debug)]
pub struct Deactivated {
    /// Whose rooms have to be left; [`Accounts::departed`] says that it is done.
    pub user: UserSid,
    /// The devices that went.
    pub devices: Vec<OwnedDeviceId>,
}

/// How many departures are handed out at a time.
const DEPARTURES_AT_ONCE_MAX: usize = 100;

impl Accounts {
    /// Closes an account: password, tokens, devices, keys and their backups, addresses, profile, account data and
    /// filters go in one transaction; the name stays taken. The user still has to leave their rooms, which is
    /// remembered until [`Accounts::departed`] is called.
    pub fn deactivate(&self, user: UserSid, erase: bool) -> Result<Deactivated, DeactivateError> {
        let lane = self.lanes.user(user);
        let mut account = ACCOUNTS.get(self.read(), &user)?.ok_or(DeactivateError::NotFound)?;
        account.deactivated = true;
        account.erased |= erase;
        account.password = None;
        account.admin = false;
        account.rate_limit = None;
        let mut txn = self.store.begin();
        ACCOUNTS.put(&mut txn.batch, &user, &account);
        DEPARTURES.put(&mut txn.batch, &user, &());
        let (devices, forgotten) = self.delete_sessions(&mut txn, user, None)?;
        PROFILES.delete(&mut txn.batch, &user);
        account::announce_profile(&mut txn, user)?;
        FILTERS.delete_prefix(&mut txn.batch, &(user,));
        account_data::delete_all(&mut txn, user);
        device_keys::delete_of_user(&mut txn, user);
        key_backups::delete_of_user(&mut txn, user);
        pushers::delete_of_user(&mut txn, self.read(), user)?;
        self.delete_threepids(&mut txn, user)?;
        let committed = self.store.commit(txn)?;
        self.forget_tokens(&forgotten);
        drop(lane);
        committed.wait_durable()?;
        Ok(Deactivated { user, devices })
    }

    /// Opens a closed account again, for administrators; it has no password until one is set. What was deleted stays
    /// deleted. False if there is no such account.
    pub fn reactivate(&self, user: UserSid) -> Result<bool, Error> {
        self.change_account(user, |account| {
            account.deactivated = false;
            account.erased = false;
        })
    }

    /// Deactivated users who still have rooms to leave, some at a time: a crash must not leave them in a room.
    pub fn departures(&self) -> Result<Vec<UserSid>, Error> {
        let rows = DEPARTURES.scan(self.read(), &(), Direction::Forward);
        rows.take(DEPARTURES_AT_ONCE_MAX).map(|row| row.map(|(user, ())| user)).collect()
    }

    /// A deactivated user has left all rooms.
    pub fn departed(&self, user: UserSid) -> Result<(), Error> {
        let mut txn = self.store.begin();
        DEPARTURES.delete(&mut txn.batch, &user);
        self.store.commit_durably(txn)
    }

    fn delete_threepids(&self, txn: &mut Txn, user: UserSid) -> Result<(), Error> {
        for row in THREEPIDS.scan(self.read(), &(user,), Direction::Forward) {
            let ((_, medium, address), _) = row?;
            THREEPID_OWNERS.delete(&mut txn.batch, &(medium, address));
        }
        THREEPIDS.delete_prefix(&mut txn.batch, &(user,));
        Ok(())
    }
}
