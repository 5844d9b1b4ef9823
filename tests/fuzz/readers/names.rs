//! Server names, the Authorization header, access control lists, and well-known documents.

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use kith_peers::XMatrix;
use kith_tests::Dice;
use ruma::{
    EventId, RoomAliasId, RoomId, ServerName, UserId, events::room::server_acl::RoomServerAclEventContent,
};

use crate::{corpus, damage::damage, run::fuzz};

#[test]
fn server_names() {
    fuzz(&corpus::server_names(), |input| {
        let Ok(text) = std::str::from_utf8(input) else { return false };
        let _ids = (UserId::parse(text), RoomId::parse(text), EventId::parse(text), RoomAliasId::parse(text));
        let Ok(name) = ServerName::parse(text) else { return false };
        assert_eq!(name.as_str(), text);
        let port = name.port().map(|port| format!(":{port}")).unwrap_or_default();
        let (host, written_port) = name.as_str().split_at(name.host().len());
        assert_eq!(host, name.host());
        // A port may be written with zeros in front.
        assert_eq!(written_port.trim_start_matches([':', '0']), port.trim_start_matches([':', '0']));
        if name.is_ip_literal() {
            let bare = host.trim_matches(['[', ']']);
            assert!(bare.parse::<std::net::IpAddr>().is_ok(), "{bare} is no address");
        }
        true
    });
}

#[test]
fn authorization_headers() {
    fuzz(&corpus::authorizations(), |input| {
        let Some(header) = read(input) else { return false };
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let destination =
            header.destination.iter().map(|name| format!("destination={},", quoted(name.as_str())));
        let printed = format!(
            "X-Matrix origin={},{}key={},sig={}",
            quoted(header.origin.as_str()),
            destination.collect::<String>(),
            quoted(&header.key_id),
            quoted(&header.signature),
        );
        // Headers have an end, and escapes may lead beyond it.
        if printed.len() < 2_000 {
            assert_eq!(read(printed.as_bytes()), Some(header), "{printed}");
        }
        true
    });
}

fn read(value: &[u8]) -> Option<XMatrix> {
    let value = HeaderValue::from_bytes(value).ok()?;
    XMatrix::from_headers(&HeaderMap::from_iter([(AUTHORIZATION, value)])).ok()
}

#[test]
fn access_control_lists() {
    let names = corpus::server_names();
    fuzz(&[corpus::acl().to_string().into_bytes(), b"{}".to_vec()], |input| {
        let Ok(acl) = serde_json::from_slice::<RoomServerAclEventContent>(input) else { return false };
        let mut dice = Dice::new(u64::try_from(input.len()).unwrap());
        for _ in 0..4 {
            let name = String::from_utf8_lossy(&damage(&mut dice, &names)).into_owned();
            let Ok(name) = ServerName::parse(&name) else { continue };
            let is_denied = acl.deny.iter().any(|pattern| pattern == name.host());
            assert!(!(is_denied && acl.is_allowed(&name)), "{name} is on the list of the denied");
            assert!(!(acl.allow.is_empty() && acl.is_allowed(&name)), "nobody is on the list of the allowed");
        }
        true
    });
}
