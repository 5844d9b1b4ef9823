//! Ways into rooms of another server, and out of them.

use serde_json::json;

use super::{Pair, VERSIONS, public};
use crate::harness::{agree, encode, eventually, state_content};

#[tokio::test]
async fn an_alias_leads_into_a_room_of_every_version() {
    let pair = Pair::start().await;
    for version in VERSIONS {
        let options = json!({"room_alias_name": format!("tea{version}"), "name": "Tea", "topic": "t"});
        let room = pair.alice.create_room(public(version, options)).await;
        let alias = format!("#tea{version}:{}", pair.servers[0].name);
        assert_eq!(pair.bob.join(&alias).await.ok()["room_id"], *room);
        pair.alice.sees_membership(&room, &pair.bob, "join").await;
        let state = agree(&[&pair.alice, &pair.bob], &room).await;
        assert!(state.contains_key(&("m.room.topic".to_owned(), String::new())), "{state:?}");
    }
}

#[tokio::test]
async fn an_invite_is_shown_and_can_be_accepted_or_refused() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    for version in VERSIONS {
        let options = json!({"preset": "private_chat", "room_version": version, "name": "Den"});
        let room = alice.create_room(options).await;
        bob.join_via(&room, &pair.servers[0].name).await.refused(403, "M_FORBIDDEN");
        alice.invite(&room, bob).await.ok();
        let shown = bob.sees_invite(&room).await;
        assert_eq!(*state_content(&shown, "m.room.name", ""), json!({"name": "Den"}));
        assert_eq!(state_content(&shown, "m.room.member", &bob.id)["membership"], "invite");
        bob.leave(&room).await.ok();
        alice.sees_membership(&room, bob, "leave").await;
        alice.invite(&room, bob).await.ok();
        bob.accepts_invite(&room).await;
        alice.sees_membership(&room, bob, "join").await;
        agree(&[alice, bob], &room).await;
        bob.leave(&room).await.ok();
        alice.sees_membership(&room, bob, "leave").await;
    }
}

