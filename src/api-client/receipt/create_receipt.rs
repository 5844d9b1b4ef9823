//! `POST /_matrix/client/v3/rooms/{roomId}/receipt/{receiptType}/{eventId}` — says how far a user has read.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidreceiptreceipttypeeventid>

use kith_api_common::{ApiError, Call, Limit};
use kith_ephemeral::Receipt;
use kith_store::tables::receipts::ReceiptKind;
use ruma::{
    api::client::receipt::create_receipt::v3::{ReceiptType, Request, Response},
    events::receipt::ReceiptThread,
};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?;
    call.limit(Limit::Ephemeral)?;
    let kind = match request.receipt_type {
        ReceiptType::Read => ReceiptKind::Public,
        ReceiptType::ReadPrivate => ReceiptKind::Private,
        ReceiptType::FullyRead if request.thread == ReceiptThread::Unthreaded => {
            call.app.ephemeral.set_fully_read(requester, &request.room_id, &request.event_id)?;
            return Ok(Response {});
        }
        ReceiptType::FullyRead => return Err(ApiError::invalid_param("m.fully_read has no thread_id")),
        _ => return Err(ApiError::invalid_param("Unknown receipt type")),
    };
    let receipt =
        Receipt { room_id: &request.room_id, event_id: &request.event_id, kind, thread: &request.thread };
    call.app.ephemeral.set_receipt(requester, &receipt)?;
    Ok(Response {})
}
