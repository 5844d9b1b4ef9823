//! Events of other servers on their way into rooms: gaps, authority, forks, and whoever does not play by the rules.

use std::sync::Arc;

use kith_base::Random;
use kith_event::{
    Pdu, RoomVersion,
    build::{self, Draft},
    parse::parse_pdu,
};
use kith_store::{
    Direction,
    tables::{
        edges::BACKWARD_EDGES,
        events::{Verdict, get_meta},
        relations::THREADS,
        rooms::TOPOLOGY,
    },
};
use ruma::{EventId, OwnedEventId, OwnedRoomId, UserId};
use serde_json::{Value, json};

use super::{
    World,
    forks::{after, sid},
    handover::{hand_over, public_room, timeline},
    network::Network,
    raw,
};
use crate::{
    commit::RoomWrite,
    filter::RoomEventFilter,
    ingest::Ingested,
    receive::{DUMMY_EVENT, EXTREMITIES_MAX, ReceiveError},
    timeline::{Page, PageRequest},
};

const HERE: &str = "b.example:8448";
const THERE: &str = "a.example:8448";

/// Two servers in one room; what one sends the other gets only when a test says so.
struct Two {
    network: Arc<Network>,
    here: World,
    there: World,
    room: OwnedRoomId,
}

impl Two {
    fn new(version: &str) -> Self {
        let network = Arc::new(Network::default());
        let (here, there) = (World::within(&network, HERE), World::within(&network, THERE));
        let room = public_room(&there, version);
        let two = Self { network, here, there, room };
        two.bring(&two.here);
        two
    }

    /// Brings a user of another server in.
    fn bring(&self, world: &World) {
        world.rooms.take_over(hand_over(&self.there, &self.room, world)).expect("joins");
    }

    /// Takes in on one side what the other has.
    async fn deliver(&self, to: &World, from: &World, event_id: &EventId) -> Result<Ingested, ReceiveError> {
        self.deliver_text(to, from, from.pdu(event_id).json()).await
    }

    async fn deliver_text(&self, to: &World, from: &World, text: &str) -> Result<Ingested, ReceiveError> {
        let text = raw(&serde_json::from_str(text).expect("JSON"));
        to.rooms.receive(&from.name, &self.room, &text).await
    }

    fn say(&self, text: &str) -> OwnedEventId {
        self.there.say(&self.there.user("alice"), &self.room, text)
    }

    fn set(&self, kind: &str, content: Value) -> OwnedEventId {
        self.there.set(&self.there.user("alice"), &self.room, kind, "", content).expect("sets")
    }

    fn assert_sound(&self) {
        self.here.assert_sound();
        self.there.assert_sound();
    }

    /// An event as a user of the other server would send it who does not ask what is allowed.
    fn forge(&self, sender: &str, kind: &str, state_key: Option<&str>, content: &Value) -> Pdu {
        let sender = UserId::parse(format!("@{sender}:{THERE}")).expect("a user id");
        after(&self.there, &self.room, None, &sender, kind, state_key, content.clone())
    }

    fn body_of(&self, event_id: &EventId) -> Value {
        self.here.pdu(event_id).content_field("body").unwrap_or_default()
    }

    fn topic_here(&self) -> Value {
        self.here.state_content(&self.room, "m.room.topic", "")["topic"].clone()
    }

    async fn page_back(&self, limit: usize) -> Page {
        let bob = self.here.user("bob");
        let read = self.here.rooms.store.read();
        let viewer = self.here.rooms.viewer(&*read, bob.user, &bob.user_id, None).expect("reads");
        let request = PageRequest {
            from: None,
            to: None,
            direction: Direction::Backward,
            limit,
            filter: RoomEventFilter::default(),
        };
        self.here.rooms.messages_over_gaps(self.room.clone(), viewer, request).await.expect("reads")
    }
}

fn bodies(page: &Page) -> Vec<String> {
    let events = page.chunk.iter().map(|event| serde_json::from_str::<Value>(event.get()).expect("JSON"));
    events.filter_map(|event| event["content"]["body"].as_str().map(str::to_owned)).collect()
}