#[tokio::test]
async fn an_invite_that_is_taken_back_is_gone() {
    let pair = Pair::start().await;
    let room = pair.alice.create_room(json!({"preset": "private_chat", "invite": [pair.bob.id]})).await;
    pair.bob.sees_invite(&room).await;
    let since = pair.bob.now().await;
    pair.alice.kick(&room, &pair.bob).await.ok();
    pair.bob
        .sync_until(Some(&since), |answer| answer["rooms"]["leave"][&room].is_object().then_some(()))
        .await;
    pair.bob.join_via(&room, &pair.servers[0].name).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn an_invite_goes_back_to_the_server_of_the_room() {
    let pair = Pair::start().await;
    let room = pair.room_with("11", json!({"power_level_content_override": {"invite": 0}})).await;
    let mate = pair.servers[0].register("mate").await;
    pair.bob.invite(&room, &mate).await.ok();
    mate.accepts_invite(&room).await;
    pair.bob.sees_membership(&room, &mate, "join").await;
    agree(&[&pair.alice, &pair.bob, &mate], &room).await;
}

#[tokio::test]
async fn who_leaves_and_comes_back_misses_nothing() {
    let pair = Pair::start().await;
    let room = pair.room("10").await;
    pair.bob.leave(&room).await.ok();
    pair.alice.sees_membership(&room, &pair.bob, "leave").await;
    let said: Vec<String> = (0..5).map(|number| format!("meanwhile {number}")).collect();
    for text in &said {
        pair.alice.say(&room, text).await;
    }
    pair.bob.join_via(&room, &pair.servers[0].name).await.ok();
    eventually("everything said meanwhile is there", async || {
        let found = pair.bob.texts(&room).await;
        if found == said { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await;
    agree(&[&pair.alice, &pair.bob], &room).await;
}

#[tokio::test]
async fn knocking_asks_for_an_invite() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    for version in ["7", "10", "12"] {
        let rule = json!({"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "knock"}});
        let options = json!({"preset": "private_chat", "room_version": version, "name": "Door", "initial_state": [rule]});
        let room = alice.create_room(options).await;
        let knock = format!("/knock/{}?via={}", encode(&room), encode(&pair.servers[0].name));
        bob.post(&knock, json!({"reason": "let me in"})).await.ok();
        let (shown, _) = bob
            .sync_until(None, |answer| {
                let knocked = &answer["rooms"]["knock"][&room]["knock_state"]["events"];
                knocked.is_array().then(|| knocked.clone())
            })
            .await;
        assert_eq!(*state_content(&shown, "m.room.name", ""), json!({"name": "Door"}));
        alice.sees_membership(&room, bob, "knock").await;
        alice.kick(&room, bob).await.ok();
        bob.sync_until(None, |answer| answer["rooms"]["knock"][&room].is_null().then_some(())).await;
        bob.post(&knock, json!({})).await.ok();
        alice.sees_membership(&room, bob, "knock").await;
        alice.invite(&room, bob).await.ok();
        bob.accepts_invite(&room).await;
        alice.sees_membership(&room, bob, "join").await;
        agree(&[alice, bob], &room).await;
    }
}

#[tokio::test]
async fn members_of_one_room_may_join_another() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let stranger = pair.servers[1].register("stranger").await;
    for version in ["8", "10", "12"] {
        let club = alice.create_room(json!({"preset": "private_chat", "invite": [bob.id]})).await;
        bob.accepts_invite(&club).await;
        alice.sees_membership(&club, bob, "join").await;
        let allow = json!([{"type": "m.room_membership", "room_id": club}]);
        let rule = json!({"type": "m.room.join_rules", "state_key": "",
                          "content": {"join_rule": "restricted", "allow": allow}});
        let options = json!({"preset": "private_chat", "room_version": version, "initial_state": [rule]});
        let room = alice.create_room(options).await;
        let via = &pair.servers[0].name;
        stranger.join_via(&room, via).await.refused(403, "M_FORBIDDEN");
        bob.join_via(&room, via).await.ok();
        alice.sees_membership(&room, bob, "join").await;
        let member = bob.state(&room, "m.room.member", &bob.id).await.ok();
        assert_eq!(member["join_authorised_via_users_server"], *alice.id, "{version}");
        // Bob's server is in the room now, and nobody there may vouch for a stranger.
        stranger.join(&room).await.refused(403, "M_FORBIDDEN");
        agree(&[alice, bob], &room).await;
    }
}

#[tokio::test]
async fn an_upgraded_room_is_followed() {
    let pair = Pair::start().await;
    let old = pair.room("10").await;
    let upgrade = format!("/rooms/{}/upgrade", encode(&old));
    let answer = pair.alice.post(&upgrade, json!({"new_version": "12"})).await.ok();
    let new = answer["replacement_room"].as_str().unwrap();
    eventually("the tombstone", async || {
        let answer = pair.bob.state(&old, "m.room.tombstone", "").await;
        if answer.body["replacement_room"] == new { Ok(()) } else { Err(answer.body.to_string()) }
    })
    .await;
    pair.bob.join_via(new, &pair.servers[0].name).await.ok();
    let create = pair.bob.state(new, "m.room.create", "").await.ok();
    assert_eq!(create["predecessor"]["room_id"], *old);
    agree(&[&pair.alice, &pair.bob], new).await;
}

#[tokio::test]
async fn an_invite_that_is_sent_as_state_reaches_the_other_server() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    for version in VERSIONS {
        let room = alice.create_room(json!({"preset": "private_chat", "room_version": version})).await;
        let content = json!({"membership": "invite", "reason": "tea"});
        let event = alice.set_state(&room, "m.room.member", &bob.id, content).await.event_id();
        let shown = bob.sees_invite(&room).await;
        assert_eq!(
            *state_content(&shown, "m.room.member", &bob.id),
            json!({"membership": "invite", "reason": "tea"})
        );
        assert_eq!(alice.event(&room, &event).await.ok()["content"]["reason"], "tea");
        bob.accepts_invite(&room).await;
        alice.sees_membership(&room, bob, "join").await;
        agree(&[alice, bob], &room).await;
    }
    let room = alice.create_room(json!({"preset": "private_chat"})).await;
    let nobody = format!("@nobody:{}", bob.server_name());
    let answer = alice.set_state(&room, "m.room.member", &nobody, json!({"membership": "invite"})).await;
    assert!((400..500).contains(&answer.status), "{} {}", answer.status, answer.body);
    alice.state(&room, "m.room.member", &nobody).await.refused(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn who_closes_their_account_is_gone_from_rooms_and_invites_elsewhere() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let joined = pair.room("12").await;
    let invited = alice.create_room(json!({"preset": "private_chat"})).await;
    alice.invite(&invited, bob).await.ok();
    bob.sees_invite(&invited).await;
    let knocked = alice.create_room(json!({
        "initial_state": [{"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "knock"}}],
    }));
    let knocked = knocked.await;
    bob.post(&format!("/knock/{}?via={}", encode(&knocked), encode(&pair.servers[0].name)), json!({}))
        .await
        .ok();
    alice.sees_membership(&knocked, bob, "knock").await;
    bob.call_with_password("POST", "/account/deactivate", json!({})).await.ok();
    for room in [&joined, &invited, &knocked] {
        alice.sees_membership(room, bob, "leave").await;
    }
}
