//! `GET /_matrix/client/v3/login` — the ways to log in.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3login>

use kith_api_common::{ApiError, Call};
use kith_config::OidcProvider;
use ruma::api::client::session::get_login_types::v3::{
    ApplicationServiceLoginType, IdentityProvider, LoginType, PasswordLoginType, Request, Response,
    SsoLoginType, TokenLoginType,
};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    let sso = &call.app.sso;
    let mut flows = vec![
        LoginType::Password(PasswordLoginType {}),
        LoginType::Token(TokenLoginType { get_login_token: true }),
        LoginType::ApplicationService(ApplicationServiceLoginType {}),
    ];
    let identity_providers: Vec<_> = sso.providers().map(describe).collect();
    if !identity_providers.is_empty() {
        flows.push(LoginType::Sso(SsoLoginType { identity_providers, oauth_aware_preferred: false }));
    }
    if sso.takes_jwt() {
        let jwt = LoginType::new("org.matrix.login.jwt", serde_json::Map::new());
        flows.push(jwt.map_err(|error| ApiError::internal(&error))?);
    }
    Ok(Response { flows })
}

fn describe(provider: &OidcProvider) -> IdentityProvider {
    IdentityProvider {
        id: provider.id.clone(),
        name: provider.name.clone(),
        icon: provider.icon.clone().map(Into::into),
        brand: provider.brand.as_deref().map(Into::into),
    }
}
