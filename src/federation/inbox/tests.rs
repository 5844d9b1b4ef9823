//! The inbox over stand-ins for the room domain and for whom EDUs concern.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use kith_base::{Clock, Tasks};
use kith_config::Config;
use kith_kv::memory::MemoryEngine;
use kith_store::{
    Direction, Engine, Error, Options, Store, catalog, tables::destinations::STAGED_TRANSACTIONS,
};
use parking_lot::Mutex;
use ruma::{EventId, OwnedEventId, RoomId, ServerName, owned_server_name};
use serde_json::{Value, json, value::RawValue};
use tokio::sync::Notify;

use super::{
    Answer, EduHandler, Inbox, InboxParts, Intake, PresenceUpdate, ReceiptUpdate, Received, TransactionError,
    TypingUpdate, answers::ANSWERS_MAX, intake::Taken,
};

/// Notes what it is given, in order. Rooms named "closed" shut everybody out.
#[derive(Default)]
struct Notes {
    events: Mutex<Vec<String>>,
    edus: Mutex<Vec<String>>,
    failing: Mutex<bool>,
    /// Whoever takes in an event named "slow…" waits for this.
    fetched: Notify,
}

impl Intake for Notes {
    fn admits(&self, _: &ServerName, room_id: &RoomId) -> Result<bool, Error> {
        Ok(!room_id.as_str().contains("closed"))
    }

    fn event_id(&self, _: &RoomId, event: &RawValue) -> Result<Option<OwnedEventId>, Error> {
        let event: Value = serde_json::from_str(event.get()).expect("JSON");
        Ok(EventId::parse(format!("${}:b.example", event["name"].as_str().expect("a name"))).ok())
    }

    fn take_in<'a>(
        &'a self,
        _: &'a ServerName,
        room_id: &'a RoomId,
        event: Box<RawValue>,
    ) -> BoxFuture<'a, Result<Taken, Error>> {
        Box::pin(async move {
            let event: Value = serde_json::from_str(event.get()).expect("JSON");
            let name = event["name"].as_str().expect("a name").to_owned();
            if name.starts_with("slow") {
                self.fetched.notified().await;
            }
            // Whoever comes second must not overtake.
            tokio::time::sleep(Duration::from_millis(if name.ends_with('1') { 20 } else { 1 })).await;
            self.events.lock().push(format!("{room_id} {name}"));
            let event_id = EventId::parse(format!("${name}:b.example")).ok();
            let outcome = if name.contains("bad") { Err("bad".to_owned()) } else { Ok(()) };
            Ok(Taken { event_id, outcome })
        })
    }
}

impl Notes {
    fn note(&self, what: String) -> Result<(), Error> {
        if *self.failing.lock() {
            return Err(Error::Poisoned("on purpose".to_owned()));
        }
        self.edus.lock().push(what);
        Ok(())
    }
}

impl EduHandler for Notes {
    fn typing(&self, update: TypingUpdate) -> Result<(), Error> {
        self.note(format!("typing {} {} {}", update.room_id, update.user_id, update.typing))
    }
    fn receipts(&self, updates: Vec<ReceiptUpdate>) -> Result<(), Error> {
        let told = updates.iter().map(|update| {
            format!("receipt {} {} {:?} {:?}", update.room_id, update.user_id, update.thread_id, update.at_ms)
        });
        told.collect::<Vec<_>>().into_iter().try_for_each(|told| self.note(told))
    }
    fn presence(&self, updates: Vec<PresenceUpdate>) -> Result<(), Error> {
        let told =
            updates.iter().map(|update| format!("presence {} {}", update.user_id, update.state.as_str()));
        told.collect::<Vec<_>>().into_iter().try_for_each(|told| self.note(told))
    }
    fn direct_to_device(&self, _: &ServerName, content: &RawValue) -> Result<(), Error> {
        self.note(format!("direct_to_device {content}"))
    }
    fn device_list_update(&self, _: &ServerName, _: &RawValue) -> Result<(), Error> {
        self.note("device_list_update".to_owned())
    }
    fn signing_key_update(&self, _: &ServerName, _: &RawValue) -> Result<(), Error> {
        self.note("signing_key_update".to_owned())
    }
}

struct World {
    engine: Arc<dyn Engine>,
    clock: Clock,
    notes: Arc<Notes>,
    inbox: Arc<Inbox>,
}

impl World {
    fn new() -> Self {
        Self::over(Arc::new(MemoryEngine::new(&catalog::specs())))
    }

    fn over(engine: Arc<dyn Engine>) -> Self {
        let store = Store::open(Arc::clone(&engine), Options::default()).expect("opens");
        let (clock, notes) = (Clock::fixed(1_700_000_000_000), Arc::new(Notes::default()));
        let mut config = Config::default();
        config.rate_limits.enabled = false;
        let inbox = Inbox::new(InboxParts {
            store,
            clock: clock.clone(),
            tasks: Tasks::new(),
            config: Arc::new(config),
            intake: Arc::clone(&notes) as Arc<dyn Intake>,
            edus: Arc::clone(&notes) as Arc<dyn EduHandler>,
            answer_wait: Duration::from_millis(300),
        });
        Self { engine, clock, notes, inbox }
    }

