//! What application services may do.

use ruma::user_id;

use super::{BRIDGE, World, credentials};
use crate::{
    Appservice, Appservices, AuthenticateError, Credentials, LoginError, NewDevice, RegisterError,
    Registration,
};

const AS_TOKEN: &str = "as-secret";

fn acting_as<'a>(user: &'a str, device: Option<&'a str>) -> Credentials<'a> {
    Credentials { as_user: Some(user), as_device: device, ..credentials(AS_TOKEN) }
}

#[test]
fn a_bridge_acts_as_its_users_and_as_nobody_else() {
    let world = World::new();
    let bot = world.authenticate(AS_TOKEN).expect("is registered");
    assert_eq!(bot.user_id, "@bridgebot:a.example");
    let bridge = bot.appservice.clone().expect("is an application service");
    assert!(!format!("{bot:?}").contains("secret"));

    let ghost = "@irc_bob:a.example";
    let early = world.accounts.authenticate(&acting_as(ghost, None));
    assert!(matches!(early, Err(AuthenticateError::NotRegistered)));
    let wish = Registration { username: Some("irc_bob"), inhibit_login: true, ..Registration::default() };
    let registered = world.accounts.register_as_appservice(&bridge, &wish).expect("is in the namespace");
    assert!(registered.session.is_none());
    let requester = world.accounts.authenticate(&acting_as(ghost, None)).expect("is registered");
    assert_eq!(requester.user_id, ghost);

    let unknown = world.accounts.authenticate(&acting_as(ghost, Some("GHOST")));
    assert!(matches!(unknown, Err(AuthenticateError::UnknownDevice)));
    assert!(world.accounts.update_device(&requester, "GHOST", None).expect("may make devices"));
    let on_device = world.accounts.authenticate(&acting_as(ghost, Some("GHOST"))).expect("exists");
    assert_eq!(on_device.device_id.as_ref().map(|device| device.as_str()), Some("GHOST"));
    // Nothing asks a bridge for a password.
    world.accounts.authorize(&on_device, "delete_devices GHOST", None, None).expect("needs no proof");

    world.user("alice");
    for outside in ["@alice:a.example", "@irc_bob:b.example", "nonsense"] {
        let refused = world.accounts.authenticate(&acting_as(outside, None));
        assert!(matches!(refused, Err(AuthenticateError::NotInNamespace)), "{outside}");
    }
    let outside = Registration { username: Some("carol"), ..Registration::default() };
    assert!(matches!(
        world.accounts.register_as_appservice(&bridge, &outside),
        Err(RegisterError::Localpart(_))
    ));
    let refused =
        world.accounts.login_as_appservice(&bridge, &user_id!("@alice:a.example").to_owned().into());
    assert!(matches!(refused, Err(LoginError::NotInNamespace)));
    let user = world.accounts.login_as_appservice(&bridge, &user_id!("@irc_bob:a.example").to_owned().into());
    assert!(world.accounts.create_session(&user.expect("may"), &NewDevice::default()).is_ok());
}

#[test]
fn an_ordinary_user_cannot_act_as_somebody_else() {
    let world = World::new();
    let alice = world.user("alice");
    let token = world.login(&alice, &NewDevice::default()).access_token;
    let masked = Credentials { as_user: Some("@irc_bob:a.example"), ..credentials(token.reveal()) };
    assert_eq!(world.accounts.authenticate(&masked).expect("is valid").user_id, alice);
}

#[test]
fn registrations_are_read_with_their_namespaces() {
    let server = ruma::server_name!("a.example");
    let bridge = Appservice::parse(BRIDGE, server).expect("parses");
    assert_eq!(bridge.url.as_deref(), Some("http://localhost:1234"));
    assert!(bridge.is_interested_in_alias(ruma::room_alias_id!("#irc_rust:a.example")));
    assert!(!bridge.is_interested_in_alias(ruma::room_alias_id!("#rust:a.example")));
    assert!(!bridge.owns_user(user_id!("@not_irc_bob:a.example")));
    let mut services = Appservices::default();
    services.add("one.yaml".as_ref(), bridge).expect("is the first");
    let again = Appservice::parse(BRIDGE, server).expect("parses");
    assert!(services.add("two.yaml".as_ref(), again).is_err());
    assert!(services.exclusive_owner(user_id!("@irc_bob:a.example")).is_some());
    assert!(services.exclusive_owner(user_id!("@shared_bob:a.example")).is_none());
    for broken in ["id: x", "[", &BRIDGE.replace("@irc_.*", "@irc_(")] {
        assert!(Appservice::parse(broken, server).is_err(), "{broken}");
    }
    let minimal =
        "{id: x, url: null, as_token: a, hs_token: h, sender_localpart: s, namespaces: {users: []}}";
    assert_eq!(Appservice::parse(minimal, server).expect("parses").url, None);
}
