//! Throwing away what has expired and what nobody will ask for again.

use kith_store::{
    Direction, Error,
    tables::{threepids::THREEPID_VALIDATIONS, tokens::SHORT_TOKENS, uia::UIA_SESSIONS},
};

use crate::Accounts;

/// How many rows of each table one sweep looks at: expired ones are a matter of hours, not of one sweep.
const ROWS_AT_ONCE_MAX: usize = 100_000;

impl Accounts {
    /// Removes expired login tokens, OpenID tokens, nonces, sessions of user-interactive authentication and
    /// validations of addresses. Returns how many. To be called every few minutes; it may be called at any time.
    pub fn sweep(&self) -> Result<usize, Error> {
        Ok(self.sweep_short_tokens()? + self.sweep_validations()? + self.sweep_uia_sessions()?)
    }

    fn sweep_short_tokens(&self) -> Result<usize, Error> {
        let now_ms = self.now_ms();
        let mut txn = self.store.begin();
        let mut swept = 0;
        for row in SHORT_TOKENS.scan(self.read(), &(), Direction::Forward).take(ROWS_AT_ONCE_MAX) {
            let (key, record) = row?;
            if record.expires_ms <= now_ms {
                SHORT_TOKENS.delete(&mut txn.batch, &key);
                swept += 1;
            }
        }
        self.store.commit_durably(txn)?;
        Ok(swept)
    }

    fn sweep_validations(&self) -> Result<usize, Error> {
        let now_ms = self.now_ms();
        let mut txn = self.store.begin();
        let mut swept = 0;
        for row in THREEPID_VALIDATIONS.scan(self.read(), &(), Direction::Forward).take(ROWS_AT_ONCE_MAX) {
            let (key, record) = row?;
            if record.expires_ms <= now_ms {
                THREEPID_VALIDATIONS.delete(&mut txn.batch, &key);
                swept += 1;
            }
        }
        self.store.commit_durably(txn)?;
        Ok(swept)
    }

    /// A registration token counts again as soon as the session that had reserved it is gone.
    fn sweep_uia_sessions(&self) -> Result<usize, Error> {
        let now_ms = self.now_ms();
        let mut expired = Vec::new();
        for row in UIA_SESSIONS.scan(self.read(), &(), Direction::Forward).take(ROWS_AT_ONCE_MAX) {
            let (key, record) = row?;
            if record.expires_ms <= now_ms {
                expired.push(key);
            }
        }
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
}
