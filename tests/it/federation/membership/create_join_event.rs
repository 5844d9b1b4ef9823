//! `PUT /_matrix/federation/v2/send_join/{roomId}/{eventId}`

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{drafted, hand_in, refuses_damage};
use crate::harness::{Peer, encode, event_id, start_federating};

#[tokio::test]
async fn whoever_joins_gets_the_state_from_before_and_is_in() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    for version in ["11", "12"] {
        let room = alice.create_room(json!({"preset": "public_chat", "room_version": version})).await;
        let bob = peer.user("bob");
        let event = drafted(&peer, &server, "make_join", &room, &bob).await;
        let answer = hand_in(&peer, &server, "v2/send_join", &room, event).await.ok();
        let types = |key: &str| {
            let events = answer[key].as_array().unwrap().iter();
            events.map(|event| event["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert!(types("state").contains(&"m.room.create".to_owned()), "{answer}");
        assert!(types("auth_chain").contains(&"m.room.create".to_owned()), "{answer}");
        let own = |event: &Value| event["state_key"] == bob.as_str();
        assert!(!answer["state"].as_array().unwrap().iter().any(own), "the state is the one before the join");
        assert_eq!(answer["members_omitted"], false);
        let members = alice.get(&format!("/rooms/{}/joined_members", encode(&room))).await.ok();
        assert!(members["joined"][&bob].is_object(), "{members}");
    }
}

#[tokio::test]
async fn members_may_be_left_out() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let (alice, carol) = tokio::join!(server.register("alice"), server.register("carol"));
    let bob = peer.user("bob");
    // With a name, a room needs none of its members; without one, it is named after them.
    for (options, naming) in
        [(json!({"preset": "public_chat", "name": "Many"}), 0), (json!({"preset": "public_chat"}), 2)]
    {
        let room = alice.create_room(options).await;
        carol.join(&room).await.ok();
        let left = drafted(&peer, &server, "make_join", &room, &bob).await;
        hand_in(&peer, &server, "v2/send_join", &room, left).await.ok();
        let left = drafted(&peer, &server, "make_leave", &room, &bob).await;
        hand_in(&peer, &server, "v2/send_leave", &room, left).await.ok();

        let event = drafted(&peer, &server, "make_join", &room, &bob).await;
        let (event_id, event) = peer.event(event);
        let (room, join) = (encode(&room), encode(&event_id));
        let path = format!("/_matrix/federation/v2/send_join/{room}/{join}?omit_members=true");
        let answer = peer.ask(&server, "PUT", &path, Some(event.clone())).await.ok();
        assert_eq!(
            (&answer["members_omitted"], &answer["servers_in_room"]),
            (&json!(true), &json!([server.name]))
        );
        let state = answer["state"].as_array().unwrap();
        let told: Vec<&str> = state
            .iter()
            .filter(|event| event["type"] == "m.room.member")
            .map(|event| event["state_key"].as_str().unwrap())
            .collect();
        // What the user was before is told in any case.
        assert!(told.contains(&&*bob), "{told:?}");
        assert_eq!(told.len(), 1 + naming, "{told:?}");
        let types: Vec<&str> = state.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert!(types.contains(&"m.room.create") && types.contains(&"m.room.join_rules"), "{types:?}");
        // What authorises any of it comes along, and nothing comes twice.
        let ids = |key: &str| -> HashSet<String> {
            answer[key].as_array().unwrap().iter().map(crate::harness::event_id).collect()
        };
        let (state_ids, chain) = (ids("state"), ids("auth_chain"));
        assert!(state_ids.is_disjoint(&chain), "{answer}");
        let all = state.iter().chain(answer["auth_chain"].as_array().unwrap()).chain([&event]);
        for authority in all.flat_map(|event| event["auth_events"].as_array().unwrap()) {
            let authority = authority.as_str().unwrap();
            assert!(state_ids.contains(authority) || chain.contains(authority), "{authority} in {answer}");
        }
    }
}

#[tokio::test]
async fn what_is_not_a_good_join_is_refused_and_leaves_no_trace() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let bob = peer.user("bob");
    let event = drafted(&peer, &server, "make_join", &room, &bob).await;
    refuses_damage(&peer, &server, "v2/send_join", &room, &event).await;
    // The rule changes between the question and the answer.
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "invite"})).await.ok();
    hand_in(&peer, &server, "v2/send_join", &room, event).await.refused(403, "M_FORBIDDEN");
    let members = alice.get(&format!("/rooms/{}/joined_members", encode(&room))).await.ok();
    assert_eq!(members["joined"].as_object().unwrap().len(), 1);
    alice.say(&room, "the room is well").await;
}

#[tokio::test]
async fn who_vouches_signs_too() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let club = alice.create_room(json!({"preset": "public_chat"})).await;
    let rule = json!({"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": club}]});
    let inner = alice
        .create_room(
            json!({"initial_state": [{"type": "m.room.join_rules", "state_key": "", "content": rule}]}),
        )
        .await;
    let bob = peer.user("bob");
    peer.join(&server, &club, &bob).await;
    let mut event = drafted(&peer, &server, "make_join", &inner, &bob).await;
    let answer = hand_in(&peer, &server, "v2/send_join", &inner, event.clone()).await.ok();
    let signatures = answer["event"]["signatures"].as_object().unwrap();
    assert!(signatures.contains_key(&server.name) && signatures.contains_key(&peer.name), "{answer}");
    assert_eq!(event_id(&answer["event"]), event_id(&peer.event(event.clone()).1));
    // Nobody is vouched for by name who does not vouch: someone who is no member of this server's.
    event["content"]["join_authorised_via_users_server"] = json!("@eve:elsewhere.example");
    event["state_key"] = json!(peer.user("mallory"));
    event["sender"] = json!(peer.user("mallory"));
    let answer = hand_in(&peer, &server, "v2/send_join", &inner, event).await;
    assert!((400..500).contains(&answer.status), "{} answered {}", answer.request, answer.body);
}
