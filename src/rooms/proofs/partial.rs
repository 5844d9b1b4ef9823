//! Rooms that are joined without their members, until those have come.

use std::{sync::Arc, time::Duration};

use kith_event::{Pdu, VerifiedPdu};
use kith_store::{
    EventSid, RoomSid,
    tables::{
        counters,
        events::{Verdict, get_meta},
        members::{Membership, ROOM_SERVERS},
        partial::{PARTIAL_EVENTS, PARTIAL_ROOMS},
    },
};
use ruma::{EventId, OwnedRoomId, ServerName, UserId};
use serde_json::{Value, json};

use super::{
    World,
    forks::{after, ingest, newest, sid},
    handover::{hand_over, public_room, timeline},
    network::Network,
    raw,
};
use crate::{
    ReadError,
    ingest::Ingested,
    partial_state::PartOfState,
    receive::handover::Handover,
    resident::ResidentError,
    serve::{MissingBetween, ServeError},
};

const HERE: &str = "b.example:8448";
const THERE: &str = "a.example:8448";
/// A server that is said to be in the room.
const OTHER: &str = "c.example";
const MEMBERS: usize = 60;

/// Two servers; the one here has joined a room without its members.
struct Part {
    network: Arc<Network>,
    here: World,
    there: World,
    room: OwnedRoomId,
    sid: RoomSid,
    join: EventSid,
}

impl Part {
    fn new(version: &str) -> Self {
        Self::with(version, |_, _| {})
    }

    /// The same, in a room in which something has happened before.
    fn with(version: &str, before: impl FnOnce(&World, &OwnedRoomId)) -> Self {
        Self::told(version, before, |_| {})
    }

    /// The same, of which something else is told than what is so.
    fn told(
        version: &str,
        before: impl FnOnce(&World, &OwnedRoomId),
        change: impl FnOnce(&mut Handover),
    ) -> Self {
        let network = Arc::new(Network::default());
        let (here, there) = (World::within(&network, HERE), World::within(&network, THERE));
        let room = public_room(&there, version);
        for number in 0..MEMBERS {
            there.join(&there.user(&format!("user{number}")), &room);
        }
        before(&there, &room);
        let mut handover = without_members(&there, &room, &here);
        change(&mut handover);
        let taken = here.rooms.take_over(handover).expect("joins");
        assert_eq!(taken.verdict, Verdict::Accepted);
        let sid = here.rooms.room(&room).expect("reads").expect("known").sid;
        Self { network, here, there, room, sid, join: taken.event }
    }

    async fn deliver(&self, pdu: &Pdu) -> Ingested {
        let text = raw(&serde_json::from_str(pdu.json()).expect("JSON"));
        self.here.rooms.receive(&self.there.name, &self.room, &text).await.expect("is taken in")
    }

    /// An event of somebody over there who does not ask what is allowed.
    fn forge(&self, prev: &EventId, user: &str, text: &str) -> Pdu {
        let user = UserId::parse(format!("@{user}:{THERE}")).expect("a user id");
        let content = json!({ "msgtype": "m.text", "body": text });
        after(&self.there, &self.room, Some(&prev.to_owned()), &user, "m.room.message", None, content)
    }

    fn is_partial(&self) -> bool {
        self.here.rooms.is_partial(self.sid).expect("reads")
    }

    async fn complete(&self) {
        self.here.rooms.start_resync(self.sid);
        let time = Duration::from_secs(30);
        assert!(self.here.rooms.is_whole_within(self.sid, time).await.expect("reads"));
        let rows = PARTIAL_EVENTS.scan(self.here.rooms.store.engine(), &(), kith_store::Direction::Forward);
        assert_eq!(rows.count(), 0, "nothing is left to be judged anew");
        self.here.assert_sound();
    }

    fn servers(&self) -> Vec<String> {
        let servers = self.here.rooms.joined_servers(self.sid).expect("reads");
        let names = servers.into_iter().map(|server| self.here.rooms.store.ids().server_name(server));
        names.map(|name| name.expect("known").to_string()).collect()
    }

