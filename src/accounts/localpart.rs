//! What a user of this server may be called.
//! <https://spec.matrix.org/v1.19/appendices/#user-identifiers>

use ruma::{OwnedUserId, UserId};

use crate::{Accounts, Appservice};

/// The length of a whole user id, in bytes.
const USER_ID_BYTES_MAX: usize = 255;

/// Why somebody cannot have a name.
#[derive(Debug, thiserror::Error)]
pub enum LocalpartError {
    /// It is empty, too long, or holds a character that names do not have.
    #[error(
        "user names consist of a-z, 0-9 and . _ = - / +, and are not longer than the server's name allows"
    )]
    Malformed,
    /// Names of digits only belong to guests.
    #[error("names made of digits only are given out by the server")]
    Numeric,
    /// Names with a leading underscore belong to application services.
    #[error("names that begin with an underscore are for application services")]
    Underscore,
    /// An application service has it for itself.
    #[error("the name belongs to an application service")]
    Exclusive,
    /// The server's own user for notices has it.
    #[error("the name belongs to this server itself")]
    Notices,
    /// It is outside the namespaces of the application service that asked for it.
    #[error("the name is outside the application service's namespaces")]
    OutsideNamespace,
}

impl Accounts {
    /// The user id that somebody who asks for this name may have.
    pub(crate) fn check_localpart(&self, name: &str) -> Result<OwnedUserId, LocalpartError> {
        let user_id = self.parse_localpart(name)?;
        let localpart = user_id.localpart();
        if self.settings.notices_localpart.as_deref() == Some(localpart) {
            return Err(LocalpartError::Notices);
        }
        if self.appservices.exclusive_owner(&user_id).is_some() {
            return Err(LocalpartError::Exclusive);
        }
        if localpart.starts_with('_') {
            return Err(LocalpartError::Underscore);
        }
        if localpart.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(LocalpartError::Numeric);
        }
        Ok(user_id)
    }

    /// The user id that an application service may give to a user of its own.
    pub(crate) fn check_appservice_localpart(
        &self,
        appservice: &Appservice,
        name: &str,
    ) -> Result<OwnedUserId, LocalpartError> {
        let user_id = self.parse_localpart(name)?;
        if !appservice.owns_user(&user_id) {
            return Err(LocalpartError::OutsideNamespace);
        }
        match self.appservices.exclusive_owner(&user_id) {
            Some(owner) if owner.id != appservice.id => Err(LocalpartError::Exclusive),
            _ => Ok(user_id),
        }
    }

    /// Capitals become small letters, as every client expects; everything else must already be as it should.
    pub(crate) fn parse_localpart(&self, name: &str) -> Result<OwnedUserId, LocalpartError> {
        let localpart = name.to_ascii_lowercase();
        let allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._=-/+".contains(&byte);
        if localpart.is_empty() || !localpart.bytes().all(allowed) {
            return Err(LocalpartError::Malformed);
        }
        let user_id = self.user_id(&localpart).map_err(|_| LocalpartError::Malformed)?;
        if user_id.as_str().len() > USER_ID_BYTES_MAX {
            return Err(LocalpartError::Malformed);
        }
        Ok(user_id)
    }

    /// The user that somebody who logs in names: a whole user id of this server, or a localpart.
    pub(crate) fn named_user(&self, name: &str) -> Option<OwnedUserId> {
        if name.starts_with('@') {
            let user_id = UserId::parse(name).ok()?;
            return self.is_local(&user_id).then_some(user_id);
        }
        self.user_id(name).ok()
    }
}