fn ids_of(pdus: &[Pdu]) -> Vec<OwnedEventId> {
    pdus.iter().map(|pdu| pdu.event_id().clone()).collect()
}

#[tokio::test]
async fn what_lies_between_is_fetched_and_told_in_order() {
    for version in ["1", "2", "6", "11", "12"] {
        let two = Two::new(version);
        let mut sent: Vec<OwnedEventId> = ["one", "two"].map(|text| two.say(text)).to_vec();
        sent.push(two.set("m.room.topic", json!({ "topic": "three" })));
        sent.push(two.say("four"));
        let ingested = two.deliver(&two.here, &two.there, &sent[3]).await.expect("takes in");
        assert_eq!(ingested.verdict, Verdict::Accepted, "{version}: {:?}", ingested.reason);
        assert_eq!(two.network.asked("state_ids"), 0);
        let here = ids_of(&timeline(&two.here, &two.room));
        assert_eq!(here[here.len() - 4..], sent);
        assert_eq!(two.topic_here(), "three");
        // Again is the same, and asks nobody.
        two.network.asked("get_missing_events");
        assert_eq!(two.deliver(&two.here, &two.there, &sent[3]).await.expect("knows"), ingested);
        assert_eq!(two.network.asked("get_missing_events"), 0);
        two.assert_sound();
    }
}

#[tokio::test]
async fn where_the_gap_is_too_wide_the_state_is_asked_for_and_history_is_filled_in_later() {
    for version in ["1", "4", "11", "12"] {
        let two = Two::new(version);
        let seen = two.say("seen");
        two.deliver(&two.here, &two.there, &seen).await.expect("takes in");
        for number in 0..20 {
            two.say(&format!("missed {number}"));
            if number % 5 == 0 {
                two.set("m.room.topic", json!({ "topic": format!("topic {number}") }));
            }
        }
        let last = two.say("last");
        two.network.cut("get_missing_events");
        let ingested = two.deliver(&two.here, &two.there, &last).await.expect("takes in");
        assert_eq!(ingested.verdict, Verdict::Accepted, "{version}: {:?}", ingested.reason);
        assert_eq!(two.network.asked("state_ids"), 1);
        assert_eq!(two.topic_here(), "topic 15");
        two.assert_sound();
        // What it follows is history: nobody is told of it, and it is there.
        let prev = two.here.pdu(&last).prev_events()[0].clone();
        assert_eq!(two.body_of(&prev), "missed 19");
        let told = ids_of(&timeline(&two.here, &two.room));
        assert!(!told.contains(&prev) && told.contains(&last));

        let page = two.page_back(10).await;
        let expected: Vec<String> = std::iter::once("last".to_owned())
            .chain((0..20).rev().map(|number| format!("missed {number}")))
            .chain(["seen".to_owned()])
            .collect();
        let shown = bodies(&page);
        assert_eq!(shown, expected[..shown.len()], "{version}");
        let whole = bodies(&two.page_back(100).await);
        assert_eq!(whole, expected, "{version}");
        assert_eq!(ids_of(&timeline(&two.here, &two.room)), told, "nobody was told");
        let engine = two.here.rooms.store.engine();
        assert_eq!(BACKWARD_EDGES.scan(engine, &(), Direction::Forward).count(), 0, "the whole room is here");
        two.assert_sound();
    }
}

#[tokio::test]
async fn history_of_nothing_but_messages_needs_no_state() {
    let two = Two::new("11");
    two.network.cut("get_missing_events");
    let mut said: Vec<String> =
        (0..120).map(|number| number.to_string()).chain(["last".to_owned()]).collect();
    let ids: Vec<OwnedEventId> = said.iter().map(|text| two.say(text)).collect();
    two.deliver(&two.here, &two.there, &ids[120]).await.expect("takes in");
    assert_eq!(two.network.asked("state_ids"), 1);
    two.network.cut("state_ids");
    two.network.cut("state");
    said.reverse();
    let mut shown = Vec::new();
    while shown.len() < said.len() {
        let more = bodies(&two.page_back(said.len()).await);
        assert!(more.len() > shown.len(), "history ends at {shown:?}");
        shown = more;
    }
    assert_eq!(shown, said);
    two.here.assert_sound();
}

