//! The table of contents of the client-server API: one line an area, one file an endpoint.

use kith_api_common::Router;

use crate::{
    account, account_data, admin, alias, appservice, backup, context, dehydrated_device, device, directory,
    filter, keys, knock, membership, message, presence, profile, push, read_marker, receipt, redact,
    relations, reporting, room, server, session, space, state, sync, tag, threads, to_device, typing, uiaa,
    user_directory,
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
        backup::routes,
        context::routes,
        dehydrated_device::routes,
        device::routes,
        directory::routes,
        filter::routes,
        keys::routes,
        knock::routes,
        membership::routes,
        message::routes,
        presence::routes,
        profile::routes,
        push::routes,
        read_marker::routes,
        receipt::routes,
        redact::routes,
        relations::routes,
        reporting::routes,
        room::routes,
        server::routes,
        session::routes,
        space::routes,
        state::routes,
        sync::routes,
        tag::routes,
        threads::routes,
        to_device::routes,
        typing::routes,
        uiaa::routes,
        user_directory::routes,
    ];
    areas.into_iter().fold(router, |router, area| area(router))
}