    /// The same data, opened again.
    fn reopen(self) -> Self {
        let Self { engine, inbox, .. } = self;
        drop(inbox);
        Self::over(engine)
    }

    async fn receive(
        &self,
        id: &str,
        pdus: Vec<Value>,
        edus: Vec<Value>,
    ) -> Result<Answer, TransactionError> {
        self.inbox.receive(received(id, pdus, edus)).await
    }

    /// Hands one EDU in and says what came of it.
    async fn told(&self, edu_type: &str, content: Value) -> Vec<String> {
        self.clock.advance(Duration::from_millis(1));
        let id = self.clock.now_ms().to_string();
        let edu = json!({ "edu_type": edu_type, "content": content });
        self.receive(&id, vec![], vec![json!("nonsense"), edu]).await.expect("receives");
        std::mem::take(&mut *self.notes.edus.lock())
    }
}

fn received(id: &str, pdus: Vec<Value>, edus: Vec<Value>) -> Received {
    let raw = |values: Vec<Value>| {
        let texts = values.into_iter().map(|value| RawValue::from_string(value.to_string()).expect("JSON"));
        texts.collect()
    };
    Received { origin: owned_server_name!("b.example"), id: id.to_owned(), pdus: raw(pdus), edus: raw(edus) }
}

fn event(room: &str, name: &str) -> Value {
    json!({ "room_id": format!("!{room}:b.example"), "type": "m.room.message", "name": name })
}

#[tokio::test]
async fn the_events_of_a_room_keep_their_order_and_each_has_its_answer() {
    let world = World::new();
    let pdus = vec![event("a", "a1"), event("b", "bad1"), event("a", "a2"), json!({ "type": "x" }), json!(7)];
    let answer = world.receive("1", pdus, vec![]).await.expect("receives");
    let told: Vec<_> =
        answer.iter().map(|(event_id, outcome)| (event_id.as_str(), outcome.is_ok())).collect();
    assert_eq!(told, [("$a1:b.example", true), ("$a2:b.example", true), ("$bad1:b.example", false)]);
    let events = world.notes.events.lock().clone();
    let of_a: Vec<_> = events.iter().filter(|event| event.starts_with("!a")).collect();
    assert_eq!(of_a, ["!a:b.example a1", "!a:b.example a2"]);
}

#[tokio::test]
async fn a_transaction_that_comes_again_gets_its_answer_and_is_not_dealt_with_again() {
    let world = World::new();
    let pdus = || vec![event("a", "a1"), event("a", "bad2")];
    let first = world.receive("1", pdus(), vec![]).await.expect("receives");
    assert_eq!(world.receive("1", pdus(), vec![]).await.expect("receives"), first);
    assert_eq!(world.notes.events.lock().len(), 2);
    let world = world.reopen();
    assert_eq!(world.receive("1", pdus(), vec![]).await.expect("receives"), first);
    assert_eq!(world.notes.events.lock().len(), 0);
    // Another server's transaction of the same name is another.
    let other = Received { origin: owned_server_name!("c.example"), ..received("1", pdus(), vec![]) };
    world.inbox.receive(other).await.expect("receives");
    assert_eq!(world.notes.events.lock().len(), 2);
    // Only so many are kept.
    for id in 0..ANSWERS_MAX {
        world.clock.advance(Duration::from_millis(1));
        world.receive(&format!("later {id}"), vec![], vec![]).await.expect("receives");
    }
    world.receive("1", pdus(), vec![]).await.expect("receives");
    assert_eq!(world.notes.events.lock().len(), 4);
}

#[tokio::test]
async fn who_asks_again_meanwhile_waits_for_the_same_answer() {
    let world = World::new();
    let ask = || world.receive("1", vec![event("a", "a1")], vec![]);
    let (first, second) = tokio::join!(ask(), ask());
    assert_eq!(first.expect("receives"), second.expect("receives"));
    assert_eq!(world.notes.events.lock().len(), 1);
    assert!(world.inbox.flights.lock().is_empty());
}

