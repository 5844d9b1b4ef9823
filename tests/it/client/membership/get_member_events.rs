//! `GET /_matrix/client/v3/rooms/{roomId}/members`

use serde_json::{Value, json};

use super::two_and_a_stranger;
use crate::harness::{Answer, User, encode, find_state, members};

async fn ask(user: &User, room: &str, query: &str) -> Answer {
    user.get(&format!("/rooms/{}/members?{query}", encode(room))).await
}

async fn listed(user: &User, room: &str, query: &str) -> Vec<String> {
    let answer = ask(user, room, query).await.ok();
    members(&answer["chunk"]).into_iter().map(|user| user.trim_end_matches(":localhost").to_owned()).collect()
}

#[tokio::test]
async fn members_are_listed_by_what_they_are() {
    let (server, [alice, bob, carol], room) = two_and_a_stranger().await;
    let (dave, erin) = (server.register("dave").await, server.register("erin").await);
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "knock"})).await.ok();
    alice.invite(&room, &carol).await.ok();
    alice.ban(&room, &dave).await.ok();
    erin.knock(&room).await.ok();
    bob.leave(&room).await.ok();
    let answer = ask(&alice, &room, "").await.ok();
    let all = ["@alice", "@bob", "@carol", "@dave", "@erin"];
    assert_eq!(listed(&alice, &room, "").await, all);
    let event = find_state(&answer["chunk"], "m.room.member", &carol.id).unwrap();
    assert_eq!((&event["sender"], &event["room_id"]), (&json!(alice.id), &json!(room)));
    assert_eq!(event["content"]["membership"], "invite");
    assert!(event["event_id"].is_string() && event["origin_server_ts"].is_u64(), "{event}");
    for (membership, user) in
        [("join", "@alice"), ("leave", "@bob"), ("invite", "@carol"), ("ban", "@dave"), ("knock", "@erin")]
    {
        assert_eq!(listed(&alice, &room, &format!("membership={membership}")).await, [user]);
        let others: Vec<&str> = all.into_iter().filter(|other| *other != user).collect();
        assert_eq!(listed(&alice, &room, &format!("not_membership={membership}")).await, others);
    }
    // Both conditions together mean either of them.
    let either = "membership=leave&not_membership=join";
    assert_eq!(listed(&alice, &room, either).await, ["@bob", "@carol", "@dave", "@erin"]);
}

#[tokio::test]
async fn the_past_is_listed_as_it_was() {
    let (_server, [alice, bob, carol], room) = two_and_a_stranger().await;
    let then = alice.now().await;
    alice.invite(&room, &carol).await.ok();
    carol.join(&room).await.ok();
    let page = alice.messages(&room, "dir=b&limit=1").await;
    bob.leave(&room).await.ok();
    alice.kick(&room, &carol).await.ok();
    assert_eq!(listed(&alice, &room, &format!("at={then}&membership=join")).await, ["@alice", "@bob"]);
    let at = format!("at={}&membership=join", page["start"].as_str().unwrap());
    assert_eq!(listed(&alice, &room, &at).await, ["@alice", "@bob", "@carol"]);
    assert_eq!(listed(&alice, &room, "membership=join").await, ["@alice"]);
    // Who has left sees the room as it was at that moment.
    assert_eq!(listed(&bob, &room, "membership=join").await, ["@alice", "@carol"]);
    assert_eq!(listed(&bob, &room, "membership=leave").await, ["@bob"]);
    assert_eq!(listed(&carol, &room, "membership=join").await, ["@alice"]);
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, [alice, _, carol], room) = two_and_a_stranger().await;
    ask(&carol, &room, "").await.refused(403, "M_FORBIDDEN");
    alice.invite(&room, &carol).await.ok();
    ask(&carol, &room, "").await.refused(403, "M_FORBIDDEN");
    ask(&alice, "!nowhere:localhost", "").await.refused(403, "M_FORBIDDEN");
    ask(&alice, &room, "at=nonsense").await.refused(400, "M_INVALID_PARAM");
    ask(&alice, "nonsense", "").await.refused(400, "M_INVALID_PARAM");
    let answer: Value = ask(&alice, &room, "membership=org.example").await.body;
    assert!(answer["chunk"].as_array().is_none_or(Vec::is_empty), "{answer}");
    let path = format!("/_matrix/client/v3/rooms/{}/members", encode(&room));
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
