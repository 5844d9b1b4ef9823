//! Invites that a third party vouches for.

use ruma::{CanonicalJsonObject, ServerName};
use serde_json::{Value, json};

use crate::{
    RoomVersion, SigningKey,
    factory::{World, member, state},
};

/// Something that is wrong, how to get there, and what the rejection says.
type Wrong = (&'static str, fn(&mut Value), &'static str);

/// The invite that a test starts from, right in every respect.
fn good_invite(identity: &SigningKey) -> Value {
    let signed = json!({ "mxid": "@carol:b", "token": "token" });
    let mut signed: CanonicalJsonObject = serde_json::from_value(signed).expect("canonical JSON");
    let server = ServerName::parse("identity.example").expect("valid");
    identity.sign_json(&server, &mut signed).expect("can be signed");
    json!({ "membership": "invite", "third_party_invite": { "display_name": "c", "signed": signed } })
}

fn verdict(
    version: &'static RoomVersion,
    inviter: &str,
    keys: &Value,
    change: impl Fn(&mut Value),
    before: Option<&str>,
) -> Result<(), String> {
    let identity = SigningKey::generate([9; 32], "1").expect("a valid name");
    let world = World::new(version);
    let mut fork = world.room(json!({}));
    world.put(&mut fork, state("@mod:a", "m.room.third_party_invite", "token", keys.clone()));
    if let Some(membership) = before {
        world.put(&mut fork, member("@admin:a", "@carol:b", membership));
    }
    let mut content = good_invite(&identity);
    change(&mut content);
    let pdu = world.make(&fork, state(inviter, "m.room.member", "@carol:b", content));
    world.allows(&fork, &pdu).map_err(|error| error.to_string())
}

#[test]
fn third_party_invites() {
    let identity = SigningKey::generate([9; 32], "1").expect("a valid name");
    let other = SigningKey::generate([8; 32], "1").expect("a valid name");
    let one_key = json!({ "public_key": identity.public_key_base64() });
    let some_keys = json!({
        "public_key": other.public_key_base64(),
        "public_keys": [{ "public_key": other.public_key_base64() }, { "public_key": identity.public_key_base64() }],
    });
    let wrong_key = json!({ "public_key": other.public_key_base64() });
    let unchanged = |_: &mut Value| {};
    for version in RoomVersion::all() {
        let check = |rule: &str, result: Result<(), String>, reason: Option<&str>| match (result, reason) {
            (Ok(()), None) => {}
            (Err(error), Some(reason)) if error.contains(reason) => {}
            (result, reason) => panic!("{version:?}, {rule}: {result:?}, expected {reason:?}"),
        };
        check("one key", verdict(version, "@mod:a", &one_key, unchanged, None), None);
        check("one of several keys", verdict(version, "@mod:a", &some_keys, unchanged, None), None);
        check(
            "wrong key",
            verdict(version, "@mod:a", &wrong_key, unchanged, None),
            Some("matches a public key"),
        );
        check(
            "no key",
            verdict(version, "@mod:a", &json!({}), unchanged, None),
            Some("matches a public key"),
        );
        check("banned", verdict(version, "@mod:a", &one_key, unchanged, Some("ban")), Some("banned"));
        check("other sender", verdict(version, "@bob:b", &one_key, unchanged, None), Some("sender of"));
        let changes: [Wrong; 7] = [
            ("no signed", |c| c["third_party_invite"] = json!({}), "signed"),
            ("no mxid", |c| c["third_party_invite"]["signed"]["mxid"] = Value::Null, "mxid"),
            ("no token", |c| c["third_party_invite"]["signed"]["token"] = Value::Null, "token"),
            (
                "other mxid",
                |c| c["third_party_invite"]["signed"]["mxid"] = json!("@frank:b"),
                "mxid does not match",
            ),
            (
                "other token",
                |c| c["third_party_invite"]["signed"]["token"] = json!("other"),
                "no `m.room.third_party_invite`",
            ),
            ("altered", |c| c["third_party_invite"]["signed"]["more"] = json!(1), "matches a public key"),
            (
                "unsigned",
                |c| c["third_party_invite"]["signed"]["signatures"] = json!({}),
                "matches a public key",
            ),
        ];
        for (rule, change, reason) in changes {
            check(rule, verdict(version, "@mod:a", &one_key, change, None), Some(reason));
        }
    }
}