#[tokio::test]
async fn what_takes_long_is_answered_first_and_dealt_with_afterwards_also_after_a_restart() {
    let world = World::new();
    let pdus = || vec![event("a", "slow1"), event("a", "a2"), event("b", "bad1")];
    let first = world.receive("1", pdus(), vec![]).await.expect("receives");
    let told = |answer: &Answer| {
        answer.iter().map(|(id, outcome)| (id.to_string(), outcome.is_ok())).collect::<Vec<_>>()
    };
    let told_first = told(&first);
    let expected = [("$a2:b.example", true), ("$bad1:b.example", false), ("$slow1:b.example", true)];
    assert_eq!(told_first, expected.map(|(id, taken)| (id.to_owned(), taken)));
    assert_eq!(*world.notes.events.lock(), ["!b:b.example bad1"]);
    // It is still being dealt with, and whoever asks again gets the same.
    assert_eq!(world.receive("1", pdus(), vec![]).await.expect("receives"), first);
    // The server stops before what is missing was fetched, and starts again.
    assert!(world.inbox.tasks.stop(Duration::from_secs(5)).await);
    let world = world.reopen();
    world.inbox.start();
    world.notes.fetched.notify_one();
    let dealt_with = async {
        while STAGED_TRANSACTIONS.scan(&*world.engine, &(), Direction::Forward).next().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), dealt_with).await.expect("dealt with");
    let events = world.notes.events.lock().clone();
    let of_a: Vec<_> = events.iter().filter(|event| event.starts_with("!a")).collect();
    assert_eq!(of_a, ["!a:b.example slow1", "!a:b.example a2"]);
    // From now on the answer is the kept one.
    assert_eq!(told(&world.receive("1", pdus(), vec![]).await.expect("receives")), told_first);
    assert_eq!(world.notes.events.lock().len(), events.len());
}

#[tokio::test]
async fn what_is_too_large_is_refused_as_a_whole() {
    let world = World::new();
    let refused = world.receive("1", vec![event("a", "a1"); 51], vec![]).await;
    assert!(matches!(refused, Err(TransactionError::TooLarge)));
    let refused = world.receive("2", vec![], vec![json!({}); 101]).await;
    assert!(matches!(refused, Err(TransactionError::TooLarge)));
    assert!(matches!(world.receive("", vec![], vec![]).await, Err(TransactionError::InvalidId)));
    assert!(matches!(
        world.receive(&"x".repeat(256), vec![], vec![]).await,
        Err(TransactionError::InvalidId)
    ));
    assert_eq!(world.notes.events.lock().len(), 0);
}

#[tokio::test]
async fn a_failure_of_the_store_leaves_the_transaction_to_come_again() {
    let world = World::new();
    let edu = json!({
        "edu_type": "m.direct_to_device",
        "content": { "sender": "@b:b.example", "type": "m.x", "message_id": "1", "messages": {} },
    });
    *world.notes.failing.lock() = true;
    let failed = world.receive("1", vec![], vec![edu.clone()]).await;
    assert!(matches!(failed, Err(TransactionError::Failed(_))));
    *world.notes.failing.lock() = false;
    world.receive("1", vec![], vec![edu]).await.expect("receives");
    assert_eq!(world.notes.edus.lock().len(), 1);
}

#[tokio::test]
async fn edus_speak_only_for_users_of_the_server_that_sends_them() {
    let world = World::new();
    for (owner, taken) in [("b.example", true), ("a.example", false)] {
        let user = format!("@u:{owner}");
        let check = |told: Vec<String>| assert_eq!(told.len(), usize::from(taken), "{owner}: {told:?}");
        check(
            world
                .told("m.typing", json!({ "room_id": "!r:b.example", "user_id": user, "typing": true }))
                .await,
        );
        let receipt = json!({ "event_ids": ["$e:b.example"], "data": { "ts": 7, "thread_id": "main" } });
        check(world.told("m.receipt", json!({ "!r:b.example": { "m.read": { &user: receipt } } })).await);
        check(world.told("m.presence", json!({ "push": [{ "user_id": user, "presence": "online" }] })).await);
        check(world.told("m.direct_to_device", json!({ "sender": user })).await);
        check(world.told("m.device_list_update", json!({ "user_id": user })).await);
        check(world.told("m.signing_key_update", json!({ "user_id": user })).await);
    }
    assert_eq!(world.told("m.future", json!({ "user_id": "@u:b.example" })).await, [""; 0]);
}

#[tokio::test]
async fn what_is_malformed_costs_only_itself() {
    let world = World::new();
    let receipt = json!({ "event_ids": ["$e:b.example"], "data": { "ts": 7 } });
    let content = json!({
        "!a:b.example": { "m.read": { "@u:b.example": receipt, "@v:b.example": { "event_ids": 7 }, "nobody": receipt } },
        "!b:b.example": { "m.unread": {} },
        "!closed:b.example": { "m.read": { "@u:b.example": receipt } },
        "nowhere": { "m.read": {} },
    });
    assert_eq!(world.told("m.receipt", content).await, ["receipt !a:b.example @u:b.example None Some(7)"]);
    let presence = json!({ "push": [
        { "user_id": "@u:b.example", "presence": "asleep" },
        { "user_id": "@v:b.example", "presence": "unavailable" },
        7,
    ] });
    assert_eq!(world.told("m.presence", presence).await, ["presence @v:b.example unavailable"]);
    let closed = json!({ "room_id": "!closed:b.example", "user_id": "@u:b.example", "typing": true });
    assert_eq!(world.told("m.typing", closed).await, [""; 0]);
}
