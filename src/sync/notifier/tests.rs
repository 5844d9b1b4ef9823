//! Tests of waking: whoever is concerned, and nobody else.

use kith_kv::memory::MemoryEngine;
use kith_store::{
    EventSid, Options, Position, catalog,
    tables::members::{LOCAL_JOINED, MembershipRecord},
};
use tokio::time::timeout;

use super::*;

const ROOM: RoomSid = RoomSid(1);
const SOON: Duration = Duration::from_secs(5);
const SHORTLY: Duration = Duration::from_millis(50);

fn store() -> Arc<Store> {
    Store::open(Arc::new(MemoryEngine::new(&catalog::specs())), Options::default()).expect("opens")
}

fn notifier(store: &Arc<Store>) -> Arc<Notifier> {
    let rows = Arc::clone(store);
    let local_joined = move |room: RoomSid| {
        let rows = LOCAL_JOINED.scan(rows.engine(), &room, Direction::Forward);
        rows.map(|row| row.map(|((_, user), ())| user)).collect()
    };
    Arc::new(Notifier::new(Arc::clone(store), Box::new(local_joined)))
}

fn announce(store: &Store, kind: ChangeKind) {
    let mut txn = store.begin();
    if let ChangeKind::Event { room, member: Some(user), .. } = &kind {
        LOCAL_JOINED.put(&mut txn.batch, &(*room, *user), &());
    }
    let position = txn.position().expect("allocates");
    txn.change(position, kind);
    store.commit_durably(txn).expect("commits");
}

fn event(member: Option<u64>) -> ChangeKind {
    ChangeKind::Event { room: ROOM, event: EventSid(1), member: member.map(UserSid) }
}

/// Takes the wake-ups that are on their way.
async fn calm_down(waiters: &[&Waiter]) {
    for waiter in waiters {
        while timeout(SHORTLY, waiter.woken()).await.is_ok() {}
    }
}

#[tokio::test]
async fn only_those_concerned_are_woken() {
    let (store, tasks) = (store(), Tasks::new());
    announce(&store, event(Some(1)));
    let notifier = notifier(&store);
    tasks.spawn("notifier", Arc::clone(&notifier).run(tasks.clone()));
    tokio::task::yield_now().await;

    let (member, second, stranger) =
        (notifier.wait(UserSid(1)), notifier.wait(UserSid(1)), notifier.wait(UserSid(2)));
    announce(&store, event(None));
    timeout(SOON, member.woken()).await.expect("a member is woken");
    timeout(SOON, second.woken()).await.expect("every connection of a member is woken");
    assert!(timeout(SHORTLY, stranger.woken()).await.is_err(), "a stranger sleeps on");

    // Whoever joins hears of it, and of what follows.
    announce(&store, event(Some(2)));
    timeout(SOON, stranger.woken()).await.expect("the new member is woken");
    calm_down(&[&member, &stranger]).await;
    announce(&store, ChangeKind::Typing { room: ROOM });
    timeout(SOON, stranger.woken()).await.expect("the new member is among those to wake");

    // Private matters wake their owner alone.
    calm_down(&[&member, &stranger]).await;
    announce(&store, ChangeKind::Receipt { room: ROOM, user: UserSid(2), private: true });
    timeout(SOON, stranger.woken()).await.expect("one's own receipt");
    assert!(timeout(SHORTLY, member.woken()).await.is_err(), "somebody else's private receipt");

    drop((member, second, stranger));
    assert_eq!(notifier.waiting(), 0);
    assert!(tasks.stop(SOON).await);
}

#[tokio::test]
async fn presence_wakes_those_who_share_a_room_and_not_too_often() {
    let (store, tasks) = (store(), Tasks::new());
    announce(&store, event(Some(1)));
    let mut txn = store.begin();
    let record = MembershipRecord {
        membership: Membership::Join,
        event: EventSid(1),
        position: Position(1),
        sender: UserSid(9),
        forgotten: false,
        stripped_state: None,
        was_joined: true,
        is_direct: false,
    };
    MEMBERSHIPS.put(&mut txn.batch, &(UserSid(9), ROOM), &record);
    store.commit_durably(txn).expect("commits");
    let notifier = notifier(&store);
    tasks.spawn("notifier", Arc::clone(&notifier).run(tasks.clone()));
    tokio::task::yield_now().await;

    let (sharing, stranger) = (notifier.wait(UserSid(1)), notifier.wait(UserSid(2)));
    announce(&store, ChangeKind::Presence { user: UserSid(9) });
    timeout(SOON, sharing.woken()).await.expect("is woken in the end");
    assert!(timeout(SHORTLY, stranger.woken()).await.is_err());
    assert!(tasks.stop(SOON).await);
}
