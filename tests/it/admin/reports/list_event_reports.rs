//! `GET /_synapse/admin/v1/event_reports`

use serde_json::{Value, json};

use super::{EVENTS, Reported};

#[tokio::test]
async fn reports_about_events_are_listed_the_newest_first() {
    let reported = Reported::start().await;
    let Reported { alice, bob, room, events, .. } = &reported;
    let listed = reported.list(EVENTS).await;
    assert_eq!(listed["total"], 2, "{listed}");
    let newest = &listed["event_reports"][0];
    for (field, value) in [
        ("room_id", json!(room)),
        ("name", json!("Tea")),
        ("canonical_alias", Value::Null),
        ("event_id", json!(events[1])),
        ("user_id", json!(bob.id)),
        ("sender", json!(alice.id)),
        ("reason", json!("cold")),
        ("score", Value::Null),
    ] {
        assert_eq!(newest[field], value, "{field}");
    }
    assert!(newest["received_ts"].is_u64() && newest["id"].is_u64(), "{newest}");
    let ids = async |query: &str| -> Vec<Value> {
        let listed = reported.list(&format!("{EVENTS}?{query}")).await;
        listed["event_reports"].as_array().unwrap().iter().map(|report| report["event_id"].clone()).collect()
    };
    assert_eq!(ids("dir=f").await, [&*events[0], &*events[1]]);
    assert_eq!(ids("user_id=alice").await, [&*events[0]]);
    assert_eq!(ids("event_sender_user_id=alice").await, [&*events[1]]);
    assert_eq!(ids("room_id=elsewhere").await, [""; 0]);
    let first = reported.list(&format!("{EVENTS}?limit=1")).await;
    assert_eq!((&first["total"], &first["next_token"]), (&json!(2), &json!(1)));
    assert_eq!(ids("limit=1&from=1").await, [&*events[0]]);
    reported.admin.get(&format!("{EVENTS}?dir=up")).await.refused(400, "M_INVALID_PARAM");
    reported.only_administrators("GET", EVENTS).await;
}