#[tokio::test]
async fn a_thread_in_history_forgets_what_is_redacted_and_keeps_the_rest() {
    let two = Two::new("11");
    two.network.cut("get_missing_events");
    let root = two.say("root");
    let reply = |text: &str| {
        let relation = json!({ "rel_type": "m.thread", "event_id": root });
        let content = json!({ "msgtype": "m.text", "body": text, "m.relates_to": relation });
        two.there.send(&two.there.user("alice"), &two.room, "m.room.message", content).expect("sends")
    };
    let (kept, secret) = (reply("kept"), reply("secret"));
    let alice = two.there.user("alice");
    let whole = two.there.pdu(&secret);
    two.there.rooms.redact(&alice, &two.room, &secret, None, None).expect("redacts");
    two.deliver(&two.here, &two.there, &two.say("last")).await.expect("takes in");
    two.network.forge(&secret, whole.json().to_owned());
    two.page_back(100).await;
    assert_eq!(two.here.pdu(&secret).content_text(), "{}");
    let ids = two.here.rooms.store.ids();
    let thread = ids.event(&root).expect("is known");
    let record = THREADS.get(two.here.rooms.store.engine(), &thread).expect("reads").expect("is a thread");
    assert_eq!((record.count, record.latest), (1, ids.event(&kept).expect("is known")));
    two.here.assert_sound();
}

#[tokio::test]
async fn a_gap_that_nobody_fills_is_read_over_and_left_alone() {
    let two = Two::new("11");
    two.network.cut("get_missing_events");
    two.network.cut("backfill");
    two.say("missed");
    two.say("edge");
    two.deliver(&two.here, &two.there, &two.say("last")).await.expect("takes in");
    assert_eq!(bodies(&two.page_back(10).await), ["last", "edge"]);
    assert_eq!(two.network.asked("backfill"), 1);
    assert_eq!(bodies(&two.page_back(10).await), ["last", "edge"]);
    assert_eq!(two.network.asked("backfill"), 0, "an hour is not enough to grow history");
    two.here.assert_sound();
}

#[tokio::test]
async fn authority_is_fetched_at_once_or_one_by_one() {
    for cut in ["event_auth", "state"] {
        let two = Two::new("11");
        two.network.cut("get_missing_events");
        two.network.cut(cut);
        let levels = two.there.state_content(&two.room, "m.room.power_levels", "");
        for level in [50, 60, 70] {
            let mut levels = levels.clone();
            levels["events"]["m.room.topic"] = level.into();
            two.set("m.room.power_levels", levels);
        }
        two.set("m.room.topic", json!({ "topic": "by power" }));
        let last = two.say("last");
        let ingested = two.deliver(&two.here, &two.there, &last).await.expect("takes in");
        assert_eq!(ingested.verdict, Verdict::Accepted, "{cut}: {:?}", ingested.reason);
        assert_eq!(two.topic_here(), "by power");
        two.assert_sound();
    }
}

#[tokio::test]
async fn what_was_changed_on_the_way_loses_its_content_or_is_refused() {
    let two = Two::new("11");
    let said = two.there.pdu(&two.say("original"));
    let changed = said.json().replace("original", "forged");
    let ingested = two.deliver_text(&two.here, &two.there, &changed).await.expect("takes in");
    assert_eq!(ingested.verdict, Verdict::Accepted);
    assert_eq!(two.here.pdu(said.event_id()).content_text(), "{}");

    // The sender is covered by the signature.
    let said = two.there.pdu(&two.say("mine"));
    let stolen = said.json().replace(&format!("@alice:{THERE}"), &format!("@mallory:{THERE}"));
    let error = two.deliver_text(&two.here, &two.there, &stolen).await.expect_err("is refused");
    assert!(matches!(error, ReceiveError::Unverified(_)), "{error}");
    two.here.assert_sound();
}

