//! `GET /_synapse/admin/v1/event_reports/{reportId}`

use super::{EVENTS, Reported, USERS};

#[tokio::test]
async fn a_report_comes_with_its_event() {
    let reported = Reported::start().await;
    let path = format!("{EVENTS}/{}", reported.newest(EVENTS).await);
    let report = reported.list(&path).await;
    assert_eq!(report["event_id"], *reported.events[1]);
    assert_eq!(report["event_json"]["content"]["body"], "no", "{report}");
    let of_user = format!("{EVENTS}/{}", reported.newest(USERS).await);
    reported.admin.get(&of_user).await.refused(404, "M_NOT_FOUND");
    reported.admin.get(&format!("{EVENTS}/1")).await.refused(404, "M_NOT_FOUND");
    reported.admin.get(&format!("{EVENTS}/one")).await.refused(400, "M_INVALID_PARAM");
    reported.only_administrators("GET", &path).await;
}
