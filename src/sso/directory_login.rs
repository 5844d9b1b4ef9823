//! Logging in with a password that a directory knows.

use kith_accounts::{DIRECTORY, ExternalId, ExternalRegistration, Login, LoginError, RegisterError};
use kith_base::{DirectoryError, DirectoryPerson};
use kith_store::{Error, UserSid};
use std::sync::Arc;

use crate::Sso;

/// Why a directory lets nobody in.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryLoginError {
    /// The directory gives no answer.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// There is no such user, and none is made.
    #[error("you have no account here")]
    NoAccount,
    /// The name is somebody else's, as far as this server knows.
    #[error("the account with this name is not the directory's")]
    NameTaken,
    /// The account is closed, or there is nobody with this name and this password.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The account cannot be made.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Sso {
    /// Whom the directory knows by this user name and this password; the account is made if need be.
    pub async fn login_with_directory(
        self: &Arc<Self>,
        name: String,
        password: &str,
    ) -> Result<Login, DirectoryLoginError> {
        let person = self.find_in_directory(&name, password).await?.ok_or(LoginError::Wrong)?;
        let sso = Arc::clone(self);
        self.tasks.blocking(move || sso.let_in_from_directory(&name, &person)).await
    }

    /// Whether the directory knows somebody by this user name and this password.
    pub async fn is_in_directory(&self, name: &str, password: &str) -> Result<bool, DirectoryError> {
        Ok(self.find_in_directory(name, password).await?.is_some())
    }

    async fn find_in_directory(
        &self,
        name: &str,
        password: &str,
    ) -> Result<Option<DirectoryPerson>, DirectoryError> {
        match &self.directory {
            Some(directory) => directory.find(name, password).await,
            None => Ok(None),
        }
    }

    fn let_in_from_directory(
        &self,
        name: &str,
        person: &DirectoryPerson,
    ) -> Result<Login, DirectoryLoginError> {
        let id = ExternalId { provider: DIRECTORY.to_owned(), subject: name.to_owned() };
        let user = match self.accounts.find_external(&id)? {
            Some(user) => user,
            None => self.first_account(&id, name, person)?,
        };
        self.accounts.check_open(user)?;
        Ok(Login::vouched(user))
    }

    fn first_account(
        &self,
        id: &ExternalId,
        name: &str,
        person: &DirectoryPerson,
    ) -> Result<UserSid, DirectoryLoginError> {
        let settings = &self.config.ldap;
        if let Some(user) = self.accounts.find_by_name(name)? {
            let linked = settings.link_by_name && self.link(user, id)?;
            return if linked { Ok(user) } else { Err(DirectoryLoginError::NameTaken) };
        }
        if !settings.register {
            return Err(DirectoryLoginError::NoAccount);
        }
        let wish = ExternalRegistration {
            localpart: name,
            numbered: false,
            id: Some(id),
            display_name: person.display_name.as_deref(),
            email: person.email.as_deref(),
        };
        match self.accounts.register_external(&wish) {
            // Somebody pressed the button twice.
            Err(RegisterError::AlreadyLinked | RegisterError::InUse) => {}
            other => {
                tracing::info!(user = %other?.user_id, "an account was made at a first login by a directory")
            }
        }
        self.accounts.find_external(id)?.ok_or(DirectoryLoginError::NameTaken)
    }
}
