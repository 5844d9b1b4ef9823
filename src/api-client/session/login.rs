//! `POST /_matrix/client/v3/login` — logs in: with a password, which this server or a directory knows, a login token, a
//! token that another program has signed, or as an application service.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3login>
//!
//! The body is read here because ruma's type does not survive one without `type`.

use std::sync::Arc;

use kith_accounts::{LoginError, NewDevice, Session};
use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own, ReadRequest, read_body},
};
use kith_sso::DirectoryLoginError;
use ruma::api::{
    client::{
        session::login::v3,
        uiaa::{MatrixUserIdentifier, UserIdentifier},
    },
    error::{DeserializationError, ErrorKind},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::authorize::account_key;

type Request = Own<v3::Request, Login, Json<Value>>;

#[derive(Deserialize)]
pub(crate) struct Login {
    #[serde(rename = "type")]
    kind: String,
    identifier: Option<UserIdentifier>,
    password: Option<String>,
    token: Option<String>,
    device_id: Option<String>,
    initial_device_display_name: Option<String>,
    refresh_token: Option<bool>,
    // What older clients send instead of an identifier.
    user: Option<String>,
    medium: Option<String>,
    address: Option<String>,
}

impl ReadRequest for Login {
    fn read(request: http::Request<&[u8]>, _: &[&str]) -> Result<Self, DeserializationError> {
        read_body(&request)
    }
}

pub(crate) async fn handler(call: Call, request: Request) -> Result<Json<Value>, ApiError> {
    let (login, tasks) = (request.request, call.app.tasks.clone());
    let login = Arc::new(login);
    let (counted, wish) = (call.clone(), Arc::clone(&login));
    let asked = tasks.blocking(move || count(&counted, &wish)).await?;
    let known = match asked {
        Some(name) => Some(ask_directory(&call, &login, name).await?),
        None => None,
    };
    tasks.blocking(move || log_in(&call, &login, known)).await
}

/// Counts the try, and answers under which name the directory has to be asked, if it has to.
fn count(call: &Call, login: &Login) -> Result<Option<String>, ApiError> {
    // A bridge logs its users in from one address.
    if call.find_requester().is_none_or(|requester| requester.appservice.is_none()) {
        call.limit_by_address(Limit::LoginPerAddress)?;
    }
    if login.kind != "m.login.password" {
        return Ok(None);
    }
    let (identifier, _) = login.name_and_password()?;
    let (limiter, key) = (&call.app.rate_limiter, login_key(call, &identifier)?);
    limiter.check(&call.app, Limit::LoginPerAccount, &key)?;
    limiter.peek(&call.app, Limit::LoginFailedPerAccount, &key)?;
    Ok(call.app.accounts.name_in_directory(&identifier)?)
}

async fn ask_directory(call: &Call, login: &Login, name: String) -> Result<kith_accounts::Login, ApiError> {
    let (identifier, password) = login.name_and_password()?;
    let proved = call.app.sso.login_with_directory(name, password).await;
    if matches!(proved, Err(DirectoryLoginError::Login(LoginError::Wrong))) {
        let call = call.clone();
        call.app.tasks.clone().blocking(move || count_failure(&call, &identifier)).await?;
    }
    Ok(proved?)
}

fn log_in(call: &Call, login: &Login, known: Option<kith_accounts::Login>) -> Result<Json<Value>, ApiError> {
    let proved = match (known, login.kind.as_str()) {
        (Some(known), _) => known,
        (None, "m.login.password") => with_password(call, login)?,
        (None, "m.login.token") => {
            let token = login.token.as_deref().ok_or_else(|| missing("token"))?;
            call.app.accounts.login_with_token(token)?
        }
        (None, "org.matrix.login.jwt" | "m.login.jwt") => {
            call.app.sso.login_with_jwt(login.token.as_deref().ok_or_else(|| missing("token"))?)?
        }
        (None, "m.login.application_service") => as_appservice(call, login)?,
        _ => return Err(ApiError::bad_request(ErrorKind::Unknown, "There is no such way to log in here")),
    };
    let device = NewDevice {
        device_id: login.device_id.as_deref(),
        display_name: login.initial_device_display_name.as_deref(),
        refresh: login.refresh_token.unwrap_or(false),
    };
    let session = call.app.accounts.create_session(&proved, &device)?;
    Ok(Json::ok(body(&session, call.app.config.client_base_url())))
}

fn with_password(call: &Call, login: &Login) -> Result<kith_accounts::Login, ApiError> {
    let (identifier, password) = login.name_and_password()?;
    let proved = call.app.accounts.login_with_password(&identifier, password);
    if matches!(proved, Err(LoginError::Wrong)) {
        count_failure(call, &identifier)?;
    }
    Ok(proved?)
}

fn count_failure(call: &Call, identifier: &UserIdentifier) -> Result<(), ApiError> {
    let key = login_key(call, identifier)?;
    call.app.rate_limiter.check(&call.app, Limit::LoginFailedPerAccount, &key)
}

/// What tries are counted under. Names without an account are counted as well, so that the limits do not tell which
/// names have one.
fn login_key(call: &Call, identifier: &UserIdentifier) -> Result<String, ApiError> {
    let user = call.app.accounts.find_by_identifier(identifier)?;
    Ok(user.map_or_else(|| format!("{identifier:?}"), account_key))
}

fn as_appservice(call: &Call, login: &Login) -> Result<kith_accounts::Login, ApiError> {
    let appservice = call.appservice()?;
    Ok(call.app.accounts.login_as_appservice(appservice, &login.identifier()?)?)
}

impl Login {
    fn name_and_password(&self) -> Result<(UserIdentifier, &str), ApiError> {
        let identifier = self.identifier()?;
        Ok((identifier, self.password.as_deref().ok_or_else(|| missing("password"))?))
    }

    fn identifier(&self) -> Result<UserIdentifier, ApiError> {
        if let Some(identifier) = &self.identifier {
            return Ok(identifier.clone());
        }
        match (&self.user, &self.medium, &self.address) {
            (Some(user), _, _) => Ok(UserIdentifier::Matrix(MatrixUserIdentifier { user: user.clone() })),
            (None, Some(medium), Some(address)) => {
                Ok(UserIdentifier::third_party_id(medium.as_str().into(), address.clone()))
            }
            _ => Err(missing("identifier")),
        }
    }
}

fn body(session: &Session, base_url: Option<&str>) -> Value {
    let mut body = json!({
        "user_id": session.user_id,
        "access_token": session.access_token.reveal(),
        "device_id": session.device_id,
        // Deprecated for years, and still read by bots.
        "home_server": session.user_id.server_name(),
    });
    if let Some(token) = &session.refresh_token {
        body["refresh_token"] = token.reveal().into();
    }
    if let Some(lifetime) = session.expires_in {
        body["expires_in_ms"] = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX).into();
    }
    if let Some(base_url) = base_url {
        body["well_known"] = json!({ "m.homeserver": { "base_url": base_url } });
    }
    body
}

fn missing(field: &str) -> ApiError {
    ApiError::bad_request(ErrorKind::MissingParam, format!("missing: {field}"))
}
