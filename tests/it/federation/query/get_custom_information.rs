//! `GET /_matrix/federation/v1/query/{queryType}`

use crate::{
    federation::shared::checks_signature,
    harness::{Peer, start_federating},
};

#[tokio::test]
async fn questions_that_nobody_knows_are_refused() {
    let server = start_federating("127.0.0.2", "").await;
    let peer = Peer::start("127.0.0.7").await;
    let path = "/_matrix/federation/v1/query/example.weather?where=here";
    peer.get(&server, path).await.refused(404, "M_UNRECOGNIZED");
    checks_signature(&server, &peer, "GET", path, None).await;
}
