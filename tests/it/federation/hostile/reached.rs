//! Whom a server can be made to talk to: nobody at a denied address, whatever name or redirect leads there.

use serde_json::json;

use super::hosted::{Hosted, Scene};
use crate::harness::{Peer, Server, encode, start_federating};

/// A server that does not talk to these addresses.
async fn careful(denied: &str) -> Server {
    let outgoing = format!("[outgoing]\nextra_ca_certificates = [\"$CA\"]\ndenied_addresses = [{denied}]\n");
    start_federating("127.0.0.2", &outgoing).await
}

/// Checks that users' requests and other servers' requests do not make the server talk to a peer.
async fn does_not_talk_to(server: &Server, peer: &Peer, name: &str) {
    let alice = server.register("alice").await;
    let room = format!("!room:{name}");
    alice.join_via(&room, name).await.refused(502, "M_UNKNOWN");
    for path in [
        format!("/directory/room/{}", encode(&format!("#tea:{name}"))),
        format!("/publicRooms?server={}", encode(name)),
        format!("/profile/{}", encode(&format!("@bob:{name}"))),
    ] {
        let answer = alice.get(&path).await;
        assert!(answer.status >= 400, "{path} answered {}", answer.body);
    }
    let keys = format!("/_matrix/key/v2/query/{}", encode(name));
    let answer = peer.ask_with(server, "GET", &keys, None, None).await;
    assert_eq!(answer.body["server_keys"], json!([]), "{}", answer.body);
    // Whoever signs has to show keys first, and these cannot be had.
    let path = "/_matrix/federation/v1/publicRooms";
    peer.get(server, path).await.refused(401, "M_UNAUTHORIZED");
    assert_eq!(peer.received("/").len(), 0, "{:?}", peer.received("/"));
}

#[tokio::test]
async fn a_literal_address_that_is_denied_is_not_connected_to() {
    let (server, peer) = tokio::join!(careful("\"127.0.0.7/32\""), Peer::start("127.0.0.7"));
    does_not_talk_to(&server, &peer, &peer.name).await;
}

#[tokio::test]
async fn without_being_allowed_nothing_of_the_machine_is_connected_to() {
    let outgoing = "[outgoing]\nextra_ca_certificates = [\"$CA\"]\n";
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", outgoing), Peer::start("127.0.0.7"));
    does_not_talk_to(&server, &peer, &peer.name).await;
}

#[tokio::test]
async fn a_name_that_leads_to_a_denied_address_is_not_connected_to() {
    let (server, peer) = tokio::join!(careful("\"127.0.0.1/32\", \"::1/128\""), Peer::start("127.0.0.1"));
    let port = peer.name.split_once(':').unwrap().1.to_owned();
    does_not_talk_to(&server, &peer, &format!("localhost:{port}")).await;
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let scene = Scene::start().await;
    let other = Peer::start("127.0.0.8").await;
    let room = Hosted::new(&scene.peer, "room");
    let template = room.template(&scene.alice);
    other.answer("/", move |_| (200, template.clone()));
    for status in [301, 302, 303, 307, 308] {
        let target = format!("https://{}/_matrix/federation/v1/make_join/x/y", other.name);
        scene.peer.answer("/_matrix/federation/v1/make_join/", move |_| (status, json!(target)));
        let answer = scene.join(&room).await;
        scene.stays_out(&room, answer).await;
    }
    assert_eq!(other.received("/").len(), 0);
}
