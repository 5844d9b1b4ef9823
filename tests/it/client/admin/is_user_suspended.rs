//! `GET /_matrix/client/v1/admin/suspend/{userId}`

#[tokio::test]
async fn administrators_see_and_set_whether_an_account_is_suspended() {
    super::only_administrators_and_only_over_others("suspend", "suspended").await;
}