    /// The same current state on both sides.
    fn assert_agreed(&self) {
        let state = |world: &World| -> Vec<String> {
            let room = world.rooms.room(&self.room).expect("reads").expect("known").sid;
            let entries = world.rooms.current_state(room).expect("reads").entries().expect("reads");
            let ids = entries.into_iter().map(|(_, event)| world.rooms.store.ids().event_id(event));
            let mut ids: Vec<String> = ids.map(|id| id.expect("known").to_string()).collect();
            ids.sort_unstable();
            ids
        };
        assert_eq!(state(&self.here), state(&self.there));
    }
}

/// What a server hands over that may omit the members.
fn without_members(from: &World, room: &OwnedRoomId, to: &World) -> Handover {
    let mut handover = hand_over(from, room, to);
    let is_member = |pdu: &Pdu| *pdu.kind() == ruma::events::TimelineEventType::RoomMember;
    handover.state.retain(|event| !is_member(event.pdu()));
    // Of the members, only those come who authorise something else.
    let creator = from.user("alice").user_id;
    handover
        .auth_chain
        .retain(|event| !is_member(event.pdu()) || event.pdu().state_key() == Some(creator.as_str()));
    handover.part = Some(PartOfState {
        via: from.name.clone(),
        servers: [THERE, OTHER, HERE].map(|name| name.try_into().expect("a name")).into(),
    });
    handover
}

#[tokio::test]
async fn a_room_is_usable_at_once_and_whole_later() {
    for version in ["1", "6", "11", "12"] {
        let part = Part::new(version);
        let (bob, carl) = (part.here.user("bob"), part.here.user("carl"));
        assert!(part.is_partial());
        part.here.assert_sound();
        assert_eq!(part.here.membership(&bob, &part.room), Some(Membership::Join));
        assert!(part.servers().contains(&OTHER.to_owned()), "{version}: {:?}", part.servers());
        assert!(
            part.here.rooms.takes_part(&part.here.rooms.room_of(part.sid).expect("known")).expect("reads")
        );

        // Both sides talk, and another user of this server comes in.
        let hello = part.here.say(&bob, &part.room, "hello");
        assert_eq!(ingest(&part.there, &part.here.pdu(&hello)).verdict, Verdict::Accepted);
        let user = part.there.user("user7");
        let answer = part.there.say(&user, &part.room, "hello bob");
        assert_eq!(part.deliver(&part.there.pdu(&answer)).await.verdict, Verdict::Accepted);
        assert_eq!(
            part.here.membership(&part.here.requester(&user.user_id), &part.room),
            Some(Membership::Join)
        );
        part.here.join(&carl, &part.room);
        let joined = newest(&part.here, &part.room);
        assert_eq!(ingest(&part.there, &part.here.pdu(&joined)).verdict, Verdict::Accepted);
        part.here.assert_sound();
        let heads = part.here.rooms.heads(part.sid).expect("reads");
        assert!(heads.joined < 10, "{version}: {}", heads.joined);

        let shown = timeline(&part.here, &part.room).len();
        part.complete().await;
        let heads = part.here.rooms.heads(part.sid).expect("reads");
        assert_eq!(heads.joined, MEMBERS as u64 + 3, "{version}");
        assert_eq!(timeline(&part.here, &part.room).len(), shown, "{version}: nothing comes twice or goes");
        let mut servers = part.servers();
        servers.sort_unstable();
        assert_eq!(servers, [THERE, HERE], "{version}: nobody is there by hearsay any more");
        part.assert_agreed();
        part.here.say(&bob, &part.room, "on");
        part.here.assert_sound();
    }
}

