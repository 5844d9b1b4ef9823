//! The two steps of every visit: a server in the room says what the member event builds on; the event is made from
//! that, signed, and handed in.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1make_joinroomiduserid>

use kith_event::{
    Pdu, RoomVersion,
    build::{self, Context},
    template::{self, Template, Wanted},
};
use kith_peers::Patience;
use kith_store::tables::members::Membership;
use ruma::{
    OwnedUserId, RoomId, RoomVersionId, ServerName, UserId,
    api::federation::membership::{prepare_join_event, prepare_knock_event, prepare_leave_event},
};
use serde_json::value::RawValue;

use crate::{
    Rooms, WriteError,
    membership::{MemberContent, MembershipError, restricted},
};

/// A member event that is ready to be handed in.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) pdu: Pdu,
    /// Who vouches for a restricted join: their server has to sign as well.
    pub(super) authoriser: Option<OwnedUserId>,
}

impl Rooms {
    /// Asks a server for a template, and makes the event. What is signed is what was asked for: from the template come
    /// only the events it builds on and who vouches.
    pub(super) async fn prepare(
        &self,
        server: &ServerName,
        room_id: &RoomId,
        user: &UserId,
        membership: Membership,
        content: MemberContent,
    ) -> Result<Prepared, MembershipError> {
        let (version, event) = self.ask_for_template(server, room_id, user, membership).await?;
        let room_version = RoomVersion::get(&version)
            .ok_or_else(|| MembershipError::NoHelp(format!("room version {version} is not known here")))?;
        let wanted = Wanted { room_id, user, membership: membership.as_str() };
        let template = template::read(room_version, event.get(), &wanted)
            .map_err(|error| MembershipError::NoHelp(format!("{server}: {error}")))?;
        self.complete(room_version, template, server, &wanted, content)
    }

    async fn ask_for_template(
        &self,
        server: &ServerName,
        room_id: &RoomId,
        user: &UserId,
        membership: Membership,
    ) -> Result<(RoomVersionId, Box<RawValue>), MembershipError> {
        let (room_id, user_id) = (room_id.to_owned(), user.to_owned());
        let ver: Vec<RoomVersionId> = RoomVersion::all().iter().map(|version| version.id().clone()).collect();
        Ok(match membership {
            Membership::Join => {
                let request = prepare_join_event::v1::Request { room_id, user_id, ver };
                let answer = self.peers.ask_with(server, request, Patience::INTERACTIVE).await?;
                (answer.room_version.unwrap_or(RoomVersionId::V1), answer.event)
            }
            Membership::Knock => {
                let request = prepare_knock_event::v1::Request { room_id, user_id, ver };
                let answer = self.peers.ask_with(server, request, Patience::INTERACTIVE).await?;
                (answer.room_version, answer.event)
            }
            Membership::Leave | Membership::Invite | Membership::Ban => {
                let request = prepare_leave_event::v1::Request { room_id, user_id };
                let answer = self.peers.ask_with(server, request, Patience::INTERACTIVE).await?;
                (answer.room_version.unwrap_or(RoomVersionId::V1), answer.event)
            }
        })
    }

    fn complete(
        &self,
        room_version: &'static RoomVersion,
        template: Template,
        server: &ServerName,
        wanted: &Wanted<'_>,
        content: MemberContent,
    ) -> Result<Prepared, MembershipError> {
        let Template { prev_events, auth_events, depth, authoriser } = template;
        let content = match &authoriser {
            None => content,
            Some(authoriser) if room_version.has_restricted_joins() && authoriser.server_name() == server => {
                content.with(restricted::AUTHORISER, authoriser.as_str())
            }
            Some(authoriser) => {
                let reason = format!("{server} names {authoriser} as the one who vouches for the join");
                return Err(MembershipError::NoHelp(reason));
            }
        };
        let context = Context {
            room_version,
            room_id: Some(wanted.room_id),
            prev_events,
            auth_events,
            depth,
            sender: wanted.user,
            origin_server_ts: self.clock.now_ms(),
            server_name: &self.server_name,
            key: &self.signing_key,
        };
        let pdu = build::build(content.draft(wanted.user)?, &context).map_err(WriteError::from)?;
        Ok(Prepared { pdu, authoriser })
    }
}

/// The text of an event as a request carries it.
pub(super) fn raw(pdu: &Pdu) -> Box<RawValue> {
    RawValue::from_string(pdu.json().to_owned()).expect("the text of an event is JSON")
}
