//! Server ACLs: which servers a room keeps out. Whoever takes something in from another server (events, EDUs, requests
//! for membership) asks here first.
//! <https://spec.matrix.org/v1.19/client-server-api/#server-access-control-lists-acls-for-rooms>

use std::{net::IpAddr, sync::Arc};

use kith_event::Pdu;
use kith_store::{Error, EventSid, RoomSid};
use quick_cache::{Weighter, sync::Cache};
use ruma::{ServerName, events::StateEventType};
use serde_json::{Map, Value};

use crate::Rooms;

/// How many bytes of lists are kept ready.
const CACHE_BYTES: u64 = 4 << 20;
/// What a cached list costs beside its patterns, in bytes.
const LIST_BYTES: u64 = 120;
/// What a pattern costs beside its text, in bytes.
const PATTERN_BYTES: u64 = 24;

/// What an `m.room.server_acl` event says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerAcl {
    allow: Vec<String>,
    deny: Vec<String>,
    denies_ip_literals: bool,
}

impl ServerAcl {
    /// Reads the content of an `m.room.server_acl` event. What is not of the right type counts as absent; a list
    /// without `allow` allows nobody.
    pub fn read(content: &str) -> Self {
        let content: Map<String, Value> = serde_json::from_str(content).unwrap_or_default();
        let patterns = |field: &str| {
            let listed = content.get(field).and_then(Value::as_array).into_iter().flatten();
            listed.filter_map(Value::as_str).map(str::to_ascii_lowercase).collect()
        };
        let denies_ip_literals = content.get("allow_ip_literals").and_then(Value::as_bool) == Some(false);
        Self { allow: patterns("allow"), deny: patterns("deny"), denies_ip_literals }
    }

    /// Whether a server may take part. Its port does not matter, nor does the case of its name.
    pub fn allows(&self, server: &ServerName) -> bool {
        let host = server.host().to_ascii_lowercase();
        if self.denies_ip_literals && is_ip_literal(&host) {
            return false;
        }
        let listed = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, &host));
        !listed(&self.deny) && listed(&self.allow)
    }

    fn memory_bytes(&self) -> u64 {
        let patterns = self.allow.iter().chain(&self.deny);
        LIST_BYTES + patterns.map(|pattern| PATTERN_BYTES + pattern.len() as u64).sum::<u64>()
    }
}

fn is_ip_literal(host: &str) -> bool {
    host.starts_with('[') || host.parse::<IpAddr>().is_ok()
}

/// Whether a text matches a pattern of `*` (any characters) and `?` (one). Only the last `*` is ever tried again, so
/// the work is bounded by the product of the lengths, and a pattern longer than the text is done with at once.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let fixed = pattern.iter().filter(|byte| **byte != b'*').count();
    if fixed > text.len() {
        return false;
    }
    let (mut at, mut in_text) = (0, 0);
    // Behind the last star: where the pattern goes on, and from where in the text it was last tried.
    let mut retry: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                retry = Some((at, in_text));
            }
            Some(byte) if *byte == b'?' || *byte == text[in_text] => {
                at += 1;
                in_text += 1;
            }
            _ => {
                let Some((behind_star, tried)) = retry else { return false };
                (at, in_text) = (behind_star, tried + 1);
                retry = Some((behind_star, tried + 1));
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// The lists that were used lately, by the event that has them.
pub(crate) struct AclCache(Cache<EventSid, Arc<ServerAcl>, ByMemory>);

#[derive(Clone)]
struct ByMemory;

impl Weighter<EventSid, Arc<ServerAcl>> for ByMemory {
    fn weight(&self, _: &EventSid, acl: &Arc<ServerAcl>) -> u64 {
        acl.memory_bytes()
    }
}

impl Default for AclCache {
    fn default() -> Self {
        let lists = usize::try_from(CACHE_BYTES / (4 * LIST_BYTES)).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(lists, CACHE_BYTES, ByMemory))
    }
}

impl AclCache {
    /// Lists change only where they are redacted, which is rare enough to forget them all.
    pub(crate) fn forget(&self) {
        self.0.clear();
    }
}

impl Rooms {
    /// The list in a room's current state.
    pub fn server_acl(&self, room: RoomSid) -> Result<Option<Arc<ServerAcl>>, Error> {
        let state = self.current_state(room)?;
        let Some(event) = state.event_of(&StateEventType::RoomServerAcl, "")? else { return Ok(None) };
        let read = |pdu: &Pdu| Arc::new(ServerAcl::read(pdu.content_text()));
        let acl = self.acls.0.get_or_insert_with(&event, || self.pdu(event).map(|pdu| read(&pdu)))?;
        Ok(Some(acl))
    }

    /// Whether a room's list lets a server take part; where there is no list, every server may.
    pub fn is_allowed_by_acl(&self, room: RoomSid, server: &ServerName) -> Result<bool, Error> {
        if self.find_heads(room)?.is_none() {
            return Ok(true);
        }
        Ok(self.server_acl(room)?.is_none_or(|acl| acl.allows(server)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(content: &str, allowed: &[&str], denied: &[&str]) {
        let acl = ServerAcl::read(content);
        for server in allowed {
            assert!(acl.allows(&ServerName::parse(*server).expect("valid")), "{server} by {content}");
        }
        for server in denied {
            assert!(!acl.allows(&ServerName::parse(*server).expect("valid")), "{server} by {content}");
        }
    }

    #[test]
    fn who_is_denied_is_out_and_who_is_not_allowed_too() {
        check(
            r#"{"allow":["*"],"deny":["evil.example","*.evil.example"]}"#,
            &["good.example", "notevil.example", "evil.example.org"],
            &["evil.example", "a.evil.example", "a.b.evil.example"],
        );
        check(r#"{"allow":["?.example"]}"#, &["a.example"], &["ab.example", ".example"]);
    }

    #[test]
    fn ports_and_case_do_not_matter() {
        check(r#"{"allow":["*"],"deny":["EVIL.example"]}"#, &["good.example:8448"], &["evil.Example:8448"]);
        check(r#"{"allow":["good.example"]}"#, &["GOOD.example:1"], &["good.example.org"]);
    }

    #[test]
    fn literals_are_allowed_unless_the_list_says_no() {
        let literals = ["1.2.3.4", "1.2.3.4:8448", "[::1]", "[2001:db8::1]:443"];
        check(r#"{"allow":["*"]}"#, &literals, &[]);
        check(r#"{"allow":["*"],"allow_ip_literals":"no"}"#, &literals, &[]);
        check(r#"{"allow":["*"],"allow_ip_literals":false}"#, &["a.example"], &literals);
    }

    #[test]
    fn what_is_malformed_counts_as_absent() {
        check(r#"{}"#, &[], &["a.example"]);
        check(r#"{"allow":"*"}"#, &[], &["a.example"]);
        check(r#"{"allow":[1,"*"],"deny":{"a.example":1}}"#, &["a.example"], &[]);
    }

    /// What the pattern means, spelled out.
    fn matches_plainly(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => {
                matches_plainly(rest, text) || (!text.is_empty() && matches_plainly(pattern, &text[1..]))
            }
            ([b'?', rest @ ..], [_, left @ ..]) => matches_plainly(rest, left),
            ([byte, rest @ ..], [other, left @ ..]) if byte == other => matches_plainly(rest, left),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn patterns_mean_what_they_say(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            prop_assert_eq!(matches(&pattern, &text), matches_plainly(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
