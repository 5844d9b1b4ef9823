//! A server of one's own for each test, and users who talk to it.

mod accounts;
mod acts;
mod answer;
mod authority;
mod bridge;
mod dice;
mod events;
mod eventually;
mod keys;
mod mailbox;
mod network;
mod peer;
mod program;
mod raw;
mod rooms;
pub(crate) mod server;
mod user;
mod view;

pub(crate) use accounts::{password_proof, secret_mac};
pub(crate) use answer::Answer;
pub(crate) use authority::Certificate;
pub(crate) use bridge::{AS_TOKEN, Bridge};
pub(crate) use dice::Dice;
pub(crate) use events::{bodies, event_ids, find_event, find_state, list, members, state_content, types};
pub(crate) use eventually::eventually;
pub(crate) use keys::Key;
pub(crate) use mailbox::Mailbox;
pub(crate) use network::{agree, network, start_federating};
pub(crate) use peer::{Peer, event_id, is_signed, now_ms, redacted};
pub(crate) use program::{Program, Running};
pub(crate) use raw::Connection;
pub(crate) use rooms::two_in_a_room;
pub(crate) use server::{SHARED_SECRET, Server, free_port, http_client, send, spawn};
pub(crate) use user::{User, encode};
pub(crate) use view::{account_data, ephemeral, presence_of, receipt_of, receipts, shows_event};
