//! Locking and suspending accounts.
//! <https://spec.matrix.org/v1.19/client-server-api/#server-administration>

use kith_store::Error;
use ruma::UserId;

use crate::{Account, Accounts, Requester};

/// What an administrator does to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moderation {
    /// Lets nothing through but logging out, or everything again.
    Lock(bool),
    /// Lets little more through than reading, or everything again.
    Suspend(bool),
}

/// Why an administrator cannot do it.
#[derive(Debug, thiserror::Error)]
pub enum ModerateError {
    /// Only administrators may.
    #[error("only server administrators may do this")]
    NotAdmin,
    /// The account belongs to the administrator or to another one.
    #[error("administrators cannot do this to themselves or to each other")]
    Administrator,
    /// The user is another server's.
    #[error("the user does not belong to this server")]
    NotLocal,
    /// There is no such account, or it was closed.
    #[error("there is no such account")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Accounts {
    /// Locks, unlocks, suspends or reinstates an account.
    pub fn moderate(
        &self,
        requester: &Requester,
        target: &UserId,
        moderation: Moderation,
    ) -> Result<(), ModerateError> {
        let account = self.moderated_account(requester, target)?;
        self.change_account(account.user, |record| match moderation {
            Moderation::Lock(locked) => record.locked = locked,
            Moderation::Suspend(suspended) => record.suspended = suspended,
        })?;
        Ok(())
    }

    /// The account that an administrator looks at. Whether they are one is checked first, so that nobody else learns
    /// which accounts there are.
    pub fn moderated_account(
        &self,
        requester: &Requester,
        target: &UserId,
    ) -> Result<Account, ModerateError> {
        if !requester.admin {
            return Err(ModerateError::NotAdmin);
        }
        if !self.is_local(target) {
            return Err(ModerateError::NotLocal);
        }
        let account = self.find_account(target)?.filter(|account| !account.deactivated);
        let account = account.ok_or(ModerateError::NotFound)?;
        if account.admin {
            return Err(ModerateError::Administrator);
        }
        Ok(account)
    }
}
