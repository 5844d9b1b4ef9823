//! The decisions of discovery, one row a case.

use super::*;

fn name(text: &str) -> &ServerName {
    <&ServerName>::try_from(text).expect("a server name")
}

fn found(base_url: &str, host_header: Option<&str>) -> Step {
    let host_header = host_header.map(ToOwned::to_owned);
    Step::Found(Route { base_url: base_url.to_owned(), host_header, connect_to: Vec::new() })
}

fn target(host: &str, port: u16) -> Target {
    Target { host: host.to_owned(), port }
}

#[test]
fn addresses_and_ports_need_no_asking() {
    let check = |server, base_url, host_header| assert_eq!(begin(name(server)), found(base_url, host_header));
    check("127.0.0.2:8448", "https://127.0.0.2:8448", None);
    check("127.0.0.2", "https://127.0.0.2:8448", Some("127.0.0.2"));
    check("[::1]:1234", "https://[::1]:1234", None);
    check("[::1]", "https://[::1]:8448", Some("[::1]"));
    check("localhost:1234", "https://localhost:1234", None);
    check("a.example:443", "https://a.example:443", Some("a.example:443"));
}

#[test]
fn a_bare_name_asks_for_its_well_known_file() {
    assert_eq!(begin(name("a.example")), Step::WellKnown { host: "a.example".to_owned() });
}

#[test]
fn a_delegation_is_followed_once() {
    let check = |delegated, expected| {
        assert_eq!(after_well_known("a.example", Some(name(delegated))), expected, "{delegated}");
    };
    check("127.0.0.2", found("https://127.0.0.2:8448", Some("127.0.0.2")));
    check("matrix.a.example:1234", found("https://matrix.a.example:1234", None));
    check("matrix.a.example", Step::Srv { host: "matrix.a.example".to_owned() });
    assert_eq!(after_well_known("a.example", None), Step::Srv { host: "a.example".to_owned() });
}

#[test]
fn records_move_the_connection_and_not_the_name() {
    let route = after_srv("a.example", vec![target("one.example", 1), target("two.example", 2)]);
    assert_eq!((route.base_url.as_str(), route.host_header), ("https://a.example", None));
    assert_eq!(route.connect_to, [target("one.example", 1), target("two.example", 2)]);

    let route = after_srv("a.example", Vec::new());
    assert_eq!((route.base_url.as_str(), route.host_header), ("https://a.example", None));
    assert_eq!(route.connect_to, [target("a.example", 8448)]);
}
