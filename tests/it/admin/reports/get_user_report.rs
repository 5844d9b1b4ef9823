//! `GET /_synapse/admin/v1/user_reports/{reportId}`

use super::{EVENTS, Reported, USERS};

#[tokio::test]
async fn a_report_is_found_by_its_number() {
    let reported = Reported::start().await;
    let path = format!("{USERS}/{}", reported.newest(USERS).await);
    assert_eq!(reported.list(&path).await["target_user_id"], *reported.bob.id);
    let of_event = format!("{USERS}/{}", reported.newest(EVENTS).await);
    reported.admin.get(&of_event).await.refused(404, "M_NOT_FOUND");
    reported.only_administrators("GET", &path).await;
}
