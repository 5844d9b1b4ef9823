//! `GET /_synapse/admin/v1/user_reports`

use super::{Reported, USERS};

#[tokio::test]
async fn reports_about_users_are_listed() {
    let reported = Reported::start().await;
    let listed = reported.list(USERS).await;
    assert_eq!(listed["total"], 1, "{listed}");
    let report = &listed["user_reports"][0];
    assert_eq!(report["user_id"], *reported.alice.id);
    assert_eq!(report["target_user_id"], *reported.bob.id);
    assert_eq!(report["reason"], "always rude");
    assert_eq!(reported.list(&format!("{USERS}?target_user_id=alice")).await["total"], 0);
    assert_eq!(reported.list(&format!("{USERS}?user_id=alice")).await["total"], 1);
    reported.admin.get(&format!("{USERS}?limit=x")).await.refused(400, "M_INVALID_PARAM");
    reported.only_administrators("GET", USERS).await;
}