#[tokio::test]
async fn what_is_forged_among_what_is_fetched_costs_only_itself() {
    let two = Two::new("11");
    let (first, second) = (two.say("first"), two.say("second"));
    let last = two.say("last");
    let forged = two.there.pdu(&second).json().replace(&format!("@alice:{THERE}"), "@mallory:m.example");
    two.network.forge(&second, forged);
    // The event between cannot be had, so the last one does not come in; but what came before it did.
    let outcome = two.deliver(&two.here, &two.there, &last).await;
    assert!(matches!(outcome, Err(ReceiveError::Missing)), "{outcome:?}");
    assert_eq!(two.body_of(&first), "first");
    assert!(two.here.rooms.find_event(&last).expect("reads").is_none());
    two.here.assert_sound();
}

#[tokio::test]
async fn what_does_not_belong_here_is_refused() {
    let two = Two::new("11");
    let said = two.there.pdu(&two.say("x"));
    let other_room = ruma::room_id!("!other:a.example").to_owned();
    let text = raw(&serde_json::from_str(said.json()).expect("JSON"));
    let refused = two.here.rooms.receive(&two.there.name, &other_room, &text).await;
    assert!(matches!(refused, Err(ReceiveError::UnknownRoom)));
    let elsewhere = public_room(&two.here, "11");
    let refused = two.here.rooms.receive(&two.there.name, &elsewhere, &text).await;
    assert!(matches!(refused, Err(ReceiveError::OtherRoom)));
    let refused = two.deliver_text(&two.here, &two.there, "{}").await;
    assert!(matches!(refused, Err(ReceiveError::Malformed(_))));
    two.here.rooms.leave(&two.here.user("bob"), &two.room, None).expect("leaves");
    let refused = two.deliver_text(&two.here, &two.there, said.json()).await;
    assert!(matches!(refused, Err(ReceiveError::UnknownRoom)));
}

#[tokio::test]
async fn who_may_not_is_rejected_and_what_builds_on_it_too() {
    let two = Two::new("11");
    let alice = format!("@alice:{THERE}");
    // Somebody who is not in the room gives himself power, and names that as his authority.
    let levels = json!({ "users": { format!("@mallory:{THERE}"): 100 } });
    let grab = two.forge("mallory", "m.room.power_levels", Some(""), &levels);
    let ingested = two.deliver_text(&two.here, &two.there, grab.json()).await.expect("takes in");
    assert_eq!(ingested.verdict, Verdict::Rejected);
    assert_eq!(two.here.state_content(&two.room, "m.room.power_levels", "")["users"][&alice], 100);
    two.here.assert_sound();

    let honest = two.forge("alice", "m.room.topic", Some(""), &json!({ "topic": "x" }));
    let mut auth_events: Vec<OwnedEventId> = honest.auth_events().to_vec();
    for auth in &mut auth_events {
        if two.there.pdu(auth).kind_text() == "m.room.power_levels" {
            *auth = grab.event_id().clone();
        }
    }
    let sender = UserId::parse(&alice).expect("a user id");
    let context = build::Context {
        room_version: RoomVersion::find("11").expect("known"),
        room_id: Some(&two.room),
        prev_events: honest.prev_events().iter().cloned().map(build::EventRef::from).collect(),
        auth_events: auth_events.into_iter().map(build::EventRef::from).collect(),
        depth: honest.depth(),
        sender: &sender,
        origin_server_ts: honest.origin_server_ts(),
        server_name: &two.there.name,
        key: &two.there.rooms.signing_key,
    };
    let draft = Draft {
        kind: "m.room.topic".into(),
        state_key: Some(String::new()),
        content: raw(&json!({ "topic": "built on it" })),
        redacts: None,
    };
    let built_on_it = build::build(draft, &context).expect("builds");
    let ingested = two.deliver_text(&two.here, &two.there, built_on_it.json()).await.expect("takes in");
    assert_eq!(ingested.verdict, Verdict::Rejected);
    assert!(two.topic_here().is_null());
    // Once more changes nothing.
    let again = two.deliver_text(&two.here, &two.there, grab.json()).await.expect("knows");
    assert_eq!(again.verdict, Verdict::Rejected);
    // The room goes on.
    let said = two.say("on");
    assert_eq!(two.deliver(&two.here, &two.there, &said).await.expect("takes in").verdict, Verdict::Accepted);
    two.here.assert_sound();
}

