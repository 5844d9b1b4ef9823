//! A new password for somebody who has forgotten theirs, and proves instead that mail to them arrives.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountpassword>

use kith_store::Error;
use ruma::{OwnedDeviceId, api::client::uiaa::AuthData};

use crate::{Accounts, PasswordError, Stage, ThreepidError, UiaError, ValidationPurpose, uia::Operation};

const OPERATION: &str = "account/password";

/// Why there is no new password.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The password cannot be had.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Proof is missing.
    #[error(transparent)]
    Uia(#[from] UiaError),
    /// The address is nobody's any more.
    #[error(transparent)]
    Threepid(#[from] ThreepidError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Accounts {
    /// Sets the password of the account whose address the proof is for. Returns the devices that went.
    pub fn reset_password(
        &self,
        password: &str,
        logout_devices: bool,
        auth: Option<&AuthData>,
    ) -> Result<Vec<OwnedDeviceId>, ResetError> {
        self.check_new_password(password)?;
        let operation = Operation {
            name: OPERATION,
            user: None,
            flows: vec![vec![Stage::Email]],
            email: Some(ValidationPurpose::ResetPassword),
            captcha_solved: false,
            parameters: String::new(),
            vouched: None,
        };
        let proven = self.prove(&operation, auth)?;
        let address = proven.record.email.as_deref().unwrap_or_default();
        let owner = self.find_mail_owner(address)?.ok_or(ThreepidError::NotFound)?;
        self.use_up(&proven)?;
        self.check_owns_password(owner)?;
        Ok(self.set_password(owner, password, logout_devices, None)?)
    }
}
