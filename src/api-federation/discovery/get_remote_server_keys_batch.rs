//! `POST /_matrix/key/v2/query` — the keys of several other servers, as this one knows them.
//! <https://spec.matrix.org/v1.19/server-server-api/#post_matrixkeyv2query>

use std::collections::BTreeMap;

use kith_api_common::{ApiError, Call};
use kith_peers::{NotaryCriteria, Peers};
use ruma::{
    OwnedServerSigningKeyId,
    api::federation::discovery::get_remote_server_keys_batch::v2::{QueryCriteria, Request, Response},
};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    super::need_federation(&call)?;
    if request.server_keys.len() > Peers::NOTARY_SERVERS_MAX {
        let most = Peers::NOTARY_SERVERS_MAX;
        return Err(ApiError::invalid_param(format!("Keys of more than {most} servers at once")));
    }
    let criteria = |keys: BTreeMap<OwnedServerSigningKeyId, QueryCriteria>| NotaryCriteria {
        valid_until_ms: keys.values().filter_map(|key| Some(key.minimum_valid_until_ts?.0.into())).max(),
        key_ids: keys.into_keys().map(|key_id| key_id.to_string()).collect(),
    };
    let wanted = request.server_keys.into_iter().map(|(server, keys)| (server, criteria(keys))).collect();
    Ok(Response { server_keys: super::documents(call.app.peers.notarise(wanted).await) })
}
