//! Garbage: bodies, path arguments and queries that no honest client sends.

/// Keys that some endpoint or other reads; each garbage value is given to all of them at once.
const KEYS: &[&str] = &[
    "actions",
    "address",
    "admin",
    "algorithm",
    "auth",
    "auth_data",
    "avatar_url",
    "body",
    "burst_count",
    "conditions",
    "content",
    "creation_content",
    "deactivated",
    "device_id",
    "device_keys",
    "devices",
    "displayname",
    "enabled",
    "erase",
    "event_id",
    "events",
    "external_ids",
    "filter",
    "from",
    "guest_access",
    "id_server",
    "identifier",
    "initial_state",
    "invite",
    "invite_3pid",
    "is_direct",
    "keys",
    "kind",
    "limit",
    "locked",
    "m.fully_read",
    "m.mentions",
    "m.new_content",
    "m.read",
    "m.relates_to",
    "mac",
    "master_key",
    "medium",
    "membership",
    "messages",
    "messages_per_second",
    "msgtype",
    "name",
    "new_password",
    "new_version",
    "nonce",
    "one_time_keys",
    "order",
    "password",
    "pattern",
    "power_level_content_override",
    "presence",
    "preset",
    "pushkey",
    "reason",
    "refresh_token",
    "room",
    "room_alias_name",
    "room_id",
    "room_version",
    "rooms",
    "search_categories",
    "search_term",
    "sessions",
    "since",
    "state",
    "status_msg",
    "suspended",
    "thread_id",
    "threepids",
    "timeline",
    "timeout",
    "token",
    "topic",
    "type",
    "typing",
    "user",
    "user_id",
    "username",
    "users",
    "via",
    "visibility",
];

/// What those keys are given.
const VALUES: &[&str] = &[
    "null",
    "true",
    "-1",
    "0.5",
    "1e300",
    "9007199254740993",
    "18446744073709551616",
    "\"\"",
    "\"\\u0000\"",
    "\"@x:y\"",
    "[]",
    "[null]",
    "[[[]]]",
    "{}",
    "{\"\":null}",
    "{\"a\":{\"b\":[1,{\"c\":{}}]}}",
];

/// How deep the deepest bodies go.
pub(super) const DEPTH: usize = 50_000;

/// Names of query parameters that some endpoint or other reads.
pub(super) const QUERY_NAMES: &[&str] = &[
    "after",
    "at",
    "before",
    "dir",
    "filter",
    "format",
    "from",
    "full_state",
    "include_all_networks",
    "limit",
    "membership",
    "method",
    "not_membership",
    "only",
    "order_by",
    "recurse",
    "server",
    "set_presence",
    "since",
    "suggested_only",
    "timeout",
    "to",
    "ts",
    "use_state_after",
    "user_id",
    "via",
    "width",
];

/// What they are given.
pub(super) const QUERY_VALUES: &[&str] =
    &["", "-1", "1.5", "18446744073709551616", "%00", "%FF", "%zz", "x", "{", "%7B%22limit%22%3A-1%7D"];

/// Bodies that are no JSON, or no JSON that an endpoint expects.
pub(super) fn bodies() -> Vec<Vec<u8>> {
    let texts = [
        "",
        "{",
        "}",
        "null",
        "true",
        "7",
        "\"text\"",
        "[]",
        "[[]]",
        "{}",
        "{} {}",
        "{\"a\":1,}",
        "{'a':1}",
        "{a:1}",
        "{\"a\":1e999}",
        "{\"a\":NaN}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":1,\"a\":2}",
        "\u{feff}{}",
        "a=b&c=d",
        "<xml/>",
    ];
    let mut bodies: Vec<Vec<u8>> = texts.map(|text| text.as_bytes().to_vec()).into();
    bodies.push(b"{\"body\":\"\xff\xfe\"}".to_vec());
    bodies.push(b"{\"body\":\"\0\"}".to_vec());
    bodies.push(vec![0; 1_000]);
    bodies.push(format!("{{\"body\":\"{}\"}}", "x".repeat(70_000)).into_bytes());
    bodies.push(["[".repeat(DEPTH), "]".repeat(DEPTH)].concat().into_bytes());
    bodies.push([r#"{"a":"#.repeat(DEPTH), "1".to_owned(), "}".repeat(DEPTH)].concat().into_bytes());
    // As deep where only a part of the body is looked at.
    bodies.push(object(&["[".repeat(100), "]".repeat(100)].concat()));
    bodies.push(object(&["[".repeat(500), "]".repeat(500)].concat()));
    bodies.extend(VALUES.iter().map(|value| object(value)));
    bodies
}

/// An object in which every key has this value.
fn object(value: &str) -> Vec<u8> {
    let pairs: Vec<String> = KEYS.iter().map(|key| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", pairs.join(",")).into_bytes()
}

/// Path arguments, percent-encoded.
pub(super) fn arguments() -> Vec<String> {
    let mut arguments: Vec<String> = [
        "%00",
        "%FF",
        "%C3%28",
        "%",
        "%zz",
        "%21",
        "%40",
        "%24",
        "%23",
        "%40a%3A",
        "%21a%3Ab%3A99999999",
        "%40a%00b%3Alocalhost",
        "a%2Fb",
        "..%2F..%2F..%2Fetc%2Fpasswd",
        "%2e%2e",
        "%0d%0aset-cookie%3a%20a",
        "%F0%9F%98%80",
        "%7B%7D",
        "-1",
        "18446744073709551616",
        "%20",
        "%40-%3Alocalhost",
        "%24unknown",
        "%21unknown%3Alocalhost",
        "%23unknown%3Alocalhost",
        "%40unknown%3Alocalhost",
        "%40unknown%3A%5B%3A%3A1%5D",
    ]
    .map(str::to_owned)
    .into();
    arguments.push("x".repeat(300));
    arguments.push(format!("%40{}%3Alocalhost", "x".repeat(300)));
    arguments.push(format!("%21{}%3Alocalhost", "x".repeat(5_000)));
    arguments
}
