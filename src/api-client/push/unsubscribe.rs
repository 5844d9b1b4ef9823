//! `POST /_matrix/client/unstable/pushers/unsubscribe` — removes a pusher that writes mails, for whoever has such a mail.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3pushersset>

use axum::response::Response;
use http::StatusCode;
use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own},
};
use minijinja::context;
use ruma::{OwnedUserId, UserId, api::auth_scheme::NoAccessToken, metadata};
use serde_json::Value;

use crate::pages::{Fields, page};

/// What a link names.
pub(super) const FIELDS: [&str; 4] = ["user_id", "app_id", "pushkey", "secret"];

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: true,
    authentication: NoAccessToken,
    path: "/_matrix/client/unstable/pushers/unsubscribe",
}

type Request = Own<Endpoint, Fields, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let (user_id, [app_id, pushkey, secret]) = subscription(&call, &request.request)?;
    let push = std::sync::Arc::clone(&call.app.push);
    let unsubscribe = move || push.unsubscribe(&user_id, &app_id, &pushkey, &secret);
    if !call.app.tasks.blocking(unsubscribe).await? {
        return outdated();
    }
    let text = "You get no more mails about unread messages. You can ask for them again in your app.";
    page(StatusCode::OK, "message.html", context! { title => "No more mails", text })
}

/// The pusher that a link names, and the secret that comes with it.
pub(super) fn subscription(call: &Call, fields: &Fields) -> Result<(OwnedUserId, [String; 3]), ApiError> {
    call.limit_by_address(Limit::LoginPerAddress)?;
    let [user_id, app_id, pushkey, secret] = FIELDS;
    let user_id = UserId::parse(fields.get(user_id)?)
        .map_err(|_| ApiError::invalid_param("user_id is not a user id"))?;
    let [app_id, pushkey, secret] = [fields.get(app_id)?, fields.get(pushkey)?, fields.get(secret)?];
    Ok((user_id, [app_id.to_owned(), pushkey.to_owned(), secret.to_owned()]))
}

/// The page for links that lead nowhere.
pub(super) fn outdated() -> Result<Response, ApiError> {
    let text = "There are no such mails any more. Ask in your app what you are told of.";
    page(StatusCode::BAD_REQUEST, "message.html", context! { title => "This link is no longer valid", text })
}