#[tokio::test]
async fn what_was_not_allowed_is_taken_out_again() {
    let mut banned = None;
    let part = Part::with("11", |there, room| {
        banned = Some(newest(there, room));
        let (alice, mallory) = (there.user("alice"), there.user("user5"));
        there.rooms.ban(&alice, room, &mallory.user_id, None).expect("bans");
    });
    let join = part.here.rooms.store.ids().event_id(part.join).expect("known");
    part.here.say(&part.here.user("bob"), &part.room, "before");
    // Mallory speaks by the authority of having been there once. Who is not known to be banned is believed.
    let before_ban = banned.expect("noted");
    let old = part.forge(&before_ban, "user5", "I was never banned");
    let mut forged: Value = serde_json::from_str(old.json()).expect("JSON");
    forged["prev_events"] = json!([join]);
    forged["depth"] = json!(1_000);
    let forged = resigned(&part.there, forged);
    let taken = part.deliver(&forged).await;
    assert_eq!(taken.verdict, Verdict::Accepted);
    let after = part.here.say(&part.here.user("bob"), &part.room, "after");
    assert_eq!(timeline(&part.here, &part.room).len(), 4);
    part.here.assert_sound();
    let before = part.here.rooms.heads(part.sid).expect("reads").countable;

    part.complete().await;
    let meta = get_meta(part.here.rooms.store.engine(), taken.event).expect("reads");
    assert_eq!(meta.verdict, Verdict::Rejected);
    let left: Vec<_> = timeline(&part.here, &part.room).iter().map(|pdu| pdu.event_id().clone()).collect();
    assert_eq!(left.len(), 3);
    assert!(!left.contains(forged.event_id()) && left.contains(&after));
    assert_eq!(part.here.rooms.heads(part.sid).expect("reads").countable, before - 1);
    let mallory = part.here.requester(&part.there.user("user5").user_id);
    assert_eq!(part.here.membership(&mallory, &part.room), Some(Membership::Ban));
}

#[tokio::test]
async fn what_was_refused_for_a_lie_comes_in_as_news() {
    let member = std::cell::RefCell::new(Vec::new());
    let part = Part::told(
        "11",
        |there, room| {
            let user = there.user("user7");
            for _ in 0..2 {
                there.rooms.leave(&user, room, None).expect("leaves");
                there.join(&user, room);
            }
            let mut events = timeline(there, room);
            events.retain(|pdu| pdu.state_key() == Some(user.user_id.as_str()));
            *member.borrow_mut() = events;
        },
        |handover| {
            // The server that lets this one in says that the user has left, which was so for a while.
            let stale = member.borrow()[..4].to_vec();
            handover.auth_chain.extend(stale[..3].iter().cloned().map(VerifiedPdu::of_own));
            handover.state.push(VerifiedPdu::of_own(stale[3].clone()));
        },
    );
    let member = member.into_inner();
    let join = part.here.rooms.store.ids().event_id(part.join).expect("known");
    let mut says: Value =
        serde_json::from_str(part.forge(&join, "user7", "is anybody there?").json()).expect("JSON");
    for authority in says["auth_events"].as_array_mut().expect("a list") {
        if *authority == member[4].event_id().as_str() {
            // The authority of a membership that has ended, as far as anybody knows here.
            *authority = json!(member[2].event_id());
        }
    }
    let says = resigned(&part.there, says);
    let taken = part.deliver(&says).await;
    assert_eq!(taken.verdict, Verdict::Rejected, "{taken:?}");
    let after = part.here.say(&part.here.user("bob"), &part.room, "hello");
    assert_eq!(timeline(&part.here, &part.room).len(), 2);
    let before = part.here.rooms.heads(part.sid).expect("reads").countable;

    part.complete().await;
    let meta = get_meta(part.here.rooms.store.engine(), taken.event).expect("reads");
    assert_eq!(meta.verdict, Verdict::Accepted);
    let shown: Vec<_> = timeline(&part.here, &part.room).iter().map(|pdu| pdu.event_id().clone()).collect();
    assert_eq!(shown, [join, after, says.event_id().clone()]);
    assert_eq!(part.here.rooms.heads(part.sid).expect("reads").countable, before + 1);
    part.here.say(&part.here.user("bob"), &part.room, "now I hear you");
    part.here.assert_sound();
}

