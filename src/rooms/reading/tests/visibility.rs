//! History visibility against an oracle that knows nothing of trees, roots and rows: a list of what happened, walked
//! from both sides, for every mode, membership and event that chance comes up with.

use kith_store::{
    Position,
    tables::{
        account_data,
        accounts::{ACCOUNTS, AccountKind, AccountRecord},
        events::Verdict,
    },
};
use proptest::prelude::*;
use serde_json::json;

use super::{TestRoom, World, history, member, text};
use crate::{ReadError, Viewer, visibility::Standing};

const VIEWER: &str = "@viewer:a.example";
const CREATOR: &str = "@creator:a.example";

/// One thing that happens in a room.
#[derive(Clone, Copy, Debug)]
enum Step {
    Message,
    /// The viewer's membership changes.
    Member(&'static str),
    /// The room's history visibility changes.
    History(&'static str),
    /// An event that clients never see.
    SoftFailed,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Message),
        3 => prop::sample::select(vec!["join", "invite", "leave", "ban", "knock"]).prop_map(Step::Member),
        2 => prop::sample::select(vec!["world_readable", "shared", "invited", "joined", "nonsense"]).prop_map(Step::History),
        1 => Just(Step::SoftFailed),
    ]
}

fn play(world: &mut World, steps: &[Step]) -> TestRoom {
    let mut room = world.room("room", json!({}));
    for step in steps {
        let draft = match step {
            Step::Message => text(CREATOR, "hello"),
            Step::Member(membership) => member(VIEWER, membership),
            Step::History(visibility) => history(visibility),
            Step::SoftFailed => super::Draft { verdict: Verdict::SoftFailed, ..text(CREATOR, "spam") },
        };
        world.write(&mut room, draft);
    }
    room
}

