//! `use_state_after`: the state as of the end of the timeline.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync>

use serde_json::{Value, json};

use super::{filter, joined, next};
use crate::harness::{User, bodies, find_state, state_content, two_in_a_room};

const NAMES: [(&str, &str); 2] = [
    ("use_state_after", "state_after"),
    ("org.matrix.msc4222.use_state_after", "org.matrix.msc4222.state_after"),
];

async fn ask(user: &User, parameter: &str, limit: usize, since: Option<&str>) -> Value {
    let by = filter(&json!({"room": {"timeline": {"limit": limit}}}));
    let since = since.map(|since| format!("&since={since}")).unwrap_or_default();
    user.sync_with(&format!("{parameter}=true&{by}{since}")).await
}

#[tokio::test]
async fn the_state_is_as_of_the_end() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    for (parameter, name) in NAMES {
        let first = ask(&bob, parameter, 50, None).await;
        let told = joined(&first, &room);
        assert!(told.get("state").is_none(), "{told}");
        assert!(find_state(&told[name]["events"], "m.room.create", "").is_some(), "{told}");
        assert_eq!(state_content(&told[name]["events"], "m.room.member", &bob.id)["membership"], "join");

        alice.set_state(&room, "m.room.topic", "", json!({"topic": name})).await.ok();
        alice.set_state(&room, "m.room.name", "", json!({"name": format!("early {name}")})).await.ok();
        for number in 0..3 {
            alice.say(&room, &format!("{number}")).await;
        }
        alice.set_state(&room, "m.room.name", "", json!({"name": format!("late {name}")})).await.ok();
        for limit in [2, 50] {
            let answer = ask(&bob, parameter, limit, Some(next(&first))).await;
            let state = &joined(&answer, &room)[name]["events"];
            assert_eq!(state_content(state, "m.room.topic", "")["topic"], name);
            assert_eq!(state_content(state, "m.room.name", "")["name"], format!("late {name}"));
            assert_eq!(state.as_array().unwrap().len(), 2, "{state}");
            assert_eq!(joined(&answer, &room)["timeline"]["limited"], limit == 2);
        }
        // Where nothing changed there is an empty list, so that nobody takes the server for one that cannot do it.
        let since = bob.now().await;
        alice.say(&room, "no change").await;
        let answer = ask(&bob, parameter, 50, Some(&since)).await;
        assert_eq!(joined(&answer, &room)[name], json!({"events": []}));
        assert_eq!(bodies(&joined(&answer, &room)["timeline"]["events"]), ["no change"]);
    }
    let off = bob.sync_with("use_state_after=false").await;
    assert!(joined(&off, &room).get("state_after").is_none() && joined(&off, &room)["state"].is_object());
}

#[tokio::test]
async fn left_rooms_have_it_too() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    for (parameter, name) in NAMES {
        let since = bob.now().await;
        alice.set_state(&room, "m.room.topic", "", json!({"topic": name})).await.ok();
        bob.leave(&room).await.ok();
        alice.set_state(&room, "m.room.topic", "", json!({"topic": "after"})).await.ok();
        let answer = ask(&bob, parameter, 50, Some(&since)).await;
        let left = &answer["rooms"]["leave"][&room];
        assert_eq!(state_content(&left[name]["events"], "m.room.topic", "")["topic"], name, "{answer}");
        assert_eq!(state_content(&left[name]["events"], "m.room.member", &bob.id)["membership"], "leave");
        assert!(left.get("state").is_none());
        alice.invite(&room, &bob).await.ok();
        bob.join(&room).await.ok();
    }
}
