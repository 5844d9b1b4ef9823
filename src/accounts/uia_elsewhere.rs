//! Stages of user-interactive authentication that people go through outside of their client: on a page of this server,
//! or at another service. The client then only says that it is done.
//! <https://spec.matrix.org/v1.19/client-server-api/#fallback>

use kith_store::{
    Error, UserSid,
    tables::{
        tokens::Hash,
        uia::{UIA_SESSIONS, UiaSessionRecord},
    },
};

use crate::{Accounts, Stage, ThreepidError, ValidationPurpose, register, tokens};

/// A session of user-interactive authentication, as a page needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UiaSession {
    /// Whose it is, if it is a user's.
    pub user: Option<UserSid>,
    /// What is to be done, in the words of whoever began it.
    pub operation: String,
    /// What an address is validated for in it.
    pub purpose: ValidationPurpose,
}

impl Accounts {
    /// Looks up a session of user-interactive authentication.
    pub fn uia_session(&self, session: &str) -> Result<Option<UiaSession>, Error> {
        let found = self.find_uia_session(&tokens::hash(session))?;
        Ok(found.map(|record| UiaSession {
            user: record.user,
            purpose: purpose_of(&record),
            operation: record.operation,
        }))
    }

    /// Notes that a stage is complete. Whoever says so has checked it. False if there is no such session, or it is another
    /// user's.
    pub fn complete_stage(&self, session: &str, stage: Stage, user: Option<UserSid>) -> Result<bool, Error> {
        let hash = tokens::hash(session);
        let _lane = self.lanes.uia_session(&hash);
        let Some(mut record) = self.find_uia_session(&hash)?.filter(|record| record.user == user) else {
            return Ok(false);
        };
        if !record.completed.iter().any(|done| done == stage.as_str()) {
            record.completed.push(stage.as_str().to_owned());
            let mut txn = self.store.begin();
            UIA_SESSIONS.put(&mut txn.batch, &hash, &record);
            drop(self.store.commit(txn)?);
        }
        Ok(true)
    }

    /// Notes the registration token that somebody has typed into a page. False if there is no such session, or the token
    /// does not count.
    pub fn complete_registration_token(&self, session: &str, token: &str) -> Result<bool, Error> {
        let hash = tokens::hash(session);
        let _lane = self.lanes.uia_session(&hash);
        let _shared = self.lanes.registration();
        let Some(mut record) = self.find_uia_session(&hash)? else {
            return Ok(false);
        };
        if record.registration_token.is_some() {
            return Ok(true);
        }
        let mut txn = self.store.begin();
        record.registration_token = self.reserve_registration_token(&mut txn, token)?;
        if record.registration_token.is_none() {
            return Ok(false);
        }
        record.completed.push(Stage::RegistrationToken.as_str().to_owned());
        UIA_SESSIONS.put(&mut txn.batch, &hash, &record);
        drop(self.store.commit(txn)?);
        Ok(true)
    }

    /// Notes the email address that somebody has confirmed for a page. False if there is no such session, or nobody has
    /// opened the link yet.
    pub fn complete_email(
        &self,
        session: &str,
        validation: &str,
        client_secret: &str,
    ) -> Result<bool, Error> {
        let hash = tokens::hash(session);
        let _lane = self.lanes.uia_session(&hash);
        let Some(mut record) = self.find_uia_session(&hash)? else {
            return Ok(false);
        };
        if record.email.is_some() {
            return Ok(true);
        }
        let mut txn = self.store.begin();
        match self.use_up_validation(&mut txn, validation, client_secret, purpose_of(&record)) {
            Ok(address) => record.email = Some(address),
            Err(ThreepidError::Store(error)) => return Err(error),
            Err(_) => return Ok(false),
        }
        record.completed.push(Stage::Email.as_str().to_owned());
        UIA_SESSIONS.put(&mut txn.batch, &hash, &record);
        match self.store.commit(txn) {
            Err(Error::Conflict) => Ok(false),
            committed => committed.map(|_| true),
        }
    }

    pub(crate) fn find_uia_session(&self, session: &Hash) -> Result<Option<UiaSessionRecord>, Error> {
        let found = UIA_SESSIONS.get(self.read(), session)?;
        Ok(found.filter(|record| record.expires_ms > self.now_ms()))
    }
}

fn purpose_of(record: &UiaSessionRecord) -> ValidationPurpose {
    if record.operation == register::OPERATION {
        ValidationPurpose::Register
    } else {
        ValidationPurpose::ResetPassword
    }
}
