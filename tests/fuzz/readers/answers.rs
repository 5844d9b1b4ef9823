//! What other servers answer.

use http::{Response, header::CONTENT_TYPE};
use ruma::api::{
    IncomingResponse,
    federation::{
        authorization::get_event_authorization, backfill::get_backfill, device::get_devices,
        directory::get_public_rooms, discovery, event, keys, membership, query, space::get_hierarchy,
        transactions::send_transaction_message,
    },
};

use crate::{corpus, run::fuzz};

#[test]
fn answers() {
    let seeds: Vec<_> = corpus::answers()
        .into_iter()
        .map(|(kind, body)| serde_json::json!({"kind": kind, "body": body}).to_string().into_bytes())
        .collect();
    fuzz(&seeds, |input| {
        let Ok(wrapped) = serde_json::from_slice::<serde_json::Value>(input) else { return false };
        let kind = wrapped["kind"].as_str().unwrap_or_default();
        read(kind, wrapped["body"].to_string().as_bytes())
    });
}

fn read(kind: &str, body: &[u8]) -> bool {
    match kind {
        "well-known" => is_read::<discovery::discover_homeserver::Response>(body),
        "key" => is_read::<discovery::get_server_keys::v2::Response>(body),
        "keys" => is_read::<discovery::get_remote_server_keys_batch::v2::Response>(body),
        "make_join" => is_read::<membership::prepare_join_event::v1::Response>(body),
        "make_leave" => is_read::<membership::prepare_leave_event::v1::Response>(body),
        "make_knock" => is_read::<membership::prepare_knock_event::v1::Response>(body),
        "send_join" => is_read::<membership::create_join_event::v2::Response>(body),
        "send_knock" => is_read::<membership::create_knock_event::v1::Response>(body),
        "invite" => is_read::<membership::create_invite::v2::Response>(body),
        "backfill" => is_read::<get_backfill::v1::Response>(body),
        "event" => is_read::<event::get_event::v1::Response>(body),
        "missing" => is_read::<event::get_missing_events::v1::Response>(body),
        "state" => is_read::<event::get_room_state::v1::Response>(body),
        "state_ids" => is_read::<event::get_room_state_ids::v1::Response>(body),
        "event_auth" => is_read::<get_event_authorization::v1::Response>(body),
        "timestamp" => is_read::<event::get_event_by_timestamp::v1::Response>(body),
        "profile" => is_read::<query::get_profile_information::v1::Response>(body),
        "directory" => is_read::<query::get_room_information::v1::Response>(body),
        "public_rooms" => is_read::<get_public_rooms::v1::Response>(body),
        "hierarchy" => is_read::<get_hierarchy::v1::Response>(body),
        "devices" => is_read::<get_devices::v1::Response>(body),
        "key_query" => is_read::<keys::get_keys::v1::Response>(body),
        "key_claim" => is_read::<keys::claim_keys::v1::Response>(body),
        "transaction" => is_read::<send_transaction_message::v1::Response>(body),
        _ => false,
    }
}

fn is_read<R: IncomingResponse>(body: &[u8]) -> bool {
    let response = Response::builder().header(CONTENT_TYPE, "application/json").body(body).unwrap();
    R::try_from_http_response_inner(response).is_ok()
}
