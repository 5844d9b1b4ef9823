//! Looking up accounts, and changing one field of one.

use kith_store::{
    ChangeKind, Direction, Error, Txn, UserSid,
    tables::accounts::{ACCOUNTS, AccountKind, AccountRecord, RateLimitOverride},
};
use ruma::{OwnedUserId, UserId};

use crate::Accounts;

/// An account as others see it: without the password.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user.
    pub user: UserSid,
    /// The user's id.
    pub user_id: OwnedUserId,
    /// What sort of account it is.
    pub kind: AccountKind,
    /// When it was made, in unix milliseconds.
    pub created_ms: u64,
    /// Whether one can log in with a password.
    pub has_password: bool,
    /// The user administrates this server.
    pub admin: bool,
    /// The account was closed for good.
    pub deactivated: bool,
    /// The user asked to be forgotten.
    pub erased: bool,
    /// Only logging out is possible.
    pub locked: bool,
    /// Reading is possible, and little else.
    pub suspended: bool,
    /// "bot", "support" or nothing.
    pub user_type: Option<String>,
    /// The version of the terms the user agreed to.
    pub terms: Option<String>,
    /// A rate of the user's own.
    pub rate_limit: Option<RateLimitOverride>,
}

impl Account {
    fn new(user: UserSid, user_id: OwnedUserId, record: AccountRecord) -> Self {
        Self {
            user,
            user_id,
            kind: record.kind,
            created_ms: record.created_ms,
            has_password: record.password.is_some(),
            admin: record.admin,
            deactivated: record.deactivated,
            erased: record.erased,
            locked: record.locked,
            suspended: record.suspended,
            user_type: record.user_type,
            terms: record.terms,
            rate_limit: record.rate_limit,
        }
    }

    /// Whether it is a guest's.
    pub fn is_guest(&self) -> bool {
        self.kind == AccountKind::Guest
    }
}

/// The record of an account that nobody has done anything to yet.
pub(crate) fn new_record(kind: AccountKind, created_ms: u64) -> AccountRecord {
    AccountRecord {
        kind,
        created_ms,
        password: None,
        admin: false,
        deactivated: false,
        erased: false,
        locked: false,
        suspended: false,
        user_type: None,
        terms: None,
        rate_limit: None,
    }
}

impl Accounts {
    /// The account with this user id, deactivated ones included.
    pub fn find_account(&self, user_id: &UserId) -> Result<Option<Account>, Error> {
        if !self.is_local(user_id) {
            return Ok(None);
        }
        let Some(user) = self.store.ids().find_user(user_id)? else {
            return Ok(None);
        };
        let record = ACCOUNTS.get(self.read(), &user)?;
        Ok(record.map(|record| Account::new(user, user_id.to_owned(), record)))
    }

    /// The account of this user, deactivated ones included.
    pub fn account(&self, user: UserSid) -> Result<Option<Account>, Error> {
        let Some(record) = ACCOUNTS.get(self.read(), &user)? else {
            return Ok(None);
        };
        Ok(Some(Account::new(user, self.store.ids().user_id(user)?, record)))
    }

    /// The user with this id, if there is an account that is not closed.
    pub fn find_active_user(&self, user_id: &UserId) -> Result<Option<UserSid>, Error> {
        let account = self.find_account(user_id)?;
        Ok(account.filter(|account| !account.deactivated).map(|account| account.user))
    }

    /// Whether the user asked at deactivation that what they wrote be shown to nobody new.
    pub fn is_erased(&self, user: UserSid) -> Result<bool, Error> {
        Ok(ACCOUNTS.get(self.read(), &user)?.is_some_and(|record| record.erased))
    }

    /// Up to `limit` accounts behind `after`, in the order in which their names were first heard of.
    pub fn list_accounts(&self, after: Option<UserSid>, limit: usize) -> Result<Vec<Account>, Error> {
        let from = UserSid(after.map_or(0, |user| user.0.saturating_add(1)));
        let mut accounts = Vec::new();
        for row in ACCOUNTS.range(self.read(), &from, &UserSid(u64::MAX), Direction::Forward).take(limit) {
            let (user, record) = row?;
            accounts.push(Account::new(user, self.store.ids().user_id(user)?, record));
        }
        Ok(accounts)
    }

    /// Makes somebody an administrator, or no longer one. False if there is no such account.
    pub fn set_admin(&self, user: UserSid, admin: bool) -> Result<bool, Error> {
        self.change_account(user, |record| record.admin = admin)
    }

    /// Notes what a user is beside a person: "bot" or "support". False if there is no such account.
    pub fn set_user_type(&self, user: UserSid, user_type: Option<String>) -> Result<bool, Error> {
        self.change_account(user, |record| record.user_type = user_type)
    }

    /// Lets nothing of a user through but logging out, or everything again. False if there is no such account.
    pub fn set_locked(&self, user: UserSid, locked: bool) -> Result<bool, Error> {
        self.change_account(user, |record| record.locked = locked)
    }

    /// Gives a user a rate of their own for messages, or takes it away. False if there is no such account.
    pub fn set_rate_limit(&self, user: UserSid, rate: Option<RateLimitOverride>) -> Result<bool, Error> {
        self.change_account(user, |record| record.rate_limit = rate)
    }

    /// Changes an account in its lane; whoever is logged in as this user is looked up afresh.
    pub(crate) fn change_account(
        &self,
        user: UserSid,
        change: impl FnOnce(&mut AccountRecord),
    ) -> Result<bool, Error> {
        let lane = self.lanes.user(user);
        let Some(mut record) = ACCOUNTS.get(self.read(), &user)? else {
            return Ok(false);
        };
        change(&mut record);
        let mut txn = self.store.begin();
        ACCOUNTS.put(&mut txn.batch, &user, &record);
        announce_profile(&mut txn, user)?;
        let committed = self.store.commit(txn)?;
        self.forget_sessions(user)?;
        drop(lane);
        committed.wait_durable()?;
        Ok(true)
    }
}

/// Lets whoever keeps a list of people know that one of them has come, gone or changed.
pub(crate) fn announce_profile(txn: &mut Txn, user: UserSid) -> Result<(), Error> {
    let position = txn.position()?;
    txn.change(position, ChangeKind::Profile { user });
    Ok(())
}
