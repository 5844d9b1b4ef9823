//! `GET /_matrix/client/unstable/pushers/unsubscribe` — the page that the link at the end of a mail leads to. It asks
//! whether one means it: programs that look through mails open links too.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3pushersset>

use axum::response::Response;
use http::StatusCode;
use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use minijinja::context;
use ruma::{api::auth_scheme::NoAccessToken, metadata};
use serde_json::Value;

use super::unsubscribe::{FIELDS, outdated, subscription};
use crate::pages::{Fields, page};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: true,
    authentication: NoAccessToken,
    path: "/_matrix/client/unstable/pushers/unsubscribe",
}

type Request = Own<Endpoint, Fields, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let fields = request.request;
    let (user_id, [app_id, pushkey, secret]) = subscription(&call, &fields)?;
    let (push, address) = (std::sync::Arc::clone(&call.app.push), pushkey.clone());
    let known = move || push.may_unsubscribe(&user_id, &app_id, &pushkey, &secret);
    if !call.app.tasks.blocking(known).await? {
        return outdated();
    }
    let text = format!("Do you want no more mails about unread messages to {address}?");
    let mut hidden = Vec::new();
    for name in FIELDS {
        hidden.push(vec![name.to_owned(), fields.get(name)?.to_owned()]);
    }
    let values = context! { title => "No more mails", text, button => "No more mails", fields => hidden };
    page(StatusCode::OK, "confirm.html", values)
}
