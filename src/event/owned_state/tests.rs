//! Whose state is whose, alone and where forks meet.

use std::collections::HashSet;

use ruma::events::{StateEventType, TimelineEventType};
use serde_json::json;

use super::{MASK, masked, owner};
use crate::{
    factory::{Agreed, CREATOR, Fork, World, member, state, version},
    resolve::{Conflict, resolve},
};

const KIND: &str = "org.example.beacon";

#[test]
fn keys_name_their_owner() {
    let owner_of = |key| owner(&KIND.into(), key).map(|owner| owner.map(|owner| owner.to_string()));
    let bob = Ok(Some("@bob:b".to_owned()));
    assert_eq!(owner_of("@bob:b"), bob);
    assert_eq!(owner_of("@bob:b_"), bob);
    assert_eq!(owner_of("@bob:b_phone_2"), bob);
    assert_eq!(owner_of("@b_b:b_phone"), Ok(Some("@b_b:b".to_owned())));
    assert_eq!(owner_of("@bob:b.evil.com_phone"), Ok(Some("@bob:b.evil.com".to_owned())));
    for nobody in ["", "bob", "_@bob:b_phone"] {
        assert_eq!(owner_of(nobody), Ok(None), "{nobody}");
    }
    for malformed in ["@", "@bob", "@bob_phone", "@bob:", "@bob:_phone"] {
        assert!(owner_of(malformed).is_err(), "{malformed}");
    }
    assert_eq!(owner(&TimelineEventType::RoomMember, "@bob"), Ok(None));
    let keys = ["", "@a", "a", &format!("{MASK}@a"), &format!("{MASK}{MASK}")];
    assert_eq!(keys.iter().map(|key| masked(key)).collect::<HashSet<_>>().len(), keys.len());
}

/// A room in which Bob and Carol may write state, and Bob may do no more than Carol.
fn room(world: &World) -> Fork {
    let mut fork = world.room(json!({}));
    for user in ["@bob:b", "@carol:c"] {
        world.put(&mut fork, member(user, user, "join"));
    }
    let levels = json!({ "state_default": 10, "users": { CREATOR: 100, "@bob:b": 10, "@carol:c": 10 } });
    world.put(&mut fork, state(CREATOR, "m.room.power_levels", "", levels));
    fork
}

#[test]
fn the_owner_writes_and_whoever_has_more_power() {
    for id in ["org.matrix.msc3757.10", "org.matrix.msc3757.11"] {
        let world = World::new(version(id));
        let fork = room(&world);
        let may = |sender: &str, key: &str| {
            let pdu = world.make(&fork, state(sender, KIND, key, json!({})));
            world.allows(&fork, &pdu).is_ok()
        };
        assert!(may("@bob:b", "@bob:b") && may("@bob:b", "@bob:b_phone") && may("@bob:b", "phone"));
        assert!(!may("@bob:b", "@carol:c") && !may("@bob:b", "@carol:c_phone"), "equals");
        assert!(may(CREATOR, "@bob:b_phone") && may(CREATOR, "@bob:b"));
        assert!(!may("@bob:b", &format!("{CREATOR}_phone")), "more power");
        assert!(!may(CREATOR, "@bob_phone") && !may("@bob:b", "@bob"), "malformed");
        assert!(!may("@dave:d", "@dave:d_phone"), "not in the room");
    }
    // Elsewhere a key is a user's or nobody's.
    let world = World::new(version("11"));
    let fork = room(&world);
    for sender in ["@bob:b", CREATOR] {
        let pdu = world.make(&fork, state(sender, KIND, "@bob:b_phone", json!({})));
        assert!(world.allows(&fork, &pdu).is_err(), "{sender}");
    }
}

#[test]
fn forks_agree_on_owned_state() {
    let world = World::new(version("org.matrix.msc3757.11"));
    let fork = room(&world);
    let (mut left, mut right) = (fork.clone(), fork.clone());
    let key = (StateEventType::from(KIND), "@bob:b_phone".to_owned());
    // Bob writes on one side, and the creator on the other.
    world.put(&mut left, state("@bob:b", KIND, "@bob:b_phone", json!({ "by": "bob" })));
    world.wait(1);
    let by_creator = world.put(&mut right, state(CREATOR, KIND, "@bob:b_phone", json!({ "by": "creator" })));
    let mut conflicted = [left.state.clone(), right.state.clone()];
    for state in &mut conflicted {
        state.retain(|other, _| *other == key);
    }
    let conflict = Conflict {
        room_version: world.version,
        forks: conflicted.to_vec(),
        auth_difference: HashSet::new(),
        subgraph: HashSet::new(),
    };
    let source = Agreed { world: &world, entries: fork.state.clone() };
    let resolved = resolve(&conflict, &source).expect("resolves");
    assert_eq!(resolved.get(&key), Some(by_creator.event_id()), "the later of the two");
    // A creator who has lost the power on the way is not heard there.
    let levels = json!({ "state_default": 10, "users": { CREATOR: 10, "@bob:b": 10, "@carol:c": 10 } });
    let demoted = world.put(&mut left, state(CREATOR, "m.room.power_levels", "", levels));
    let by_bob = left.state[&key].clone();
    let mut forks = vec![left.state.clone(), right.state.clone()];
    let power = (StateEventType::RoomPowerLevels, String::new());
    for state in &mut forks {
        state.retain(|other, _| *other == key || *other == power);
    }
    let conflict =
        Conflict { forks, auth_difference: HashSet::from([demoted.event_id().clone()]), ..conflict };
    let resolved = resolve(&conflict, &source).expect("resolves");
    assert_eq!(resolved.get(&key), Some(&by_bob));
    assert_eq!(resolved.get(&power), Some(demoted.event_id()));
}
