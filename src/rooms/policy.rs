//! Policy servers: a room may choose a server that has to sign every event before it is shown.
//!
//! Whether an event has that signature is asked on the one road (`ingest.rs`). Getting it takes the network. Events of
//! other servers get it on their way in. A verb of a local user fails with [`WriteError::Unsigned`] where it is lacking;
//! whoever called it has the event signed ([`Rooms::have_signed`]) and calls it again. What nobody waits for is sent
//! without: the other servers will ask for themselves.
//! <https://spec.matrix.org/v1.19/server-server-api/#policy-servers>

use std::{collections::HashMap, sync::Arc};

use kith_event::{
    Pdu, VerifiedPdu,
    build::{self, Draft},
    verify::has_policy_signature,
};
use kith_peers::{Patience, PolicyError, Time};
use kith_store::{
    Error, RoomSid,
    state::StateRoot,
    tables::{events::Verdict, members::ROOM_SERVERS},
};
use parking_lot::Mutex;
use ruma::{OwnedServerName, UserId, events::StateEventType, serde::Base64};
use serde::Deserialize;

use crate::{
    Rooms, WriteError,
    commit::RoomWrite,
    ingest::{self, Against},
    room::Room,
};

/// The type of the event that names a room's policy server.
const POLICY_EVENT: &str = "m.room.policy";
/// How long a policy server may think, in milliseconds: somebody waits for their message to be sent.
const TIMEOUT_MS: u64 = 10_000;
/// How many signed events may wait to be written.
const SIGNED_WAITING_MAX: usize = 1_000;
/// How long one waits, in milliseconds: the verb that made it comes at once, or never.
const SIGNED_WAITING_MS_MAX: u64 = 60_000;

/// The policy server of a room.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) via: OwnedServerName,
    key: Vec<u8>,
}

/// An event of this server that lacks the signature of the room's policy server.
#[derive(Debug)]
pub struct Unsigned {
    pdu: Pdu,
    policy: Policy,
    said: Said,
}

/// What was said: by this an event that has been signed meanwhile is found again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Said {
    room: RoomSid,
    sender: String,
    kind: String,
    state_key: Option<String>,
    content: String,
    redacts: Option<String>,
}

/// Events of this server that have been signed and wait to be written by the verb that made them, and since when.
#[derive(Default)]
pub(crate) struct SignedEvents(Mutex<HashMap<Said, (u64, Pdu)>>);

impl SignedEvents {
    fn put(&self, said: Said, pdu: Pdu, now_ms: u64) {
        let mut waiting = self.0.lock();
        if waiting.len() >= SIGNED_WAITING_MAX {
            // Those that wait are asked for again.
            waiting.clear();
        }
        waiting.insert(said, (now_ms, pdu));
    }

    fn take(&self, said: &Said, now_ms: u64) -> Option<Pdu> {
        let (since_ms, pdu) = self.0.lock().remove(said)?;
        (now_ms < since_ms.saturating_add(SIGNED_WAITING_MS_MAX)).then_some(pdu)
    }
}

/// Whether a verb has its events signed, and which signed ones it has taken up.
#[derive(Default)]
pub(crate) struct Signing {
    is_wanted: bool,
    taken: Vec<(Said, Pdu)>,
}

impl Policy {
    /// Reads `m.room.policy`; none if it is not valid.
    fn read(pdu: &Pdu) -> Option<Self> {
        #[derive(Deserialize)]
        struct Content {
            via: OwnedServerName,
            public_keys: Keys,
        }
        #[derive(Deserialize)]
        struct Keys {
            ed25519: Base64,
        }

        let content: Content = serde_json::from_str(pdu.content_text()).ok()?;
        Some(Self { via: content.via, key: content.public_keys.ed25519.into_inner() })
    }

    /// Whether the policy server has signed an event, or need not.
    pub(crate) fn lets_pass(&self, pdu: &Pdu) -> bool {
        let is_policy = pdu.kind_text() == POLICY_EVENT && pdu.state_key() == Some("");
        is_policy || has_policy_signature(pdu, &self.via, &self.key)
    }
}

impl RoomWrite<'_> {
    /// Has this verb's events signed: somebody waits for what becomes of them.
    pub(crate) fn want_signatures(&mut self) {
        self.signing.is_wanted = true;
    }

    /// The policy server that would have to sign an event of another server and has not.
    pub(crate) fn lacks_signature_of(&self, pdu: &Pdu) -> Result<Option<OwnedServerName>, Error> {
        if self.rooms.is_local(pdu.sender()) {
            return Ok(None);
        }
        let policy = self.policy(self.heads.state)?.filter(|policy| !policy.lets_pass(pdu));
        Ok(policy.map(|policy| policy.via))
    }

    /// The policy server in a state of the room.
    fn policy(&self, root: StateRoot) -> Result<Option<Policy>, Error> {
        match self.state_pdu(root, &StateEventType::from(POLICY_EVENT), "")? {
            Some(pdu) => self.rooms.policy_in_room(self.room.sid, &pdu),
            None => Ok(None),
        }
    }

    /// Builds an event, or takes up the one that has been signed meanwhile. Where a signature is lacking, that is an
    /// error; whoever is asked for one is asked for nothing that the room forbids anyway.
    pub(crate) fn build_signed(
        &mut self,
        draft: Draft,
        sender: &UserId,
        timestamp_ms: u64,
    ) -> Result<Pdu, WriteError> {
        let policy = if self.signing.is_wanted { self.policy(self.heads.state)? } else { None };
        let Some(policy) = policy else { return self.build(draft, sender, timestamp_ms) };
        let said = Said::of(self.room.sid, &draft, sender);
        let now_ms = self.rooms.clock.now_ms();
        let signed = self.rooms.signed_events.take(&said, now_ms);
        if let Some(pdu) = signed.filter(|pdu| policy.lets_pass(pdu)) {
            self.signing.taken.push((said, pdu.clone()));
            return Ok(pdu);
        }
        let pdu = self.build(draft, sender, timestamp_ms)?;
        if policy.lets_pass(&pdu) {
            return Ok(pdu);
        }
        ingest::check_now(self, &pdu)?;
        // The verb begins anew: what it took up has to be there again.
        for (said, pdu) in self.signing.taken.drain(..) {
            self.rooms.signed_events.put(said, pdu, now_ms);
        }
        Err(WriteError::Unsigned(Box::new(Unsigned { pdu, policy, said })))
    }
}

