//! `GET /_synapse/admin/v1/server_version`

use crate::harness::Server;

#[tokio::test]
async fn the_program_says_what_it_is() {
    let server = Server::start().await;
    let answer = server.anonymous("GET", "/_synapse/admin/v1/server_version", None).await.ok();
    let version = answer["server_version"].as_str().unwrap();
    let (name, number) = version.split_once(' ').unwrap();
    assert_eq!(name, "Kith");
    assert_eq!(number.split('.').count(), 3, "{version}");
    assert_eq!(answer.as_object().unwrap().len(), 1);
    server.anonymous("POST", "/_synapse/admin/v1/server_version", None).await.refused(405, "M_UNRECOGNIZED");
    server.anonymous("GET", "/_synapse/admin/v1/nothing", None).await.refused(404, "M_UNRECOGNIZED");
}
