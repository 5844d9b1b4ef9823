//! The table of contents of the client-server API: one line an area, one file an endpoint.

use kith_api_common::Router;

use crate::{
    account, account_data, admin, alias, appservice, authenticated_media, backup, context, dehydrated_device,
    delayed_events, device, directory, filter, keys, knock, media, membership, message, peeking, presence,
    profile, push, read_marker, receipt, redact, relations, reporting, room, rtc, search, server, session,
    space, state, sync, tag, thirdparty, threads, to_device, typing, uiaa, user_directory,
};

/// Enters every endpoint of the client-server API.
#[must_use]
pub fn routes(router: Router) -> Router {
    let areas = [
        account::routes,
        account_data::routes,
        admin::routes,
        alias::routes,
        appservice::routes,
        authenticated_media::routes,
        backup::routes,
        context::routes,
        dehydrated_device::routes,
        delayed_events::routes,
        device::routes,
        directory::routes,
        filter::routes,
        keys::routes,
        knock::routes,
        media::routes,
        membership::routes,
        message::routes,
        peeking::routes,
        presence::routes,
        profile::routes,
        push::routes,
        read_marker::routes,
        receipt::routes,
        redact::routes,
        relations::routes,
        reporting::routes,
        room::routes,
        rtc::routes,
        search::routes,
        server::routes,
        session::routes,
        space::routes,
        state::routes,
        sync::routes,
        tag::routes,
        thirdparty::routes,
        threads::routes,
        to_device::routes,
        typing::routes,
        uiaa::routes,
        user_directory::routes,
    ];
    areas.into_iter().fold(router, |router, area| area(router))
}
