//! `DELETE /_synapse/admin/v1/event_reports/{reportId}`

use super::{EVENTS, Reported, USERS};

#[tokio::test]
async fn a_report_goes() {
    let reported = Reported::start().await;
    let path = format!("{EVENTS}/{}", reported.newest(EVENTS).await);
    reported.only_administrators("DELETE", &path).await;
    reported.admin.delete(&path).await.ok();
    reported.admin.delete(&path).await.refused(404, "M_NOT_FOUND");
    reported.admin.get(&path).await.refused(404, "M_NOT_FOUND");
    let other = format!("{EVENTS}/{}", reported.newest(USERS).await);
    reported.admin.delete(&other).await.refused(404, "M_NOT_FOUND");
}
