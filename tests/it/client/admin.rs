//! What the specification lets administrators do.

mod get_user_info;
mod is_user_locked;
mod is_user_suspended;
mod lock_user;
mod suspend_user;

use serde_json::json;

use crate::harness::{Server, User, encode};

/// The path below which an account is locked or suspended.
fn path(action: &str, user: &str) -> String {
    format!("/_matrix/client/v1/admin/{action}/{}", encode(user))
}

/// What reading and writing the state of an account have in common: who is refused, and for which accounts.
async fn only_administrators_and_only_over_others(action: &str, field: &str) {
    let server = Server::start().await;
    let (admin, second) = (server.register_admin("admin").await, server.register_admin("second").await);
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let on = json!({field: true});
    for target in [alice.id.as_str(), "@nobody:localhost", "@alice:elsewhere.example"] {
        // Whether there is such an account is not told to just anybody.
        bob.get(&path(action, target)).await.refused(403, "M_FORBIDDEN");
        bob.put(&path(action, target), on.clone()).await.refused(403, "M_FORBIDDEN");
        server.anonymous("GET", &path(action, target), None).await.refused(401, "M_MISSING_TOKEN");
        server
            .anonymous("PUT", &path(action, target), Some(on.clone()))
            .await
            .refused(401, "M_MISSING_TOKEN");
    }
    let gone = server.register("gone").await;
    gone.call_with_password("POST", "/account/deactivate", json!({})).await.ok();
    for (target, status, errcode) in [
        ("@nobody:localhost", 404, "M_NOT_FOUND"),
        (gone.id.as_str(), 404, "M_NOT_FOUND"),
        ("@alice:elsewhere.example", 400, "M_INVALID_PARAM"),
        ("alice", 400, "M_INVALID_PARAM"),
        (second.id.as_str(), 403, "M_FORBIDDEN"),
        (admin.id.as_str(), 403, "M_FORBIDDEN"),
    ] {
        admin.put(&path(action, target), on.clone()).await.refused(status, errcode);
        admin.get(&path(action, target)).await.refused(status, errcode);
    }
    for body in [json!({}), json!({field: "yes"}), json!([])] {
        admin.put(&path(action, &alice.id), body).await.refused(400, "M_BAD_JSON");
    }
    assert_eq!(admin.get(&path(action, &alice.id)).await.ok(), json!({field: false}));
    for state in [true, true, false, false] {
        assert_eq!(
            admin.put(&path(action, &alice.id), json!({field: state})).await.ok(),
            json!({field: state})
        );
        assert_eq!(admin.get(&path(action, &alice.id)).await.ok(), json!({field: state}));
    }
    // The name from before it was part of the specification.
    let unstable =
        format!("/_matrix/client/unstable/uk.timedout.msc4323/admin/{action}/{}", encode(&alice.id));
    admin.put(&unstable, on).await.ok();
    assert_eq!(admin.get(&unstable).await.ok(), json!({field: true}));
    let server = server.crash_and_restart().await;
    let admin = admin.on(&server);
    assert_eq!(admin.get(&path(action, &alice.id)).await.ok(), json!({field: true}));
}

async fn put(admin: &User, action: &str, user: &User, body: serde_json::Value) {
    admin.put(&path(action, &user.id), body).await.ok();
}
