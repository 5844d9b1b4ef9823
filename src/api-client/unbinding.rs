//! Telling identity servers that an address is no longer a user's.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidunbind>

use std::sync::Arc;

use kith_accounts::Binding;
use kith_api_common::App;
use kith_peers::{BoundAddress, IdentityError};
use kith_store::{Error, UserSid};
use ruma::{OwnedUserId, api::client::account::ThirdPartyIdRemovalStatus};

/// Whose addresses it is about.
pub(crate) struct Unbinding {
    pub(crate) app: Arc<App>,
    pub(crate) user: UserSid,
    pub(crate) user_id: OwnedUserId,
}

impl Unbinding {
    /// The identity servers of which this server knows that they say whose an address is, or the one that is named.
    pub(crate) async fn of_address(
        &self,
        medium: &str,
        address: &str,
        named: Option<String>,
    ) -> Result<Vec<Binding>, Error> {
        if let Some(server) = named {
            return Ok(vec![Binding { medium: medium.to_owned(), address: address.to_owned(), server }]);
        }
        let known = self.of_user().await?;
        Ok(known.into_iter().filter(|known| known.medium == medium && known.address == address).collect())
    }

    /// All of which this server knows.
    pub(crate) async fn of_user(&self) -> Result<Vec<Binding>, Error> {
        let (accounts, user) = (Arc::clone(&self.app.accounts), self.user);
        self.app.tasks.blocking(move || accounts.list_bindings(user)).await
    }

    /// Tells the identity servers. Success is when there is one, and all of them understand.
    pub(crate) async fn tell(
        &self,
        bindings: Vec<Binding>,
    ) -> Result<ThirdPartyIdRemovalStatus, UnbindError> {
        let mut all = !bindings.is_empty();
        for binding in bindings {
            let address = BoundAddress { medium: binding.medium.clone(), address: binding.address.clone() };
            all &= self.app.peers.unbind_address(&binding.server, &self.user_id, &address).await?;
            let (accounts, user) = (Arc::clone(&self.app.accounts), self.user);
            self.app.tasks.blocking(move || accounts.forget_binding(user, &binding)).await?;
        }
        Ok(if all { ThirdPartyIdRemovalStatus::Success } else { ThirdPartyIdRemovalStatus::NoSupport })
    }

    /// The same, where an identity server that does not answer must not be in the way.
    pub(crate) async fn try_to_tell(&self, bindings: Vec<Binding>) -> ThirdPartyIdRemovalStatus {
        self.tell(bindings).await.unwrap_or_else(|error| {
            tracing::warn!(%error, user_id = %self.user_id, "an identity server was not told that an address is gone");
            ThirdPartyIdRemovalStatus::NoSupport
        })
    }
}

/// Why an identity server was not told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnbindError {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<UnbindError> for kith_api_common::ApiError {
    fn from(error: UnbindError) -> Self {
        match error {
            UnbindError::Identity(error) => error.into(),
            UnbindError::Store(error) => error.into(),
        }
    }
}