/// An event as its server would sign it.
fn resigned(world: &World, mut event: Value) -> Pdu {
    for field in ["signatures", "hashes", "event_id"] {
        event.as_object_mut().expect("an object").remove(field);
    }
    let version = kith_event::RoomVersion::find("11").expect("known");
    let ids = |field: &str| -> Vec<kith_event::build::EventRef> {
        let ids = event[field].as_array().expect("a list").iter();
        ids.map(|id| {
            let id = EventId::parse(id.as_str().expect("a text")).expect("an id");
            kith_event::build::EventRef::from(&world.pdu(&id))
        })
        .collect()
    };
    let room_id = OwnedRoomId::try_from(event["room_id"].as_str().expect("a text")).expect("an id");
    let sender = UserId::parse(event["sender"].as_str().expect("a text")).expect("an id");
    let context = kith_event::build::Context {
        room_version: version,
        room_id: Some(&room_id),
        prev_events: ids("prev_events"),
        auth_events: ids("auth_events"),
        depth: event["depth"].as_u64().expect("a number"),
        sender: &sender,
        origin_server_ts: event["origin_server_ts"].as_u64().expect("a number"),
        server_name: &world.name,
        key: &world.rooms.signing_key,
    };
    let draft = kith_event::build::Draft::message("m.room.message".into(), raw(&event["content"]));
    kith_event::build::build(draft, &context).expect("builds")
}

#[tokio::test]
async fn a_known_ban_holds_before_the_members_have_come() {
    let part = Part::new("11");
    let join = part.here.rooms.store.ids().event_id(part.join).expect("known");
    let (alice, mallory) = (part.there.user("alice"), part.there.user("user5"));
    let says = part.forge(&join, "user5", "still here");
    part.there.rooms.ban(&alice, &part.room, &mallory.user_id, None).expect("bans");
    let ban = part.there.pdu(&newest(&part.there, &part.room));
    assert_eq!(part.deliver(&ban).await.verdict, Verdict::Accepted);
    let mut event: Value = serde_json::from_str(says.json()).expect("JSON");
    event["prev_events"] = json!([ban.event_id()]);
    let forged = resigned(&part.there, event);
    assert_eq!(part.deliver(&forged).await.verdict, Verdict::Rejected);
    // Nor does it help not to have heard of it.
    assert_eq!(part.deliver(&says).await.verdict, Verdict::SoftFailed);
    part.complete().await;
    assert_eq!(timeline(&part.here, &part.room).len(), 2);
    part.assert_agreed();
}

#[tokio::test]
async fn what_was_said_at_the_same_time_stands_over_a_gap() {
    let mut last = None;
    let part = Part::with("11", |there, room| {
        last = Some(there.say(&there.user("user1"), room, "before"));
    });
    let fork = last.expect("said");
    // Somebody speaks who has not heard of the join, and somebody follows.
    let first = part.forge(&fork, "user2", "at the same time");
    assert_eq!(ingest(&part.there, &first).verdict, Verdict::Accepted);
    assert_eq!(part.deliver(&first).await.verdict, Verdict::Accepted);
    assert_eq!(part.network.asked("state_ids") + part.network.asked("get_missing_events"), 0);
    let second = part.there.say(&part.there.user("user3"), &part.room, "afterwards");
    assert_eq!(part.deliver(&part.there.pdu(&second)).await.verdict, Verdict::Accepted);
    assert_eq!(newest(&part.here, &part.room), second);
    part.here.assert_sound();
    part.complete().await;
    part.assert_agreed();
    assert_eq!(newest(&part.here, &part.room), second);
}

