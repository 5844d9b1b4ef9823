//! Server names, the Authorization header, access control lists, and well-known documents.

use kith_tests::Dice;
use ruma::{
    EventId, RoomAliasId, RoomId, ServerName, UserId, api::federation::authentication::XMatrix,
    events::room::server_acl::RoomServerAclEventContent,
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
        let Ok(text) = std::str::from_utf8(input) else { return false };
        let Ok(header) = XMatrix::parse(text) else { return false };
        let again = XMatrix::parse(header.to_string()).expect("what was printed can be read");
        assert_eq!(
            (&again.origin, &again.destination, &again.key, again.sig.as_bytes()),
            (&header.origin, &header.destination, &header.key, header.sig.as_bytes())
        );
        true
    });
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
