//! Throwing away what has expired and what nobody will ask for again.

use kith_store::{
    Direction, Error,
    tables::{
        sso::{LOGIN_ORIGINS, SSO_LOGINS},
        threepids::THREEPID_VALIDATIONS,
        tokens::SHORT_TOKENS,
        uia::UIA_SESSIONS,
    },
};

use crate::Accounts;

/// How many rows of each table one sweep removes; the next one goes on.
const SWEPT_AT_ONCE_MAX: usize = 100_000;

impl Accounts {
    /// Removes expired login tokens, OpenID tokens, nonces, sessions of user-interactive authentication and
    /// validations of addresses. Returns how many. To be called every few minutes; it may be called at any time.
    pub fn sweep(&self) -> Result<usize, Error> {
        let tokens = self.sweep_short_tokens()? + self.sweep_sso()?;
        Ok(tokens + self.sweep_validations()? + self.sweep_uia_sessions()?)
    }

    fn sweep_short_tokens(&self) -> Result<usize, Error> {
        let rows = SHORT_TOKENS.scan(self.read(), &(), Direction::Forward);
        let expired = self.expired(rows, |record| record.expires_ms)?;
        let mut txn = self.store.begin();
        for key in &expired {
            SHORT_TOKENS.delete(&mut txn.batch, key);
        }
        self.store.commit_durably(txn)?;
        Ok(expired.len())
    }

    fn sweep_validations(&self) -> Result<usize, Error> {
        let rows = THREEPID_VALIDATIONS.scan(self.read(), &(), Direction::Forward);
        let expired = self.expired(rows, |record| record.expires_ms)?;
        let mut txn = self.store.begin();
        for key in &expired {
            THREEPID_VALIDATIONS.delete(&mut txn.batch, key);
        }
        self.store.commit_durably(txn)?;
        Ok(expired.len())
    }

    /// People who were sent to another service and did not come back, and where the owners of login tokens that nobody
    /// used came from.
    fn sweep_sso(&self) -> Result<usize, Error> {
        let rows = SSO_LOGINS.scan(self.read(), &(), Direction::Forward);
        let logins = self.expired(rows, |record| record.expires_ms)?;
        let rows = LOGIN_ORIGINS.scan(self.read(), &(), Direction::Forward);
        let origins = self.expired(rows, |record| record.expires_ms)?;
        let mut txn = self.store.begin();
        for key in &logins {
            SSO_LOGINS.delete(&mut txn.batch, key);
        }
        for key in &origins {
            LOGIN_ORIGINS.delete(&mut txn.batch, key);
        }
        self.store.commit_durably(txn)?;
        Ok(logins.len() + origins.len())
    }

    /// A registration token counts again as soon as the session that had reserved it is gone.
    fn sweep_uia_sessions(&self) -> Result<usize, Error> {
        let rows = UIA_SESSIONS.scan(self.read(), &(), Direction::Forward);
        let expired = self.expired(rows, |record| record.expires_ms)?;
        for key in &expired {
            let _session = self.lanes.uia_session(key);
            let _shared = self.lanes.registration();
            let Some(record) = UIA_SESSIONS.get(self.read(), key)? else {
                continue;
            };
            let mut txn = self.store.begin();
            UIA_SESSIONS.delete(&mut txn.batch, key);
            if let Some(token) = record.registration_token {
                self.settle_registration_token(&mut txn, token, false)?;
            }
            drop(self.store.commit(txn)?);
        }
        Ok(expired.len())
    }

    /// The keys of the rows whose time is over.
    fn expired<K, V>(
        &self,
        rows: impl Iterator<Item = Result<(K, V), Error>>,
        expires_ms: impl Fn(&V) -> u64,
    ) -> Result<Vec<K>, Error> {
        let now_ms = self.now_ms();
        let mut expired = Vec::new();
        for row in rows {
            let (key, record) = row?;
            if expires_ms(&record) <= now_ms {
                expired.push(key);
            }
            if expired.len() == SWEPT_AT_ONCE_MAX {
                break;
            }
        }
        Ok(expired)
    }
}
