//! Whom a server can be made to talk to: nobody at a denied address, whatever name or redirect leads there.

use serde_json::json;

use super::hosted::{Hosted, Scene};
use crate::harness::{Peer, Sent, Server, encode, start_federating};

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
    peer.ask_with(server, "GET", &keys, None, None).await.refused(404, "M_NOT_FOUND");
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

/// Some hundred kilobytes of gzip, by hand, that unpack into so many megabytes of spaces.
fn bomb(megabytes: usize) -> Vec<u8> {
    let (mut bytes, mut bits, mut count) = (vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff], 0_u32, 0_u32);
    let mut write = |value: u32, width: u32| {
        bits |= value << count;
        count += width;
        while count >= 8 {
            bytes.push(bits.to_le_bytes()[0]);
            bits >>= 8;
            count -= 8;
        }
    };
    // The last block, with the fixed code: a space, and then over and over the 258 bytes before.
    write(0b011, 3);
    write((0x30_u32 + 0x20).reverse_bits() >> 24, 8);
    for _ in 0..megabytes * 1024 * 1024 / 258 {
        write(0b1100_0101_u32.reverse_bits() >> 24, 8);
        write(0, 5);
    }
    write(0, 7);
    write(0, 7);
    bytes
}

#[tokio::test]
async fn what_unpacks_without_end_is_not_unpacked() {
    let scene = Scene::start().await;
    let body = bomb(64);
    assert!(body.len() < 1024 * 1024);
    scene.peer.answer_with("/_matrix/federation/v1/query/profile", move |_| {
        let headers =
            vec![("content-type", "application/json".to_owned()), ("content-encoding", "gzip".to_owned())];
        Sent { status: 200, headers, body: body.clone() }
    });
    let bob = encode(&scene.peer.user("bob"));
    let answer = scene.alice.get(&format!("/profile/{bob}")).await;
    answer.refused(502, "M_UNKNOWN");
    let carol = encode(&scene.peer.user("carol"));
    scene.peer.answer("/_matrix/federation/v1/query/profile", |_| (200, json!({"displayname": "Carol"})));
    let answer = scene.alice.get(&format!("/profile/{carol}")).await.ok();
    assert_eq!(answer["displayname"], "Carol");
}