/// The rules of the specification, word for word, on the list of steps.
fn expected(steps: &[Step]) -> Vec<bool> {
    let visibility_after = |count: usize| {
        let set = steps[..count].iter().rev().find_map(|step| match step {
            Step::History(visibility) => Some(*visibility),
            _ => None,
        });
        set.filter(|visibility| *visibility != "nonsense").unwrap_or("shared")
    };
    let membership_after = |count: usize| {
        steps[..count].iter().rev().find_map(|step| match step {
            Step::Member(membership) => Some(*membership),
            _ => None,
        })
    };
    let allowed = |state: usize, joins_later: bool| {
        let (visibility, membership) = (visibility_after(state), membership_after(state));
        visibility == "world_readable"
            || membership == Some("join")
            || (visibility == "shared" && joins_later)
            || (visibility == "invited" && membership == Some("invite"))
    };
    (0..steps.len())
        .map(|at| {
            let joins_later = (at + 1..=steps.len()).any(|later| membership_after(later) == Some("join"));
            match steps[at] {
                Step::SoftFailed => false,
                Step::Message => allowed(at + 1, joins_later),
                Step::Member(_) | Step::History(_) => {
                    allowed(at + 1, joins_later) || allowed(at, joins_later)
                }
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn as_the_oracle_says(steps in prop::collection::vec(step(), 1..14)) {
        let mut world = World::new();
        let room = play(&mut world, &steps);
        let viewer = world.viewer(VIEWER);
        let read = world.store().read();
        // The creation and the creator's join come before the steps.
        let visible = world.rooms.visible(&*read, room.sid, &viewer, &room.events[2..]).expect("reads");
        prop_assert_eq!(visible, expected(&steps));

        let stranger = world.rooms.visible(&*read, room.sid, &Viewer::stranger(), &room.events[2..]).expect("reads");
        let without_viewer: Vec<Step> = steps
            .iter()
            .map(|step| if let Step::Member(_) = step { Step::Message } else { *step })
            .collect();
        prop_assert_eq!(stranger, expected(&without_viewer));
    }

    #[test]
    fn the_room_can_be_read_by_those_who_were_in_it(steps in prop::collection::vec(step(), 1..14)) {
        let mut world = World::new();
        let room = play(&mut world, &steps);
        let viewer = world.viewer(VIEWER);
        let read = world.store().read();
        let was_joined = steps.iter().any(|step| matches!(step, Step::Member("join")));
        let last = steps.iter().rev().find_map(|step| match step {
            Step::History(visibility) => Some(*visibility),
            _ => None,
        });
        let view = world.rooms.view(&*read, room.sid, &viewer).expect("reads");
        prop_assert_eq!(view.may_read(), was_joined || last == Some("world_readable"));
        let is_joined = matches!(steps.iter().rev().find(|step| matches!(step, Step::Member(_))), Some(Step::Member("join")));
        prop_assert_eq!(*view.standing() == Standing::Joined, is_joined);
        prop_assert_eq!(matches!(view.standing(), Standing::Departed(_)), was_joined && !is_joined);
    }
}

#[test]
fn a_departed_member_reads_the_state_of_their_departure() {
    let mut world = World::new();
    let mut room =
        play(&mut world, &[Step::Member("join"), Step::Message, Step::Member("leave"), Step::Message]);
    let left = super::value;
    world.write(&mut room, super::state(CREATOR, "m.room.name", "", json!({ "name": "after" })));
    let read = world.store().read();
    let viewer = world.viewer(VIEWER);
    let form = crate::readable_state::StateForm::Content;
    let own =
        world.rooms.state_event(&*read, &room.id, &viewer, "m.room.member", VIEWER, form).expect("reads");
    assert_eq!(left(&own)["membership"], "leave");
    let name = world.rooms.state_event(&*read, &room.id, &viewer, "m.room.name", "", form);
    assert!(matches!(name, Err(ReadError::NotFound(_))));
    let outsider = world.viewer("@outsider:a.example");
    let refused = world.rooms.state_events(&*read, &room.id, &outsider);
    assert!(matches!(refused, Err(ReadError::Forbidden)));
}

#[test]
fn ignored_users_are_silent_but_keep_their_state() {
    let mut world = World::new();
    let mut room = play(&mut world, &[Step::Member("join")]);
    let troll = "@troll:a.example";
    let events = [
        world.write(&mut room, member(troll, "join")),
        world.write(&mut room, text(troll, "boo")),
        world.write(&mut room, text(CREATOR, "hush")),
    ];
    let store = &world.rooms.store;
    let mut txn = store.begin();
    let list = json!({ "ignored_users": { troll: {}, VIEWER: {}, "not a user id": {} } }).to_string();
    let user = world.user(VIEWER);
    let position = account_data::put(&mut txn, store.engine(), user, None, "m.ignored_user_list", list);
    assert!(position.expect("writes") > Position::START);
    store.commit_durably(txn).expect("commits");
    let viewer = world.viewer(VIEWER);
    assert_eq!(viewer.ignored.len(), 1);
    let read = world.store().read();
    let visible = world.rooms.visible(&*read, room.sid, &viewer, &events).expect("reads");
    assert_eq!(visible, [true, false, true]);
}

#[test]
fn events_of_other_rooms_are_not_shown() {
    let mut world = World::new();
    let room = play(&mut world, &[Step::Member("join"), Step::History("world_readable")]);
    let other = world.room("other", json!({}));
    let viewer = world.viewer(VIEWER);
    let read = world.store().read();
    let visible = world.rooms.visible(&*read, room.sid, &viewer, &other.events).expect("reads");
    assert_eq!(visible, [false, false]);
}

#[test]
fn what_the_erased_wrote_is_read_by_those_who_were_there() {
    let mut world = World::new();
    let author = "@author:a.example";
    let mut room = play(&mut world, &[Step::Member("join")]);
    world.write(&mut room, member(author, "join"));
    let heard = world.write(&mut room, text(author, "heard"));
    world.write(&mut room, member(VIEWER, "leave"));
    let missed = world.write(&mut room, text(author, "missed"));
    world.write(&mut room, member(VIEWER, "join"));
    let account = AccountRecord {
        kind: AccountKind::User,
        created_ms: 0,
        password: None,
        admin: false,
        deactivated: true,
        erased: true,
        locked: false,
        suspended: false,
        user_type: None,
        terms: None,
        rate_limit: None,
    };
    let mut txn = world.store().begin();
    ACCOUNTS.put(&mut txn.batch, &world.user(author), &account);
    world.store().commit_durably(txn).expect("commits");
    let viewer = world.viewer(VIEWER);
    let read = world.store().read();
    let view = world.rooms.view(&*read, room.sid, &viewer).expect("reads");
    let seen: Vec<_> = view.look(&[heard, missed]).expect("reads").into_iter().flatten().collect();
    let shown = view.render(seen, crate::render::Form::ALONE).expect("renders");
    let contents: Vec<_> = shown.iter().map(|event| super::value(event)["content"].clone()).collect();
    assert_eq!(contents, [json!({ "msgtype": "m.text", "body": "heard" }), json!({})]);
}
