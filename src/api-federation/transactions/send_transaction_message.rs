//! `PUT /_matrix/federation/v1/send/{txnId}` — another server delivers events and EDUs.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1sendtxnid>

use std::collections::BTreeMap;

use kith_api_common::{
    ApiError, PeerCall,
    json::{Json, Own, ReadRequest, read_path},
};
use kith_federation::Received;
use ruma::{
    OwnedEventId,
    api::{
        error::DeserializationError,
        federation::transactions::send_transaction_message::v1::Request as Endpoint,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub(crate) type Request = Own<Endpoint, Transaction, Json<Answer>>;

/// A transaction. Who sent it is known from the signature, not from what it says.
pub(crate) struct Transaction {
    id: String,
    body: Body,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    pdus: Vec<Box<RawValue>>,
    #[serde(default)]
    edus: Vec<Box<RawValue>>,
}

/// What became of each event.
#[derive(Serialize)]
pub(crate) struct Answer {
    pdus: BTreeMap<OwnedEventId, Outcome>,
}

#[derive(Serialize)]
struct Outcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl ReadRequest for Transaction {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (id,) = read_path(arguments)?;
        Ok(Self { id, body: serde_json::from_slice(request.body())? })
    }
}

pub(crate) async fn handler(call: PeerCall, request: Request) -> Result<Json<Answer>, ApiError> {
    let Transaction { id, body } = request.request;
    let received = Received { origin: call.origin.clone(), id, pdus: body.pdus, edus: body.edus };
    let outcomes = call.app.federation.receive_transaction(received).await?;
    let outcome = |(event_id, outcome): (_, Result<(), String>)| (event_id, Outcome { error: outcome.err() });
    Ok(Json::ok(Answer { pdus: outcomes.into_iter().map(outcome).collect() }))
}
