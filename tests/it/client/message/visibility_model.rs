//! History visibility against an oracle: random comings and goings under changing rules, and then, for each event and
//! each viewer, whether what is shown is what the specification says.
//! <https://spec.matrix.org/v1.19/client-server-api/#server-behaviour-6>

use std::collections::BTreeMap;

use serde_json::json;

use crate::harness::{Answer, Dice, Server, User, bodies, encode};

const MODES: [&str; 4] = ["world_readable", "shared", "invited", "joined"];
/// How many things happen in one story.
const STEPS: usize = 60;

/// A message, with what was the case when it was sent.
struct Told {
    event: String,
    text: String,
    mode: &'static str,
    memberships: BTreeMap<String, &'static str>,
}

/// The room as the oracle knows it.
struct Story {
    alice: User,
    viewers: Vec<User>,
    room: String,
    mode: &'static str,
    memberships: BTreeMap<String, &'static str>,
    told: Vec<Told>,
    /// Before how many messages somebody joined last, and left last.
    last_join: BTreeMap<String, usize>,
    last_leave: BTreeMap<String, usize>,
}

impl Story {
    async fn begin(server: &Server, number: u64) -> Self {
        let alice = server.register(&format!("alice{number}")).await;
        let mut viewers = Vec::new();
        for name in ["bob", "carol", "dave"] {
            viewers.push(server.register(&format!("{name}{number}")).await);
        }
        let room = alice.create_room(json!({"preset": "private_chat"})).await;
        let memberships = viewers.iter().map(|user| (user.id.clone(), "leave")).collect();
        let (last_join, last_leave) = (BTreeMap::new(), BTreeMap::new());
        Self { alice, viewers, room, mode: "shared", memberships, told: Vec::new(), last_join, last_leave }
    }

    async fn step(&mut self, dice: &mut Dice) {
        let user = dice.pick(&self.viewers).clone();
        match dice.throw(8) {
            0..3 => self.tell().await,
            3 => {
                self.mode = MODES[usize::try_from(dice.throw(4)).unwrap()];
                let content = json!({"history_visibility": self.mode});
                self.alice.set_state(&self.room, "m.room.history_visibility", "", content).await.ok();
            }
            4 => self.note(&user, "invite", &self.alice.invite(&self.room, &user).await),
            5 => self.note(&user, "join", &user.join(&self.room).await),
            6 => self.note(&user, "leave", &user.leave(&self.room).await),
            _ => self.note(&user, "leave", &self.alice.kick(&self.room, &user).await),
        }
    }

    async fn tell(&mut self) {
        let text = format!("{}", self.told.len());
        let event = self.alice.say(&self.room, &text).await;
        self.told.push(Told { event, text, mode: self.mode, memberships: self.memberships.clone() });
    }

    /// Notes a change of membership, if it came about.
    fn note(&mut self, user: &User, membership: &'static str, answer: &Answer) {
        if answer.status != 200 {
            return;
        }
        let before = self.memberships.insert(user.id.clone(), membership);
        match (before, membership) {
            (_, "join") => drop(self.last_join.insert(user.id.clone(), self.told.len())),
            (Some("join"), _) => drop(self.last_leave.insert(user.id.clone(), self.told.len())),
            _ => {}
        }
    }

    /// Whether a viewer may see a message.
    fn may_see(&self, user: &User, number: usize) -> bool {
        let told = &self.told[number];
        let joined_later = self.last_join.get(&user.id).is_some_and(|join| *join > number);
        match (told.mode, told.memberships[&user.id]) {
            ("world_readable", _) | (_, "join") | ("invited", "invite") => true,
            ("shared", _) => joined_later,
            _ => false,
        }
    }

    /// What the pages of a viewer hold; none if there are no pages for them.
    fn pages(&self, user: &User) -> Option<Vec<&str>> {
        let open = self.mode == "world_readable";
        let end = match self.memberships[&user.id] {
            "join" => self.told.len(),
            _ if open => self.told.len(),
            // The past ends where one left.
            _ => *self.last_leave.get(&user.id)?,
        };
        let seen = (0..end).filter(|number| self.may_see(user, *number));
        Some(seen.map(|number| self.told[number].text.as_str()).collect())
    }

    async fn check(&self, user: &User) {
        for number in 0..self.told.len() {
            let told = &self.told[number];
            let status = if self.may_see(user, number) { 200 } else { 404 };
            let answer = user.event(&self.room, &told.event).await;
            let case = (&user.id, number, told.mode, told.memberships[&user.id]);
            assert_eq!(answer.status, status, "{case:?}: {answer:?}");
        }
        for dir in ["b", "f"] {
            let path = format!("/rooms/{}/messages?dir={dir}&limit=500", encode(&self.room));
            let answer = user.get(&path).await;
            let Some(mut expected) = self.pages(user) else {
                answer.refused(403, "M_FORBIDDEN");
                continue;
            };
            if dir == "b" {
                expected.reverse();
            }
            let page = answer.ok();
            assert_eq!(bodies(&page["chunk"]), expected, "{} {dir}", user.id);
        }
    }
}

#[tokio::test]
async fn what_is_shown_is_what_may_be_seen() {
    let server = Server::start().await;
    for seed in 1..=4 {
        let mut dice = Dice::new(seed);
        let mut story = Story::begin(&server, seed).await;
        for _ in 0..STEPS {
            story.step(&mut dice).await;
        }
        for user in &story.viewers {
            story.check(user).await;
        }
    }
}