impl Said {
    fn of(room: RoomSid, draft: &Draft, sender: &UserId) -> Self {
        Self {
            room,
            sender: sender.to_string(),
            kind: draft.kind.to_string(),
            state_key: draft.state_key.clone(),
            content: draft.content.get().to_owned(),
            redacts: draft.redacts.as_ref().map(ToString::to_string),
        }
    }
}

impl Rooms {
    /// The policy server that an event names, if it is in the room. Where this server is named itself there is none: it
    /// does not sign.
    fn policy_in_room(&self, room: RoomSid, pdu: &Pdu) -> Result<Option<Policy>, Error> {
        let Some(policy) = Policy::read(pdu).filter(|policy| policy.via != self.server_name) else {
            return Ok(None);
        };
        let Some(server) = self.store.ids().find_server(&policy.via)? else { return Ok(None) };
        let is_there = ROOM_SERVERS.contains(self.store.engine(), &(room, server))?;
        Ok(is_there.then_some(policy))
    }

    /// The policy server that would have to sign an event now and has not.
    fn policy_wanted(&self, room: &Room, pdu: &Pdu) -> Result<Option<Policy>, Error> {
        let named = self.current_state(room.sid)?.get(&StateEventType::from(POLICY_EVENT), "")?;
        let Some(named) = named else { return Ok(None) };
        let policy = self.policy_in_room(room.sid, &named)?;
        Ok(policy.filter(|policy| !policy.lets_pass(pdu)))
    }

    /// Has an event signed that a verb could not write without; the verb is to be called again.
    pub async fn have_signed(&self, unsigned: Unsigned) -> Result<(), WriteError> {
        let Unsigned { pdu, policy, said } = unsigned;
        let signed = self.signed_by(&pdu, &policy).await?;
        self.signed_events.put(said, signed, self.clock.now_ms());
        Ok(())
    }

    /// An event of this server with the signature that it needs.
    pub(crate) async fn with_needed_signature(
        self: &Arc<Self>,
        room: &Room,
        pdu: Pdu,
    ) -> Result<Pdu, WriteError> {
        let (rooms, room, wanting) = (Arc::clone(self), room.clone(), pdu.clone());
        match self.tasks.blocking(move || rooms.policy_wanted(&room, &wanting)).await? {
            Some(policy) => self.signed_by(&pdu, &policy).await,
            None => Ok(pdu),
        }
    }

    async fn signed_by(&self, pdu: &Pdu, policy: &Policy) -> Result<Pdu, WriteError> {
        let patience = Patience { time: Time::Milliseconds(TIMEOUT_MS), ignore_backoff: true };
        let signatures = match self.peers.ask_policy_server(&policy.via, pdu.json(), patience).await {
            Ok(signatures) => signatures,
            Err(error @ PolicyError::Refused(_)) => return Err(WriteError::Refused(error.to_string())),
            Err(error @ PolicyError::Unavailable(_)) => return Err(WriteError::NoPolicy(error.to_string())),
        };
        let signed = build::add_signatures(pdu, &signatures)?;
        match policy.lets_pass(&signed) {
            true => Ok(signed),
            false => Err(WriteError::NoPolicy(format!("{} gave no valid signature", policy.via))),
        }
    }

    /// An event of another server, with the signature of the room's policy server if that signs it.
    pub(crate) async fn with_policy_signature(
        &self,
        event: VerifiedPdu,
        via: &ruma::ServerName,
    ) -> VerifiedPdu {
        match self.peers.ask_policy_server(via, event.pdu().json(), Patience::of_ms(TIMEOUT_MS)).await {
            Ok(signatures) => event.clone().with_signatures(&signatures).unwrap_or(event),
            Err(error) => {
                tracing::debug!(event_id = %event.pdu().event_id(), %error, "a policy server gives no signature");
                event
            }
        }
    }

    /// The same for an event that is handed in, if its room has a policy server.
    pub(crate) async fn with_signature_for(
        self: &Arc<Self>,
        event: VerifiedPdu,
    ) -> Result<VerifiedPdu, Error> {
        let (rooms, pdu) = (Arc::clone(self), event.pdu().clone());
        let wanted = self.tasks.blocking(move || {
            let Some(room) = rooms.room(pdu.room_id())? else { return Ok(None) };
            rooms.policy_wanted(&room, &pdu)
        });
        match wanted.await? {
            Some(policy) => Ok(self.with_policy_signature(event, &policy.via).await),
            None => Ok(event),
        }
    }
}

/// What the policy server makes of an event that the rules accept as news: nothing where there is none.
pub(crate) fn verdict(
    write: &RoomWrite<'_>,
    pdu: &Pdu,
    verdict: Verdict,
    against: Against,
) -> Result<Option<OwnedServerName>, Error> {
    match (verdict, against) {
        (Verdict::Accepted, Against::CurrentState) => write.lacks_signature_of(pdu),
        _ => Ok(None),
    }
}
