//! `POST /_matrix/client/v3/register` — makes an account: one's own, a guest's, an application service's user's.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3register>
//!
//! The answer is put together here because ruma's type writes a null device where there is none.

use kith_accounts::{NewDevice, Registered, Registration};
use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own},
};
use ruma::api::client::account::register::{LoginType, RegistrationKind, v3};
use serde_json::{Value, json};

use crate::{captcha, lenient::Lenient};

type Request = Own<v3::Request, Lenient<v3::Request>, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Json<Value>, ApiError> {
    let request = request.request.0;
    if !matches!(request.login_type, Some(LoginType::ApplicationService)) {
        // By address, whatever token came with the request.
        call.limit_by_address(Limit::Registration)?;
    }
    let captcha_solved = captcha::is_solved(&call, request.auth.as_ref()).await?;
    let tasks = call.app.tasks.clone();
    tasks.blocking(move || register(&call, &request, captcha_solved)).await
}

fn register(call: &Call, request: &v3::Request, captcha_solved: bool) -> Result<Json<Value>, ApiError> {
    let accounts = &call.app.accounts;
    let wish = Registration {
        username: request.username.as_deref(),
        password: request.password.as_deref(),
        device: NewDevice {
            device_id: request.device_id.as_ref().map(|device| device.as_str()),
            display_name: request.initial_device_display_name.as_deref(),
            refresh: request.refresh_token,
        },
        inhibit_login: request.inhibit_login,
        auth: request.auth.as_ref(),
        guest_access_token: request.guest_access_token.as_deref(),
        captcha_solved,
    };
    if matches!(request.login_type, Some(LoginType::ApplicationService)) {
        return Ok(Json::ok(body(accounts.register_as_appservice(call.appservice()?, &wish)?)));
    }
    match &request.kind {
        RegistrationKind::User => Ok(Json::ok(body(accounts.register(&wish)?))),
        RegistrationKind::Guest => Ok(Json::ok(body(accounts.register_guest(wish.device.display_name)?))),
        other => Err(ApiError::invalid_param(format!("There is no kind of account {:?}", other.as_str()))),
    }
}

fn body(registered: Registered) -> Value {
    let mut body = json!({ "user_id": registered.user_id, "home_server": registered.user_id.server_name() });
    let Some(session) = registered.session else {
        return body;
    };
    body["access_token"] = session.access_token.reveal().into();
    body["device_id"] = json!(session.device_id);
    if let Some(token) = &session.refresh_token {
        body["refresh_token"] = token.reveal().into();
    }
    if let Some(lifetime) = session.expires_in {
        body["expires_in_ms"] = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX).into();
    }
    body
}
