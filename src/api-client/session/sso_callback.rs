//! `GET /_matrix/client/unstable/sso/callback` — where services send people back to.
//! <https://spec.matrix.org/v1.19/client-server-api/#client-login-via-sso>

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own},
};
use kith_sso::{Callback, Finished, cookie_name};
use minijinja::context;
use ruma::{api::auth_scheme::NoAccessToken, metadata};
use serde_json::Value;

use crate::{
    pages::{Fields, page, refusal},
    uiaa::done,
};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: true,
    authentication: NoAccessToken,
    path: "/_matrix/client/unstable/sso/callback",
}

type Request = Own<Endpoint, Fields, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    call.limit_by_address(Limit::LoginPerAddress)?;
    let fields = request.request;
    let state = fields.get("state")?;
    let callback = Callback {
        state: state.to_owned(),
        code: fields.find("code").map(str::to_owned),
        error: fields.find("error_description").or(fields.find("error")).map(str::to_owned),
        browser_secret: fields.find_cookie(&cookie_name(state)).map(str::to_owned),
    };
    match call.app.sso.finish(callback).await {
        Ok(Finished::Confirmed) => done(&call),
        Ok(Finished::Login { location, trusted: true, .. }) => {
            let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())];
            Ok((StatusCode::FOUND, headers).into_response())
        }
        Ok(Finished::Login { user_id, location, client, .. }) => {
            let (user_id, host) = (user_id.as_str(), host_of(&client));
            page(StatusCode::OK, "sso_confirm.html", context! { user_id, location, host, client })
        }
        Err(error) => refusal(&fields, "You are not logged in", error.into()),
    }
}

/// Whose address it is, without what stands in front of the host to look like one; nothing for apps with a scheme of
/// their own.
fn host_of(client: &str) -> Option<&str> {
    let rest = client.strip_prefix("https://").or_else(|| client.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    authority.rsplit('@').next()
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn the_host_is_what_a_browser_goes_to() {
        let check = |client: &str, expected: Option<&str>| assert_eq!(host_of(client), expected, "{client}");
        check("https://app.example.org/#/login", Some("app.example.org"));
        check("https://app.example.org@evil.example/", Some("evil.example"));
        check("https://evil.example\\@app.example.org/", Some("evil.example"));
        check("http://localhost:8080?x=@y", Some("localhost:8080"));
        check("io.element.app:/callback", None);
    }
}
