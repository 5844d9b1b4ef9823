//! The aliases of rooms.

mod create_alias;
mod delete_alias;
mod get_alias;

use kith_api_common::{ApiError, Call, Router};
use ruma::{OwnedRoomAliasId, OwnedRoomId, OwnedRoomOrAliasId, OwnedServerName};

pub(crate) fn routes(router: Router) -> Router {
    router.endpoint(create_alias::handler).endpoint(delete_alias::handler).endpoint_async(get_alias::handler)
}

/// The room that an alias of any server names, and servers that are in it. An application service may make it when it
/// is asked for.
async fn resolve(
    call: &Call,
    alias: OwnedRoomAliasId,
) -> Result<(OwnedRoomId, Vec<OwnedServerName>), ApiError> {
    ApiError::check_answered(call.app.bridges.summon_alias(alias.clone()).await?)?;
    Ok(call.app.rooms.resolve_alias_across(alias).await?)
}

/// The room that a client names by its id or by an alias of any server, and servers that may know it.
pub(crate) async fn named_room(
    call: &Call,
    name: OwnedRoomOrAliasId,
    mut via: Vec<OwnedServerName>,
) -> Result<(OwnedRoomId, Vec<OwnedServerName>), ApiError> {
    match OwnedRoomId::try_from(name) {
        Ok(room_id) => Ok((room_id, via)),
        Err(alias) => {
            let (room_id, servers) = resolve(call, alias).await?;
            via.extend(servers);
            Ok((room_id, via))
        }
    }
}
