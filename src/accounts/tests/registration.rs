//! How accounts come to be.

use hmac::{Hmac, KeyInit, Mac};
use kith_config::RegistrationMode;
use ruma::api::client::uiaa::UserIdentifier;
use serde_json::json;
use sha1::Sha1;

use super::{World, auth};
use crate::{
    AccountKind, Challenge, LocalpartError, NewDevice, RegisterError, Registration, SharedSecretError,
    SharedSecretRegistration, Stage, UiaError, ValidationPurpose, ValidationWish,
};

fn wish(name: &str) -> Registration<'_> {
    Registration { username: Some(name), password: Some("open sesame"), ..Registration::default() }
}

fn challenge(result: Result<crate::Registered, RegisterError>) -> Challenge {
    match result {
        Err(RegisterError::Uia(UiaError::Challenge(challenge))) => *challenge,
        other => panic!("expected a challenge, got {other:?}"),
    }
}

#[test]
fn an_open_server_asks_for_nothing_but_the_dummy() {
    let world = World::new();
    let asked = challenge(world.accounts.register(&wish("Alice")));
    assert_eq!(asked.flows, [[Stage::Dummy]]);
    let dummy = auth(json!({ "type": "m.login.dummy", "session": asked.session }));
    let registered = world.accounts.register(&Registration { auth: Some(&dummy), ..wish("Alice") });
    let registered = registered.expect("registers");
    assert_eq!(registered.user_id, "@alice:a.example");
    let token = registered.session.expect("is logged in").access_token;
    assert!(world.authenticate(token.reveal()).is_ok());
    let profile = world.accounts.find_profile(&registered.user_id).expect("reads").expect("exists");
    assert_eq!(profile.display_name.as_deref(), Some("alice"));
    assert!(matches!(world.accounts.register(&wish("alice")), Err(RegisterError::InUse)));
}

#[test]
fn parameters_of_the_first_request_are_kept() {
    let world = World::new();
    let device = NewDevice { device_id: Some("PHONE"), display_name: Some("phone"), refresh: true };
    let asked = challenge(world.accounts.register(&Registration { device, ..wish("alice") }));
    let dummy = auth(json!({ "type": "m.login.dummy", "session": asked.session }));
    let second =
        Registration { auth: Some(&dummy), password: Some("open sesame"), ..Registration::default() };
    let session = world.accounts.register(&second).expect("registers").session.expect("is logged in");
    assert_eq!(session.user_id, "@alice:a.example");
    assert_eq!(session.device_id.as_ref().map(|device| device.as_str()), Some("PHONE"));
    assert!(session.refresh_token.is_some() && session.expires_in.is_some());
}

#[test]
fn a_proof_without_a_session_begins_one() {
    let world = World::new();
    let dummy = auth(json!({ "type": "m.login.dummy" }));
    let silent = Registration { auth: Some(&dummy), inhibit_login: true, ..wish("alice") };
    assert!(world.accounts.register(&silent).expect("registers").session.is_none());
    let nameless = Registration { username: None, ..silent };
    assert_eq!(world.accounts.register(&nameless).expect("registers").user_id, "@1:a.example");
    let guest = world.accounts.register_guest(None).expect("guests are let in");
    assert_eq!(guest.user_id, "@2:a.example");
    let token = guest.session.expect("is logged in").access_token;
    assert!(world.authenticate(token.reveal()).expect("is valid").guest);
}

#[test]
fn closed_servers_register_nobody() {
    let world = World::with(|settings| {
        settings.registration_mode = RegistrationMode::Closed;
        settings.registration.guests = false;
    });
    assert!(matches!(world.accounts.register(&wish("alice")), Err(RegisterError::Closed)));
    assert!(matches!(world.accounts.register_guest(None), Err(RegisterError::NoGuests)));
}

