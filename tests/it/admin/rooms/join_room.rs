//! `POST /_synapse/admin/v1/join/{roomIdOrAlias}`

use serde_json::json;

use super::start;
use crate::harness::encode;

fn path(room: &str) -> String {
    format!("/_synapse/admin/v1/join/{}", encode(room))
}

#[tokio::test]
async fn a_user_joins_where_they_may_or_the_administrator_lets_them_in() {
    let (server, admin, alice, private) = start().await;
    let bob = server.register("bob").await;
    let joins = async |room: &str| admin.post(&path(room), json!({"user_id": bob.id})).await;
    let public = alice.create_room(json!({"preset": "public_chat", "room_alias_name": "tea"})).await;
    assert_eq!(joins("#tea:localhost").await.ok(), json!({"room_id": public}));
    joins(&public).await.ok();
    assert_eq!(bob.get("/joined_rooms").await.ok(), json!({"joined_rooms": [public]}));
    // The administrator has to be in a room that asks for an invite.
    joins(&private).await.refused(403, "M_FORBIDDEN");
    alice.invite(&private, &admin).await.ok();
    admin.join(&private).await.ok();
    joins(&private).await.ok();
    bob.say(&private, "hello").await;
}

#[tokio::test]
async fn only_administrators_have_others_join() {
    let (server, admin, alice, room) = start().await;
    let body = json!({"user_id": alice.id});
    alice.post(&path(&room), body.clone()).await.refused(403, "M_FORBIDDEN");
    server.anonymous("POST", &path(&room), Some(body.clone())).await.refused(401, "M_MISSING_TOKEN");
    admin.post(&path("!unknown:localhost"), body.clone()).await.refused(404, "M_NOT_FOUND");
    admin.post(&path("#unknown:localhost"), body).await.refused(404, "M_NOT_FOUND");
    admin.post(&path(&room), json!({"user_id": "@nobody:localhost"})).await.refused(404, "M_NOT_FOUND");
    admin.post(&path(&room), json!({"user_id": "@a:elsewhere.example"})).await.refused(400, "M_UNKNOWN");
    admin.post(&path(&room), json!({})).await.refused(400, "M_BAD_JSON");
}
