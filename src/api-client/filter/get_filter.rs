//! `GET /_matrix/client/v3/user/{userId}/filter/{filterId}` — a stored filter.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3useruseridfilterfilterid>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::filter::get_filter::v3;
use serde_json::value::RawValue;

type Request = Answered<v3::Request, Json<Box<RawValue>>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Box<RawValue>>, ApiError> {
    let requester = call.requester()?;
    if request.request.user_id != requester.user_id {
        return Err(ApiError::forbidden("One can only read one's own filters"));
    }
    let filter = call.app.accounts.find_filter(requester.user, &request.request.filter_id)?;
    let filter = filter.ok_or_else(|| ApiError::not_found("There is no such filter"))?;
    Ok(Json::ok(RawValue::from_string(filter).map_err(|error| ApiError::internal(&error))?))
}
