//! `GET /_matrix/client/unstable/io.element.msc4308/thread_subscriptions` — the user's subscriptions to threads, the
//! newest change first. <https://github.com/matrix-org/matrix-spec-proposals/pull/4308>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use kith_sync::ThreadSubscriptions;
use ruma::api::client::threads::get_thread_subscriptions_changes::unstable as ruma_type;
use serde::Serialize;

use crate::paging::limit;

#[derive(Serialize)]
pub(crate) struct Page {
    #[serde(flatten)]
    changes: ThreadSubscriptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
}

pub(crate) fn handler(
    call: &Call,
    request: Answered<ruma_type::Request, Json<Page>>,
) -> Result<Json<Page>, ApiError> {
    let requester = call.full_user()?;
    let ruma_type::Request { from, to, limit: wanted, .. } = request.request;
    let page =
        call.app.sync.thread_subscriptions(requester, from.as_deref(), to.as_deref(), limit(wanted))?;
    Ok(Json::ok(Page { changes: page.changes, end: page.earlier }))
}
