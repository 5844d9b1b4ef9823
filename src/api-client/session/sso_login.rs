//! `GET /_matrix/client/v3/login/sso/redirect` — sends a browser to the service one logs in with; where there are several,
//! it asks which.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3loginssoredirect>

use axum::response::Response;
use http::StatusCode;
use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use minijinja::context;
use ruma::api::client::session::sso_login::v3;
use serde_json::Value;

use crate::{
    pages::{Fields, page},
    sso::send_away,
};

type Request = Own<v3::Request, Fields, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let fields = request.request;
    let providers: Vec<_> = call.app.sso.providers().collect();
    if providers.len() < 2 {
        return send_away(&call, &fields, None).await;
    }
    let query: String = form_urlencoded::byte_serialize(fields.get("redirectUrl")?.as_bytes()).collect();
    let link = |id: &str| format!("/_matrix/client/v3/login/sso/redirect/{id}?redirectUrl={query}");
    let providers: Vec<Vec<String>> =
        providers.iter().map(|provider| vec![link(&provider.id), provider.name.clone()]).collect();
    let app_name = call.app.config.email.app_name.as_str();
    page(StatusCode::OK, "providers.html", context! { app_name, providers })
}