#[tokio::test]
async fn whoever_was_banned_is_not_heard_but_state_forgets_nothing() {
    let two = Two::new("11");
    let (alice, bob) = (two.there.user("alice"), two.here.user("bob"));
    let late = two.here.say(&bob, &two.room, "late");
    two.there.rooms.ban(&alice, &two.room, &bob.user_id, None).expect("bans");
    let ingested = two.deliver(&two.there, &two.here, &late).await.expect("takes in");
    assert_eq!(ingested.verdict, Verdict::SoftFailed);
    assert!(!ids_of(&timeline(&two.there, &two.room)).contains(&late));
    let said = two.say("without it");
    assert!(!two.there.pdu(&said).prev_events().contains(&late));
    two.assert_sound();
}

#[tokio::test]
async fn many_forks_are_tied_together_by_an_event_that_nobody_sees() {
    let two = Two::new("11");
    let base = timeline(&two.there, &two.room).last().expect("has events").event_id().clone();
    let sender = UserId::parse(format!("@alice:{THERE}")).expect("a user id");
    for number in 0..EXTREMITIES_MAX {
        let content = json!({ "msgtype": "m.text", "body": format!("fork {number}") });
        let fork = after(&two.there, &two.room, Some(&base), &sender, "m.room.message", None, content);
        let ingested = two.deliver_text(&two.here, &two.there, fork.json()).await.expect("takes in");
        assert_eq!(ingested.verdict, Verdict::Accepted);
    }
    let room = two.here.rooms.room(&two.room).expect("reads").expect("known").sid;
    assert_eq!(two.here.rooms.heads(room).expect("reads").extremities.len(), 1);
    let told = timeline(&two.here, &two.room);
    let last = told.last().expect("has events");
    assert_eq!((&*last.kind_text(), last.prev_events().len()), (DUMMY_EVENT, EXTREMITIES_MAX));
    let page = two.page_back(3).await;
    assert_eq!(bodies(&page).len(), 3);
    assert!(page.chunk.iter().all(|event| !event.get().contains(DUMMY_EVENT)));
    two.here.assert_sound();
}

#[tokio::test]
async fn a_redaction_before_its_target_and_a_target_in_history() {
    let two = Two::new("11");
    two.network.cut("get_missing_events");
    let secret = two.say("secret");
    two.say("between");
    let alice = two.there.user("alice");
    let whole = two.there.pdu(&secret);
    let redaction = two.there.rooms.redact(&alice, &two.room, &secret, None, None).expect("redacts");
    two.deliver(&two.here, &two.there, &redaction).await.expect("takes in");
    assert!(two.here.rooms.find_event(&secret).expect("reads").is_none());
    two.network.forge(&secret, whole.json().to_owned());
    two.page_back(100).await;
    assert_eq!(two.here.pdu(&secret).content_text(), "{}");
    two.here.assert_sound();
}

#[tokio::test]
async fn the_beginning_of_the_room_is_no_news() {
    let two = Two::new("11");
    let create = timeline(&two.there, &two.room)[0].clone();
    let ingested = two.deliver_text(&two.here, &two.there, create.json()).await.expect("takes in");
    assert_eq!(ingested.verdict, Verdict::Accepted);
    assert!(!ids_of(&timeline(&two.here, &two.room)).contains(create.event_id()));
    let room = two.here.rooms.room(&two.room).expect("reads").expect("known").sid;
    assert_eq!(two.here.rooms.heads(room).expect("reads").extremities.len(), 1);
    let engine = two.here.rooms.store.engine();
    assert_eq!(TOPOLOGY.scan(engine, &room, Direction::Forward).count(), 2);
    two.here.assert_sound();
}

