//! `GET /_matrix/client/v3/user/{userId}/account_data/{type}` — reads what was kept.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3useruseridaccount_datatype>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::config::get_global_account_data::v3;
use serde_json::value::RawValue;

use super::{oneself, shown};

type Request = Answered<v3::Request, Json<Box<RawValue>>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Box<RawValue>>, ApiError> {
    let request = request.request;
    let user = oneself(call, &request.user_id)?;
    let kind = request.event_type.to_string();
    let content = call.app.accounts.find_account_data(user, None, &kind)?;
    // Push rules exist before anybody changes one.
    let rules = || (kind == "m.push_rules").then(|| call.app.push.default_content(&request.user_id));
    shown(content.or_else(rules))
}
