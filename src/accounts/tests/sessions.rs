//! Tokens, devices and what ends them.

use std::net::{IpAddr, Ipv4Addr};

use kith_store::ChangeKind;
use ruma::{api::client::uiaa::UserIdentifier, user_id};

use super::{World, credentials, password_proof};
use crate::{
    AuthenticateError, Credentials, LoginError, ModerateError, Moderation, NewDevice, SessionError, UiaError,
};

const REFRESHING: NewDevice<'static> =
    NewDevice { device_id: Some("PHONE"), display_name: Some("phone"), refresh: true };

#[test]
fn a_token_is_good_until_logout() {
    let world = World::new();
    let alice = world.user("alice");
    let session = world.login(&alice, &NewDevice { device_id: Some("PHONE"), ..NewDevice::default() });
    let requester = world.authenticate(session.access_token.reveal()).expect("is valid");
    assert_eq!((&requester.user_id, requester.guest, requester.admin), (&alice, false, false));
    assert_eq!(requester.device_id.as_ref().map(|device| device.as_str()), Some("PHONE"));
    assert!(!format!("{session:?} {requester:?}").contains(session.access_token.reveal()));
    world.accounts.logout(&requester).expect("logs out");
    let gone = world.authenticate(session.access_token.reveal());
    assert!(matches!(gone, Err(AuthenticateError::UnknownToken)));
    assert!(world.accounts.list_devices(requester.user).expect("reads").is_empty());
}

#[test]
fn logging_in_again_on_a_device_ends_its_old_token() {
    let world = World::new();
    let alice = world.user("alice");
    let first = world.login(&alice, &REFRESHING);
    let requester = world.authenticate(first.access_token.reveal()).expect("is valid");
    let second = world.login(&alice, &NewDevice { display_name: Some("other"), ..REFRESHING });
    assert!(world.authenticate(first.access_token.reveal()).is_err());
    assert!(world.authenticate(second.access_token.reveal()).is_ok());
    let devices = world.accounts.list_devices(requester.user).expect("reads");
    let names: Vec<_> = devices.iter().map(|device| device.display_name.as_deref()).collect();
    assert_eq!(names, [Some("phone")]);
}

#[test]
fn the_old_pair_lives_until_the_new_one_is_used() {
    let world = World::new();
    let first = world.login(&world.user("alice"), &REFRESHING);
    let old_refresh = first.refresh_token.expect("was asked for");
    assert!(world.authenticate(first.access_token.reveal()).is_ok());
    // The answer to the first renewal is lost; the client asks again.
    let lost = world.accounts.refresh(old_refresh.reveal()).expect("renews");
    let second = world.accounts.refresh(old_refresh.reveal()).expect("renews again");
    assert!(matches!(world.authenticate(lost.access_token.reveal()), Err(AuthenticateError::UnknownToken)));
    assert!(world.authenticate(first.access_token.reveal()).is_ok());
    // The first use of the new token ends the old pair.
    assert!(world.authenticate(second.access_token.reveal()).is_ok());
    assert!(matches!(world.authenticate(first.access_token.reveal()), Err(AuthenticateError::UnknownToken)));
    assert!(matches!(world.accounts.refresh(old_refresh.reveal()), Err(SessionError::UnknownToken)));
    // So does the use of the new refresh token.
    let second_refresh = second.refresh_token.expect("goes on");
    let third = world.accounts.refresh(second_refresh.reveal()).expect("renews");
    let third_refresh = third.refresh_token.expect("goes on");
    assert!(world.accounts.refresh(third_refresh.reveal()).is_ok());
    assert!(matches!(world.accounts.refresh(second_refresh.reveal()), Err(SessionError::UnknownToken)));
    assert!(matches!(world.authenticate(second.access_token.reveal()), Err(AuthenticateError::UnknownToken)));
}