/// What one side does while it does not hear of the other.
fn act(world: &World, room: &OwnedRoomId, user: &str, random: &Random) {
    let user = world.user(user);
    let carol = ruma::user_id!("@carol:c.example");
    // What the rules do not allow is no move.
    match random.bytes::<1>()[0] % 6 {
        0 => drop(world.set(&user, room, "m.room.topic", "", json!({ "topic": random.alphanumeric(4) }))),
        1 => drop(world.set(&user, room, "m.room.name", "", json!({ "name": random.alphanumeric(4) }))),
        2 => drop(world.rooms.ban(&user, room, carol, None)),
        3 => drop(world.rooms.unban(&user, room, carol, None)),
        4 => {
            let mut levels = world.state_content(room, "m.room.power_levels", "");
            levels["events"]["m.room.topic"] = [0, 50, 75][usize::from(random.bytes::<1>()[0] % 3)].into();
            drop(world.set(&user, room, "m.room.power_levels", "", levels));
        }
        _ => drop(world.say(&user, room, "so")),
    }
}

fn state_ids(world: &World, event_id: &EventId) -> Vec<String> {
    let meta = get_meta(world.rooms.store.engine(), sid(world, event_id)).expect("reads");
    let root = meta.place.expect("has a place").state_before;
    let entries = world.rooms.state_at(meta.room, root).entries().expect("reads");
    let mut ids: Vec<String> = entries
        .into_iter()
        .map(|(_, event)| world.rooms.store.ids().event_id(event).expect("reads").to_string())
        .collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn any_order_of_delivery_ends_in_the_same_state() {
    for (seed, version) in RoomVersion::all().iter().enumerate() {
        let random = Random::seeded(seed as u64 + 1);
        let two = Two::new(version.id().as_str());
        let bob = two.here.user("bob");
        let mut levels = two.there.state_content(&two.room, "m.room.power_levels", "");
        levels["users"][bob.user_id.as_str()] = 75.into();
        two.deliver(&two.here, &two.there, &two.set("m.room.power_levels", levels)).await.expect("takes in");
        let before = timeline(&two.there, &two.room).len();
        let before_here = timeline(&two.here, &two.room).len();
        for _ in 0..8 {
            act(&two.there, &two.room, "alice", &random);
            act(&two.here, &two.room, "bob", &random);
        }
        let from_there: Vec<Pdu> = timeline(&two.there, &two.room).split_off(before);
        let from_here: Vec<Pdu> = timeline(&two.here, &two.room).split_off(before_here);
        // A third server joins what the first knows, and hears of everything in some order.
        let third = World::within(&two.network, "c.example:8448");
        let mut all: Vec<(&World, &Pdu)> = from_there.iter().map(|pdu| (&two.there, pdu)).collect();
        all.extend(from_here.iter().map(|pdu| (&two.here, pdu)));
        for (to, count) in [(&two.there, from_here.len()), (&two.here, from_there.len())] {
            let mut theirs: Vec<_> = all.iter().filter(|(from, _)| from.name != to.name).collect();
            assert_eq!(theirs.len(), count);
            while !theirs.is_empty() {
                let next = usize::from(random.bytes::<1>()[0]) % theirs.len();
                let (from, pdu) = theirs.swap_remove(next);
                two.deliver_text(to, from, pdu.json()).await.expect("takes in");
            }
            to.assert_sound();
        }
        two.bring(&third);
        let last = timeline(&two.there, &two.room).last().expect("has events").event_id().clone();
        two.deliver(&two.here, &two.there, &last).await.expect("takes in");
        let merged = two.say("together");
        for world in [&two.here, &third] {
            let ingested = two.deliver(world, &two.there, &merged).await.expect("takes in");
            assert_eq!(ingested.verdict, Verdict::Accepted, "{version:?}: {:?}", ingested.reason);
            assert_eq!(state_ids(world, &merged), state_ids(&two.there, &merged), "{version:?}");
            world.assert_sound();
        }
        two.assert_sound();
    }
}

#[tokio::test]
async fn a_state_with_a_circle_or_a_stranger_is_no_harm() {
    let two = Two::new("11");
    let room = two.here.rooms.room(&two.room).expect("reads").expect("known");
    let mut write = RoomWrite::open(&two.here.rooms, room).expect("opens");
    let stranger = parse_pdu(RoomVersion::find("11").expect("known"), two.there.pdu(&two.say("x")).json());
    let stranger = stranger.expect("an event");
    let given = write.state_of(&[stranger.event_id().clone()]).expect("reads");
    assert_eq!(given.left_out, [stranger.event_id().clone()]);
}