#[tokio::test]
async fn nobody_gets_what_cannot_be_vouched_for() {
    let part = Part::new("11");
    let bob = part.here.user("bob");
    let hello = part.here.say(&bob, &part.room, "hello");
    let (rooms, read) = (&part.here.rooms, part.here.rooms.store.read());
    let (there, eve) = (&part.there.name, part.there.user("eve").user_id);
    let version = [ruma::RoomVersionId::V11];
    let refused = rooms.make_join(there, &part.room, &eve, &version);
    assert!(matches!(refused, Err(ResidentError::Incomplete(_))));
    assert!(matches!(rooms.make_knock(there, &part.room, &eve, &version), Err(ResidentError::Incomplete(_))));
    let refused = rooms.serve_state_ids(&*read, there, &part.room, &hello);
    assert!(matches!(refused, Err(ServeError::Incomplete)));
    let refused = rooms.serve_event_auth(&*read, there, &part.room, &hello);
    assert!(matches!(refused, Err(ServeError::Incomplete)));
    // What was said here can be had, by those who are said to be in the room, and nothing else.
    let join = rooms.store.ids().event_id(part.join).expect("known");
    let answer = part.there.say(&part.there.user("user1"), &part.room, "secret");
    part.deliver(&part.there.pdu(&answer)).await;
    let (latest, other) = ([answer.clone(), hello.clone()], ServerName::parse(OTHER).expect("a name"));
    let between = MissingBetween { earliest: &[], latest: &latest, limit: 10, min_depth: 0 };
    let read = rooms.store.read();
    let found = rooms.serve_missing_events(&*read, &other, &part.room, &between).expect("serves");
    assert!(found.contains("m.room.member") && !found.contains("secret"), "{found}");
    assert!(rooms.serve_event(&*read, &other, &hello).expect("serves").contains("hello"));
    assert!(matches!(rooms.serve_event(&*read, &other, &answer), Err(ServeError::NotFound(_))));
    assert!(rooms.serve_event(&*read, &other, &join).is_ok());
    part.complete().await;
    assert!(part.here.rooms.make_join(there, &part.room, &eve, &version).is_ok());
    let read = part.here.rooms.store.read();
    assert!(part.here.rooms.serve_state_ids(&*read, there, &part.room, &hello).is_ok());
}

#[tokio::test]
async fn a_room_that_is_left_is_not_completed() {
    let part = Part::new("11");
    part.network.cut("state_ids");
    part.here.rooms.leave(&part.here.user("bob"), &part.room, None).expect("leaves");
    let leave = part.here.pdu(&newest(&part.here, &part.room));
    assert_eq!(ingest(&part.there, &leave).verdict, Verdict::Accepted);
    part.here.assert_sound();
    // The others are told first, by what is known of who is there.
    part.here.rooms.start_resync(part.sid);
    assert!(!part.here.rooms.is_whole_within(part.sid, Duration::from_millis(100)).await.expect("reads"));
    let mut txn = part.here.rooms.store.begin();
    counters::put_delivered(&mut txn.batch, kith_store::Position::END);
    part.here.rooms.store.commit_durably(txn).expect("writes");
    part.complete().await;
    assert!(PARTIAL_ROOMS.get(part.here.rooms.store.engine(), &part.sid).expect("reads").is_none());
    assert_eq!(part.network.asked("state_ids"), 0);
    let rows = ROOM_SERVERS.scan(part.here.rooms.store.engine(), &part.sid, kith_store::Direction::Forward);
    assert!(rows.map(|row| row.expect("reads").1).all(|users| users > 0));

    // Coming back begins anew, with a part or with all of it.
    part.here.rooms.take_over(without_members(&part.there, &part.room, &part.here)).expect("joins");
    part.here.assert_sound();
    assert!(part.is_partial());
    part.here.rooms.leave(&part.here.user("bob"), &part.room, None).expect("leaves");
    let leave = part.here.pdu(&newest(&part.here, &part.room));
    assert_eq!(ingest(&part.there, &leave).verdict, Verdict::Accepted);
    part.here.rooms.take_over(hand_over(&part.there, &part.room, &part.here)).expect("joins");
    assert!(!part.is_partial());
    part.here.assert_sound();
    part.assert_agreed();
}

#[tokio::test]
async fn waiting_for_members_ends() {
    let part = Part::new("11");
    let nobody = ruma::room_id!("!nowhere:a.example");
    part.here.rooms.await_members(nobody).await.expect("nothing to wait for");
    assert!(!part.here.rooms.is_whole_within(part.sid, Duration::from_millis(1)).await.expect("reads"));
    let waiting = part.here.rooms.await_members(&part.room);
    tokio::pin!(waiting);
    assert!(futures_util::poll!(&mut waiting).is_pending());
    part.complete().await;
    assert!(!matches!(waiting.await, Err(ReadError::Incomplete)));
    let meta = get_meta(part.here.rooms.store.engine(), part.join).expect("reads");
    let state = part.here.rooms.state_at(part.sid, meta.place.expect("placed").state_before);
    assert!(state.len().expect("reads") > MEMBERS as u64, "the past has its members too");
    assert_eq!(sid(&part.here, part.here.pdu(&newest(&part.here, &part.room)).event_id()), part.join);
}
