//! Documents in which servers publish their keys, and the files that say where servers are.

use kith_event::{SigningKey, hash};
use kith_peers::delegated;
use ruma::ServerName;
use serde_json::Value;

use crate::{
    damage::damage,
    house::{House, NOW_MS, key_document},
    run::{Witness, fuzz, rounds},
    seal::signed,
};

#[test]
fn key_documents() {
    let house = House::new();
    let key = SigningKey::generate([3; 32], "1").unwrap();
    rounds(|dice| {
        let name = format!("s{}.example:8448", house.next());
        let good = signed(&key_document(&name, &key).to_string(), &name, &key).unwrap();
        let mut input = damage(dice, &[good.into_bytes()]);
        if dice.throw(3) > 0
            && let Some(text) = std::str::from_utf8(&input).ok().and_then(|text| signed(text, &name, &key))
        {
            input = text.into_bytes();
        }
        let _witness = Witness::of(&input);
        let document = input.clone();
        house
            .network
            .answer(move |path| path.starts_with("/_matrix/key/v2/server").then(|| document.clone()));
        let server = ServerName::parse(name).unwrap();
        let wanted = [(server.clone(), vec![key.id(), "ed25519:old".to_owned()], NOW_MS)];
        let found = house.run(house.peers.public_keys(&wanted));
        let Some(keys) = found.get(&server).filter(|keys| !keys.is_empty()) else { return false };
        // What is believed stands in the document, which its server has signed.
        let document: Value = serde_json::from_slice(&input).expect("is JSON");
        assert_eq!(document["server_name"], server.as_str());
        for (key_id, key) in keys {
            let [current, old] =
                ["verify_keys", "old_verify_keys"].map(|place| &document[place][key_id]["key"]);
            let is_there = |place: &Value| {
                place.as_str().and_then(hash::from_base64).is_some_and(|bytes| bytes == key.key)
            };
            assert!(is_there(current) || is_there(old), "{key_id} is not in the document");
        }
        true
    });
}

#[test]
fn well_known_files() {
    let files = [
        r#"{"m.server":"matrix.a.example:443"}"#,
        r#"{"m.server":"[::1]:8448","other":[1.5,null]}"#,
        r#" {"m.server" : "1.2.3.4"} "#,
    ];
    fuzz(&files.map(|file| file.as_bytes().to_vec()), |input| {
        let Ok(server) = delegated(input) else { return false };
        // It is put between `https://` and a path: nothing in it may lead elsewhere.
        let odd =
            server.as_str().find(|letter: char| !letter.is_ascii_alphanumeric() && !"-.:[]".contains(letter));
        assert_eq!(odd, None, "{server}");
        true
    });
}
