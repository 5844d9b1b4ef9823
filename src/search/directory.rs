//! The user directory. <https://spec.matrix.org/v1.19/client-server-api/#user-directory>
//!
//! A searcher finds the people of this server who share a room with them or are in a room that everybody may join.

use std::collections::{BTreeMap, HashMap};

use kith_accounts::Requester;
use kith_store::{
    ChangeKind, Direction, Error, Position, RoomSid, UserSid,
    tables::{
        accounts::ACCOUNTS,
        members::{MEMBERSHIPS, Membership},
        profiles::PROFILES,
    },
};
use parking_lot::RwLock;
use ruma::OwnedUserId;

use crate::Search;

/// The longest search term that is looked for, in bytes; what is behind is cut off.
const TERM_BYTES_MAX: usize = 256;
/// How many people one answer may hold.
const RESULTS_MAX: usize = 100;

/// Everybody of this server, ready to be searched.
#[derive(Default)]
pub(crate) struct Directory(RwLock<Index>);

#[derive(Default)]
struct Index {
    /// Changes up to here are in the index; none before the first search.
    fresh_to: Option<Position>,
    people: BTreeMap<UserSid, Person>,
}

#[derive(Clone)]
struct Person {
    found: Found,
    /// What is searched: user id and name in lower case.
    text: String,
}

/// Somebody who was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub user_id: OwnedUserId,
    /// Their display name.
    pub display_name: Option<String>,
    /// Their avatar.
    pub avatar_url: Option<String>,
}

/// People, the best matches first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResult {
    /// At most as many as were asked for.
    pub people: Vec<Found>,
    /// There are more.
    pub limited: bool,
}

impl Search {
    /// The people whom `term` may mean and whom the requester may find.
    pub fn users(&self, requester: &Requester, term: &str, limit: usize) -> Result<SearchResult, Error> {
        self.refresh()?;
        let limit = limit.min(RESULTS_MAX);
        let mut cut = term.len().min(TERM_BYTES_MAX);
        while !term.is_char_boundary(cut) {
            cut -= 1;
        }
        let words: Vec<String> = term[..cut].to_lowercase().split_whitespace().map(str::to_owned).collect();
        let mut ranked: Vec<(u8, UserSid, Found)> = {
            let index = self.directory.0.read();
            let matching = index.people.iter().filter_map(|(user, person)| {
                let rank = rank(person, &words)?;
                Some((rank, *user, person.found.clone()))
            });
            matching.collect()
        };
        ranked.sort_by(|a, b| (a.0, &a.2.user_id).cmp(&(b.0, &b.2.user_id)));
        let mut result = SearchResult::default();
        let mut visibility = Visibility { search: self, requester, public: HashMap::new() };
        for (_, user, found) in ranked {
            if !visibility.allows(user)? {
                continue;
            }
            if result.people.len() == limit {
                result.limited = true;
                break;
            }
            result.people.push(found);
        }
        Ok(result)
    }

    fn refresh(&self) -> Result<(), Error> {
        let mut index = self.directory.0.write();
        let visible = self.store.visible();
        let changes = index.fresh_to.and_then(|since| self.store.changes().since(since));
        let Some(changes) = changes else {
            index.people.clear();
            for row in ACCOUNTS.scan(&*self.store.read(), &(), Direction::Forward) {
                let (user, _) = row?;
                self.load(&mut index, user)?;
            }
            index.fresh_to = Some(visible);
            return Ok(());
        };
        for change in changes {
            if let ChangeKind::Profile { user } = change.kind {
                self.load(&mut index, user)?;
            }
            index.fresh_to = Some(change.position);
        }
        Ok(())
    }

    fn load(&self, index: &mut Index, user: UserSid) -> Result<(), Error> {
        let engine = self.store.engine();
        let account = ACCOUNTS.get(engine, &user)?;
        if account.is_none_or(|account| account.deactivated || account.locked) {
            index.people.remove(&user);
            return Ok(());
        }
        let profile = PROFILES.get(engine, &user)?.unwrap_or_default();
        let user_id = self.store.ids().user_id(user)?;
        let text =
            format!("{user_id}\n{}", profile.display_name.as_deref().unwrap_or_default()).to_lowercase();
        let found = Found { user_id, display_name: profile.display_name, avatar_url: profile.avatar_url };
        index.people.insert(user, Person { found, text });
        Ok(())
    }
}

/// How well a person matches: exact first, then beginnings of a name, then any part. `None`: not at all.
fn rank(person: &Person, words: &[String]) -> Option<u8> {
    if words.is_empty() || !words.iter().all(|word| person.text.contains(word.as_str())) {
        return None;
    }
    let whole = words.join(" ");
    let name = person.found.display_name.as_deref().unwrap_or_default().to_lowercase();
    let localpart = person.found.user_id.localpart();
    Some(if name == whole || localpart == whole || person.found.user_id == *whole {
        0
    } else if name.starts_with(&whole) || localpart.starts_with(&whole) {
        1
    } else {
        2
    })
}

struct Visibility<'a> {
    search: &'a Search,
    requester: &'a Requester,
    /// Rooms already looked at.
    public: HashMap<RoomSid, bool>,
}

impl Visibility<'_> {
    fn allows(&mut self, user: UserSid) -> Result<bool, Error> {
        if user == self.requester.user {
            return Ok(true);
        }
        let engine = self.search.store.engine();
        for room in self.search.rooms.joined_rooms(user)? {
            let own = MEMBERSHIPS.get(engine, &(self.requester.user, room))?;
            if own.is_some_and(|row| row.membership == Membership::Join) || self.is_public(room)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_public(&mut self, room: RoomSid) -> Result<bool, Error> {
        if let Some(known) = self.public.get(&room) {
            return Ok(*known);
        }
        let state = self.search.rooms.current_state(room)?;
        let rules = state.get(&ruma::events::StateEventType::RoomJoinRules, "")?;
        let public = rules.is_some_and(|rules| {
            rules.content_field::<String>("join_rule").is_some_and(|rule| rule == "public")
        });
        self.public.insert(room, public);
        Ok(public)
    }
}
