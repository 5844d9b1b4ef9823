//! `PUT /_matrix/client/v3/sendToDevice/{eventType}/{txnId}` — sends messages to devices.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3sendtodeviceeventtypetxnid>

use kith_api_common::{ApiError, Call, Limit};
use kith_e2ee::DirectMessages;
use ruma::api::client::to_device::send_event_to_device::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    call.limit(Limit::Message)?;
    let messages = request.messages.into_iter().map(|(user_id, contents)| {
        let contents = contents.into_iter();
        (user_id, contents.map(|(device, content)| (device.to_string(), content.into_json())).collect())
    });
    let sent = DirectMessages {
        kind: request.event_type.to_string(),
        transaction_id: request.txn_id.to_string(),
        messages: messages.collect(),
    };
    call.app.e2ee.send_to_device(call.requester()?, &sent)?;
    Ok(Response {})
}