#[test]
fn an_expired_token_is_a_soft_logout() {
    let world = World::new();
    let session = world.login(&world.user("alice"), &REFRESHING);
    assert!(world.authenticate(session.access_token.reveal()).is_ok());
    world.advance(3_601);
    assert!(matches!(world.authenticate(session.access_token.reveal()), Err(AuthenticateError::Expired)));
    let refresh = session.refresh_token.expect("was asked for");
    let renewed = world.accounts.refresh(refresh.reveal()).expect("renews");
    assert!(world.authenticate(renewed.access_token.reveal()).is_ok());
}

#[test]
fn changes_of_the_account_reach_cached_sessions_at_once() {
    let world = World::new();
    let (admin, bob) = (world.requester("admin"), world.requester("bob"));
    let token = world.login(&bob.user_id, &NewDevice::default()).access_token;
    assert!(matches!(
        world.accounts.moderate(&admin, &bob.user_id, Moderation::Lock(true)),
        Err(ModerateError::NotAdmin)
    ));
    world.accounts.set_admin(admin.user, true).expect("exists");
    let admin = crate::Requester { admin: true, ..admin };
    assert!(!world.authenticate(token.reveal()).expect("is valid").suspended);
    world.accounts.moderate(&admin, &bob.user_id, Moderation::Suspend(true)).expect("may");
    assert!(world.authenticate(token.reveal()).expect("is valid").suspended);
    world.accounts.moderate(&admin, &bob.user_id, Moderation::Lock(true)).expect("may");
    assert!(matches!(world.authenticate(token.reveal()), Err(AuthenticateError::Locked)));
    let logging_out = Credentials { may_be_locked: true, ..credentials(token.reveal()) };
    assert!(world.accounts.authenticate(&logging_out).expect("may log out").locked);
    let identifier = UserIdentifier::from(&bob.user_id);
    assert!(matches!(world.accounts.login_with_password(&identifier, "sesame"), Err(LoginError::Locked)));
    assert!(matches!(world.accounts.login_with_password(&identifier, "wrong"), Err(LoginError::Wrong)));
    world.accounts.moderate(&admin, &bob.user_id, Moderation::Lock(false)).expect("may");
    assert!(world.authenticate(token.reveal()).is_ok());
    for (target, expected) in [
        (admin.user_id.as_ref(), "administrators cannot do this to themselves or to each other"),
        (user_id!("@bob:b.example"), "the user does not belong to this server"),
        (user_id!("@nobody:a.example"), "there is no such account"),
    ] {
        let error = world.accounts.moderate(&admin, target, Moderation::Lock(true)).expect_err("may not");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn user_names_are_found_however_they_are_written() {
    let world = World::new();
    world.user("alice");
    for name in ["alice", "Alice", "@alice:a.example", "@ALICE:a.example"] {
        let identifier = serde_json::from_value(serde_json::json!({ "type": "m.id.user", "user": name }));
        let identifier: UserIdentifier = identifier.expect("is an identifier");
        assert!(world.accounts.login_with_password(&identifier, "sesame").is_ok(), "{name}");
    }
    let elsewhere = UserIdentifier::from(user_id!("@alice:b.example").to_owned());
    assert!(matches!(world.accounts.login_with_password(&elsewhere, "sesame"), Err(LoginError::Wrong)));
}

#[test]
fn addresses_log_in_too() {
    let world = World::new();
    let alice = world.requester("alice");
    world.accounts.add_threepid(alice.user, "email", "Alice@Mail.example").expect("is free");
    let identifier = UserIdentifier::third_party_id("email".into(), "alice@mail.EXAMPLE".to_owned());
    assert_eq!(world.accounts.login_with_password(&identifier, "sesame").expect("logs in").user, alice.user);
    let bob = world.requester("bob");
    assert!(world.accounts.add_threepid(bob.user, "email", "alice@mail.example").is_err());
    world.accounts.delete_threepid(alice.user, "email", "ALICE@mail.example").expect("goes");
    assert!(world.accounts.list_threepids(alice.user).expect("reads").is_empty());
    assert!(world.accounts.add_threepid(bob.user, "email", "alice@mail.example").is_ok());
}

#[test]
fn a_login_token_works_once_and_not_for_long() {
    let world = World::new();
    let alice = world.requester("alice");
    let (token, _) = world.accounts.create_login_token(alice.user).expect("is made");
    assert_eq!(world.accounts.login_with_token(token.reveal()).expect("logs in").user, alice.user);
    assert!(matches!(world.accounts.login_with_token(token.reveal()), Err(LoginError::Wrong)));
    let (late, lifetime) = world.accounts.create_login_token(alice.user).expect("is made");
    world.clock.advance(lifetime);
    assert!(matches!(world.accounts.login_with_token(late.reveal()), Err(LoginError::Wrong)));
    world.accounts.create_login_token(alice.user).expect("is made");
    world.clock.advance(lifetime);
    assert_eq!(world.accounts.sweep().expect("sweeps"), 1);
}

#[test]
fn openid_tokens_tell_who_somebody_is_and_nothing_else() {
    let world = World::new();
    let alice = world.requester("alice");
    let token = world.accounts.create_openid_token(alice.user).expect("is made");
    let found = world.accounts.find_openid_user(token.token.reveal()).expect("reads");
    assert_eq!(found.as_ref(), Some(&alice.user_id));
    assert!(world.authenticate(token.token.reveal()).is_err());
    assert!(world.accounts.login_with_token(token.token.reveal()).is_err());
    world.clock.advance(token.expires_in);
    assert_eq!(world.accounts.find_openid_user(token.token.reveal()).expect("reads"), None);
}

#[test]
fn devices_are_named_seen_and_deleted_behind_a_password() {
    let world = World::new();
    let alice = world.requester("alice");
    let other = world.login(&alice.user_id, &NewDevice { device_id: Some("OTHER"), ..NewDevice::default() });
    let seen = Credentials {
        address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        user_agent: Some("client/1"),
        ..credentials(other.access_token.reveal())
    };
    world.accounts.authenticate(&seen).expect("is valid");
    world.accounts.update_device(&alice, "OTHER", Some("desk")).expect("exists");
    assert!(world.accounts.update_device(&alice, "NONE", Some("desk")).is_err());
    let device = world.accounts.find_device(alice.user, "OTHER").expect("reads").expect("exists");
    assert_eq!(device.display_name.as_deref(), Some("desk"));
    assert_eq!(device.last_seen_address.as_deref(), Some("127.0.0.1"));
    assert_eq!(device.last_seen_ms, Some(world.clock.now_ms()));

    let operation = "delete_devices OTHER";
    let Err(UiaError::Challenge(challenge)) = world.accounts.authorize(&alice, operation, None, None) else {
        panic!("needs a password");
    };
    let wrong = password_proof("@alice:a.example", "wrong", &challenge.session);
    assert!(matches!(
        world.accounts.authorize(&alice, operation, Some(&wrong), None),
        Err(UiaError::Challenge(challenge)) if challenge.refusal.is_some()
    ));
    let right = password_proof("alice", "sesame", &challenge.session);
    let elsewhere = world.accounts.authorize(&alice, "delete_devices MORE", Some(&right), None);
    assert!(matches!(elsewhere, Err(UiaError::OtherOperation)));
    world.accounts.authorize(&alice, operation, Some(&right), None).expect("is proved");
    // The session is used up.
    assert!(matches!(
        world.accounts.authorize(&alice, operation, Some(&right), None),
        Err(UiaError::Challenge(challenge)) if challenge.refusal.is_some()
    ));
    let before = world.accounts.store.visible();
    let gone = world.accounts.delete_devices(alice.user, &["OTHER", "NONE"]).expect("deletes");
    assert_eq!(gone, ["OTHER"]);
    assert!(world.authenticate(other.access_token.reveal()).is_err());
    let changes = world.accounts.store.changes().since(before).expect("is recent");
    assert!(changes.iter().any(|change| change.kind == ChangeKind::DeviceList { user: alice.user }));
}

#[test]
fn a_new_password_ends_the_other_sessions() {
    let world = World::new();
    let alice = world.requester("alice");
    let own = world.login(&alice.user_id, &NewDevice::default()).access_token;
    let other = world.login(&alice.user_id, &NewDevice::default()).access_token;
    let requester = world.authenticate(own.reveal()).expect("is valid");
    assert!(world.accounts.change_password(&requester, "short", true).is_err());
    world.accounts.change_password(&requester, "open sesame", true).expect("changes");
    assert!(world.authenticate(own.reveal()).is_ok());
    assert!(world.authenticate(other.reveal()).is_err());
    let identifier = UserIdentifier::from(&alice.user_id);
    assert!(world.accounts.login_with_password(&identifier, "open sesame").is_ok());
    assert!(world.accounts.login_with_password(&identifier, "sesame").is_err());
}

#[test]
fn a_proof_from_before_a_new_password_is_worth_nothing() {
    let world = World::new();
    let alice = world.requester("alice");
    let identifier = UserIdentifier::from(&alice.user_id);
    let accounts = &world.accounts;
    let by_password = accounts.login_with_password(&identifier, "sesame").expect("logs in");
    let (token, _) = accounts.create_login_token(alice.user).expect("is made");
    let by_token = accounts.login_with_token(token.reveal()).expect("logs in");
    let (unused, _) = accounts.create_login_token(alice.user).expect("is made");
    accounts.set_password(alice.user, "open sesame", true, None).expect("changes");
    for late in [by_password, by_token] {
        let session = accounts.create_session(&late, &NewDevice::default());
        assert!(matches!(session, Err(SessionError::PasswordChanged)));
    }
    assert!(matches!(accounts.login_with_token(unused.reveal()), Err(LoginError::Wrong)));
    let again = accounts.login_with_password(&identifier, "open sesame").expect("logs in");
    assert!(accounts.create_session(&again, &NewDevice::default()).is_ok());
}

#[test]
fn a_closed_account_stays_closed() {
    let world = World::new();
    let alice = world.requester("alice");
    let token = world.login(&alice.user_id, &REFRESHING);
    let (login_token, _) = world.accounts.create_login_token(alice.user).expect("is made");
    world.accounts.set_account_data(alice.user, None, "m.x", "{}").expect("writes");
    world.accounts.add_threepid(alice.user, "email", "a@b.example").expect("is free");
    let closed = world.accounts.deactivate(alice.user, true).expect("exists");
    assert_eq!(closed.devices.len(), 2);
    assert!(world.authenticate(token.access_token.reveal()).is_err());
    assert!(world.accounts.refresh(token.refresh_token.expect("was asked for").reveal()).is_err());
    assert!(world.accounts.login_with_token(login_token.reveal()).is_err());
    let identifier = UserIdentifier::from(&alice.user_id);
    assert!(matches!(
        world.accounts.login_with_password(&identifier, "sesame"),
        Err(LoginError::Deactivated)
    ));
    assert_eq!(world.accounts.find_account_data(alice.user, None, "m.x").expect("reads"), None);
    assert_eq!(world.accounts.find_threepid_owner("email", "a@b.example").expect("reads"), None);
    assert_eq!(world.accounts.find_profile(&alice.user_id).expect("reads"), None);
    assert!(world.accounts.is_erased(alice.user).expect("reads"));
    assert!(world.accounts.check_available("alice").is_err());
    assert_eq!(world.accounts.departures().expect("reads"), [alice.user]);
    world.accounts.departed(alice.user).expect("writes");
    assert!(world.accounts.departures().expect("reads").is_empty());
}