#[test]
fn names_follow_the_rules() {
    let world = World::new();
    for name in ["alice", "a.b_c=d-e/f+g", "x9"] {
        assert!(world.accounts.check_available(name).is_ok(), "{name}");
    }
    let long = "x".repeat(250);
    let cases = [
        ("", LocalpartError::Malformed),
        ("ä", LocalpartError::Malformed),
        ("a b", LocalpartError::Malformed),
        ("@a:a.example", LocalpartError::Malformed),
        (&long, LocalpartError::Malformed),
        ("123", LocalpartError::Numeric),
        ("_bot", LocalpartError::Underscore),
        ("irc_bob", LocalpartError::Exclusive),
        ("bridgebot", LocalpartError::Exclusive),
        ("Notices", LocalpartError::Notices),
    ];
    for (name, expected) in cases {
        match world.accounts.check_available(name) {
            Err(RegisterError::Localpart(error)) => {
                assert_eq!(error.to_string(), expected.to_string(), "{name}")
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    let weak = Registration { password: Some("weak"), ..wish("alice") };
    assert!(matches!(world.accounts.register(&weak), Err(RegisterError::Password(_))));
}

#[test]
fn tokens_and_terms_are_asked_for_together() {
    let world = World::with(|settings| {
        settings.registration_mode = RegistrationMode::Token;
        settings.registration.require_terms = true;
        settings.registration.terms_version = Some("7".to_owned());
        settings.registration.terms_url = Some("https://a.example/terms".to_owned());
    });
    let accounts = &world.accounts;
    accounts.create_registration_token(Some("invited"), Some(1), None).expect("is made");
    assert!(accounts.create_registration_token(Some("invited"), None, None).is_err());
    assert!(accounts.create_registration_token(Some("in vited"), None, None).is_err());
    assert!(accounts.is_valid_registration_token("invited").expect("reads"));

    let asked = challenge(accounts.register(&wish("alice")));
    assert_eq!(asked.flows, [[Stage::RegistrationToken, Stage::Terms]]);
    assert_eq!(asked.parameters["m.login.terms"]["policies"]["terms"]["version"], "7");
    let prove = |value| {
        let proof = auth(value);
        accounts.register(&Registration { auth: Some(&proof), ..wish("alice") })
    };
    let session = &asked.session;
    let wrong = json!({ "type": "m.login.registration_token", "token": "guessed", "session": session });
    assert!(challenge(prove(wrong)).refusal.is_some());
    let right = json!({ "type": "m.login.registration_token", "token": "invited", "session": session });
    assert_eq!(challenge(prove(right.clone())).completed, ["m.login.registration_token"]);
    // The only use is taken as long as this session goes on.
    assert!(!accounts.is_valid_registration_token("invited").expect("reads"));
    assert_eq!(challenge(prove(right)).completed, ["m.login.registration_token"]);
    let registered = prove(json!({ "type": "m.login.terms", "session": session })).expect("registers");
    let account = accounts.find_account(&registered.user_id).expect("reads").expect("exists");
    assert_eq!((account.terms.as_deref(), account.kind), (Some("7"), AccountKind::User));
    let token = accounts.find_registration_token("invited").expect("reads").expect("exists");
    assert_eq!((token.pending, token.completed), (0, 1));
}

#[test]
fn an_abandoned_registration_gives_its_token_back() {
    let world = World::with(|settings| {
        settings.registration_mode = RegistrationMode::Token;
        settings.registration.require_terms = true;
    });
    world.accounts.create_registration_token(Some("invited"), Some(1), None).expect("is made");
    let proof = auth(json!({ "type": "m.login.registration_token", "token": "invited" }));
    challenge(world.accounts.register(&Registration { auth: Some(&proof), ..wish("alice") }));
    assert!(!world.accounts.is_valid_registration_token("invited").expect("reads"));
    world.advance(25 * 60 * 60);
    assert_eq!(world.accounts.sweep().expect("sweeps"), 1);
    assert!(world.accounts.is_valid_registration_token("invited").expect("reads"));
}

#[test]
fn an_address_is_proved_by_what_was_sent_to_it() {
    let world = World::with(|settings| settings.registration_mode = RegistrationMode::Email);
    let accounts = &world.accounts;
    let wish_for = |send_attempt| ValidationWish {
        purpose: ValidationPurpose::Register,
        address: "A@b.example",
        client_secret: "secret",
        send_attempt,
        next_link: None,
    };
    let begun = accounts.begin_validation(&wish_for(1)).expect("begins");
    let sid = begun.session.clone();
    let text = begun.mail.expect("is the first").text;
    let token = text.split("&token=").nth(1).and_then(|rest| rest.lines().next()).expect("has a link");
    // The same attempt sends nothing; the next does, and the links of both mails count.
    let again = accounts.begin_validation(&wish_for(1)).expect("goes on");
    assert_eq!((again.session.as_str(), again.mail), (sid.as_str(), None));
    assert!(accounts.begin_validation(&wish_for(2)).expect("goes on").mail.is_some());
    let prove = || {
        let credentials = json!({ "sid": sid, "client_secret": "secret" });
        let proof = auth(json!({ "type": "m.login.email.identity", "threepid_creds": credentials }));
        accounts.register(&Registration { auth: Some(&proof), ..wish("alice") })
    };
    assert!(challenge(prove()).refusal.is_some());
    let other = ValidationWish { client_secret: "late", ..wish_for(1) };
    let late = accounts.begin_validation(&other).expect("begins");
    let late_token = late.mail.expect("is the first").text;
    let late_token =
        late_token.split("&token=").nth(1).and_then(|rest| rest.lines().next()).expect("has a link");
    assert!(accounts.look_at_validation(&late.session, late_token).is_ok());
    assert!(accounts.confirm_validation(&sid, token, Some("other secret")).is_err());
    assert!(accounts.confirm_validation(&sid, "guessed", None).is_err());
    accounts.confirm_validation(&sid, token, None).expect("is right");
    let registered = prove().expect("registers");
    let account = accounts.find_account(&registered.user_id).expect("reads").expect("exists");
    assert_eq!(accounts.find_threepid_owner("email", "A@b.example").expect("reads"), Some(account.user));
    // A day later the other link leads nowhere, and goes with the attempt that proved nothing.
    world.advance(24 * 60 * 60);
    assert!(accounts.confirm_validation(&late.session, late_token, None).is_err());
    assert_eq!(accounts.sweep().expect("sweeps"), 2);
}

#[test]
fn the_shared_secret_makes_administrators() {
    let world = World::new();
    let register = |name: &str, nonce: &str, key: &str, user_type: Option<&str>| {
        let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("any length");
        mac.update(format!("{nonce}\0{name}\0pw\0admin").as_bytes());
        if let Some(user_type) = user_type {
            mac.update(format!("\0{user_type}").as_bytes());
        }
        let mac: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        world.accounts.register_with_shared_secret(&SharedSecretRegistration {
            nonce,
            username: name,
            password: "pw",
            display_name: None,
            admin: true,
            user_type,
            mac: &mac,
            inhibit_login: false,
        })
    };
    let nonce = || world.accounts.create_registration_nonce().expect("is on");
    let key = "shared secret of the tests";
    let once = nonce();
    let registered = register("root", once.reveal(), key, None).expect("registers");
    assert!(world.accounts.find_account(&registered.user_id).expect("reads").expect("exists").admin);
    let identifier = UserIdentifier::from(&registered.user_id);
    assert!(world.accounts.login_with_password(&identifier, "pw").is_ok());
    assert!(matches!(register("twice", once.reveal(), key, None), Err(SharedSecretError::BadNonce)));
    assert!(matches!(register("eve", nonce().reveal(), "guessed", None), Err(SharedSecretError::BadMac)));
    assert!(register("bot", nonce().reveal(), key, Some("bot")).is_ok());
    assert!(matches!(
        register("odd", nonce().reveal(), key, Some("king")),
        Err(SharedSecretError::BadUserType)
    ));
    let late = nonce();
    world.advance(61);
    assert!(matches!(register("late", late.reveal(), key, None), Err(SharedSecretError::BadNonce)));
}
