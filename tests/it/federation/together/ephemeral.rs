//! What is not kept: typing, receipts, presence; and profiles.

use serde_json::json;

use super::Pair;
use crate::harness::{User, agree, encode, ephemeral, eventually, presence_of, receipt_of};

async fn type_in(user: &User, room: &str, typing: bool) {
    let path = format!("/rooms/{}/typing/{}", encode(room), encode(&user.id));
    user.put(&path, json!({"typing": typing, "timeout": 30_000})).await.ok();
}

#[tokio::test]
async fn typing_is_seen_far_away() {
    let pair = Pair::start().await;
    let room = pair.room("12").await;
    for (from, to) in [(&pair.alice, &pair.bob), (&pair.bob, &pair.alice)] {
        let mut since = to.now().await;
        for typing in [true, false] {
            type_in(from, &room, typing).await;
            let wanted = if typing { json!([from.id]) } else { json!([]) };
            let seen = |answer: &serde_json::Value| {
                let users = &ephemeral(answer, &room, "m.typing")?["user_ids"];
                (*users == wanted).then_some(())
            };
            ((), since) = to.sync_until(Some(&since), seen).await;
        }
    }
}

#[tokio::test]
async fn receipts_are_seen_far_away_unless_they_are_private() {
    let pair = Pair::start().await;
    let room = pair.room("12").await;
    for (from, to) in [(&pair.alice, &pair.bob), (&pair.bob, &pair.alice)] {
        let (first, second) = (to.say(&room, "one").await, to.say(&room, "two").await);
        from.sees(&room, &second).await;
        let read = async |kind: &str, event: &str| {
            let path = format!("/rooms/{}/receipt/{kind}/{}", encode(&room), encode(event));
            from.post(&path, json!({})).await.ok();
        };
        // The private one was first, so it would be there first.
        read("m.read.private", &first).await;
        read("m.read", &second).await;
        let seen = |answer: &serde_json::Value| {
            assert_eq!(receipt_of(answer, &room, "m.read.private", &from.id), None);
            receipt_of(answer, &room, "m.read", &from.id).filter(|(event, _)| *event == second)
        };
        to.sync_until(None, seen).await;
    }
}

#[tokio::test]
async fn presence_is_seen_far_away() {
    let pair = Pair::start().await;
    pair.room("12").await;
    for (from, to) in [(&pair.alice, &pair.bob), (&pair.bob, &pair.alice)] {
        let since = to.now().await;
        let path = format!("/presence/{}/status", encode(&from.id));
        from.put(&path, json!({"presence": "online", "status_msg": "at tea"})).await.ok();
        let seen = |answer: &serde_json::Value| {
            let content = presence_of(answer, &from.id)?;
            (content["status_msg"] == "at tea" && content["presence"] == "online").then_some(())
        };
        to.sync_until(Some(&since), seen).await;
    }
}

#[tokio::test]
async fn a_new_name_is_seen_in_the_room_and_in_the_profile() {
    let pair = Pair::start().await;
    let room = pair.room("12").await;
    for (from, to) in [(&pair.alice, &pair.bob), (&pair.bob, &pair.alice)] {
        let name = format!("{} the Great", from.localpart());
        let path = format!("/profile/{}/displayname", encode(&from.id));
        from.put(&path, json!({"displayname": name})).await.ok();
        eventually("the new name in the room", async || {
            let member = to.state(&room, "m.room.member", &from.id).await.ok();
            if member["displayname"] == *name { Ok(()) } else { Err(member.to_string()) }
        })
        .await;
        assert_eq!(to.get(&format!("/profile/{}", encode(&from.id))).await.ok()["displayname"], *name);
        let nobody = format!("/profile/{}", encode(&format!("@nobody:{}", from.server_name())));
        to.get(&nobody).await.refused(404, "M_NOT_FOUND");
    }
    agree(&[&pair.alice, &pair.bob], &room).await;
}
