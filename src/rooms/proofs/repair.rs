//! `check` sees what is wrong.

use kith_store::{
    Batch,
    tables::{
        events::EVENT_JSON,
        members::{LOCAL_JOINED, MEMBERSHIPS},
        rooms::{ROOM_HEADS, TIMESTAMPS},
    },
};

use super::World;

#[test]
fn damage_is_found() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room = world.public_room(&alice);
    world.join(&bob, &room);
    let event = world.say(&alice, &room, "x");
    world.assert_sound();
    let rooms = &world.rooms;
    let sid = rooms.room(&room).expect("reads").expect("known").sid;
    let event = rooms.store.ids().find_event(&event).expect("reads").expect("known");
    let heads = rooms.heads(sid).expect("reads");
    let meta = kith_store::tables::events::get_meta(rooms.store.engine(), event).expect("reads");
    let order = meta.place.expect("placed").order;
    type Damage<'a> = Box<dyn Fn(&mut Batch) + 'a>;
    let damages: [(&str, Damage<'_>); 5] = [
        ("a membership", Box::new(|batch| MEMBERSHIPS.delete(batch, &(bob.user, sid)))),
        ("a local member", Box::new(|batch| LOCAL_JOINED.delete(batch, &(sid, bob.user)))),
        ("a time", Box::new(|batch| TIMESTAMPS.delete(batch, &(sid, meta.timestamp_ms, order)))),
        (
            "a count",
            Box::new(|batch| {
                let heads = kith_store::tables::rooms::Heads { joined: 7, ..heads.clone() };
                ROOM_HEADS.put(batch, &sid, &heads);
            }),
        ),
        ("a text", Box::new(|batch| EVENT_JSON.put(batch, &event, &"{}".to_owned()))),
    ];
    let mut found = 0;
    for (what, damage) in damages {
        let mut batch = Batch::new();
        damage(&mut batch);
        world.engine.write(batch).expect("writes");
        let findings = world.findings();
        assert!(findings.len() > found, "{what}: {findings:?}");
        found = findings.len();
    }
}
