//! `POST /_matrix/client/v3/rooms/{roomId}/read_markers` — moves the fully-read marker and receipts together.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidread_markers>

use kith_api_common::{ApiError, Call, Limit};
use kith_ephemeral::Receipt;
use kith_store::tables::receipts::ReceiptKind;
use ruma::{
    api::client::read_marker::set_read_marker::v3::{Request, Response},
    events::receipt::ReceiptThread,
};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?;
    call.limit(Limit::Ephemeral)?;
    let ephemeral = &call.app.ephemeral;
    if let Some(event_id) = &request.fully_read {
        ephemeral.set_fully_read(requester, &request.room_id, event_id)?;
    }
    let receipts =
        [(ReceiptKind::Public, request.read_receipt), (ReceiptKind::Private, request.private_read_receipt)];
    for (kind, event_id) in receipts {
        let Some(event_id) = event_id else { continue };
        let thread = ReceiptThread::Unthreaded;
        let receipt = Receipt { room_id: &request.room_id, event_id: &event_id, kind, thread: &thread };
        ephemeral.set_receipt(requester, &receipt)?;
    }
    Ok(Response {})
}
