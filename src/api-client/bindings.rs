//! Taking back, at identity servers, that an address is a user's.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidunbind>

use std::sync::Arc;

use kith_accounts::{Binding, Requester};
use kith_api_common::{ApiError, Call};
use ruma::{ServerName, api::client::account::ThirdPartyIdRemovalStatus};

/// Takes back these, as far as the identity servers let it. `NoSupport` if one does not, or if there is none.
pub(crate) async fn take_back(
    call: &Call,
    requester: &Requester,
    bindings: Vec<Binding>,
) -> Result<ThirdPartyIdRemovalStatus, ApiError> {
    if bindings.is_empty() {
        return Ok(ThirdPartyIdRemovalStatus::NoSupport);
    }
    let mut outcome = ThirdPartyIdRemovalStatus::Success;
    for binding in bindings {
        let Ok(server) = ServerName::parse(&binding.server) else {
            outcome = ThirdPartyIdRemovalStatus::NoSupport;
            continue;
        };
        let (medium, address) = (&binding.medium, &binding.address);
        let gone = call.app.peers.unbind_address(&server, medium, address, &requester.user_id).await;
        if let Err(error) = gone {
            tracing::info!(%server, %error, "an identity server does not forget an address");
            outcome = ThirdPartyIdRemovalStatus::NoSupport;
            continue;
        }
        let (accounts, user) = (Arc::clone(&call.app.accounts), requester.user);
        call.app.tasks.blocking(move || accounts.forget_binding(user, &binding)).await?;
    }
    Ok(outcome)
}

/// Where an address of the requester was published by this server.
pub(crate) async fn find_bindings(
    call: &Call,
    requester: &Requester,
    medium: &str,
    address: &str,
) -> Result<Vec<Binding>, ApiError> {
    let (accounts, user) = (Arc::clone(&call.app.accounts), requester.user);
    let mut bindings = call.app.tasks.blocking(move || accounts.bindings(user)).await?;
    bindings.retain(|binding| binding.medium == medium && binding.address.eq_ignore_ascii_case(address));
    Ok(bindings)
}
