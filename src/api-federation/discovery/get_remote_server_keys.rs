//! `GET /_matrix/key/v2/query/{serverName}` — the keys of another server, as this one knows them.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixkeyv2queryservername>

use std::collections::BTreeMap;

use kith_api_common::{
    ApiError, Call,
    json::{Own, ReadRequest, read_path},
};
use kith_peers::NotaryCriteria;
use ruma::{
    OwnedServerName,
    api::{
        error::DeserializationError,
        federation::discovery::get_remote_server_keys::v2::{Request as Endpoint, Response},
    },
};

pub(crate) type Request = Own<Endpoint, Query, Response>;

/// Whose keys, perhaps which one, and how long it has to be valid.
pub(crate) struct Query {
    server_name: OwnedServerName,
    criteria: NotaryCriteria,
}

impl ReadRequest for Query {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (server_name,) = read_path(&arguments[..arguments.len().min(1)])?;
        let pairs = request.uri().query().unwrap_or_default().split('&');
        let mut values = pairs.filter_map(|pair| pair.strip_prefix("minimum_valid_until_ts="));
        let criteria = NotaryCriteria {
            key_ids: arguments.get(1).map(|key_id| (*key_id).to_owned()).into_iter().collect(),
            valid_until_ms: values.next().and_then(|value| value.parse().ok()),
        };
        Ok(Self { server_name, criteria })
    }
}

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    super::need_federation(&call)?;
    let Query { server_name, criteria } = request.request;
    let found = call.app.peers.notarise(BTreeMap::from([(server_name, criteria)])).await;
    if found.is_empty() {
        return Err(ApiError::not_found("The keys of that server are not known"));
    }
    Ok(Response { server_keys: super::documents(found) })
}
