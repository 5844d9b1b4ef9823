//! The user directory. <https://spec.matrix.org/v1.19/client-server-api/#user-directory>
//!
//! A searcher finds people who share a room with them or are in a room that everybody may join. People are found by
//! beginnings of the words of their names and ids, so a search looks at the rows of those words and at nobody else.

mod listing;

use std::collections::{BTreeMap, HashMap, HashSet};

use kith_accounts::Requester;
use kith_store::{
    Direction, Error, Read, RoomSid, UserSid,
    tables::{
        members::{MEMBERSHIPS, Membership},
        search::{DIRECTORY_ENTRIES, DIRECTORY_WORDS, DirectoryEntry},
    },
};
use ruma::{OwnedUserId, UserId, events::StateEventType};

pub(crate) use self::listing::Listing;
use crate::{
    Search,
    words::{self, Piece},
};

/// The longest search term that is looked for, in bytes; what is behind is cut off.
const TERM_BYTES_MAX: usize = 256;
/// How many words of it count.
const WORDS_MAX: usize = 8;
/// How many people one answer may hold.
const RESULTS_MAX: usize = 100;
/// How many people one search looks at, and how many of their rooms.
const CANDIDATES_MAX: usize = 5_000;
const ROOMS_LOOKED_AT_MAX: usize = 200_000;

/// Somebody who was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundUser {
    /// Who.
    pub user_id: OwnedUserId,
    /// Their display name.
    pub display_name: Option<String>,
    /// Their avatar.
    pub avatar_url: Option<String>,
}

/// People, the best matches first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserResults {
    /// At most as many as were asked for.
    pub people: Vec<FoundUser>,
    /// There are more.
    pub limited: bool,
}

/// How well somebody matches; less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    /// It is their name or id.
    Whole,
    /// Their name or id begins so.
    Beginning,
    /// Words of them begin so.
    Words,
}

/// What somebody typed, understood.
struct Term {
    pieces: Vec<Piece>,
    folded: String,
    typed: String,
}

impl Search {
    /// The people whom `term` may mean and whom the requester may find.
    pub fn users(&self, requester: &Requester, term: &str, limit: usize) -> Result<UserResults, Error> {
        let limit = limit.min(RESULTS_MAX);
        let term = Term::parse(term);
        let view = self.store.read();
        let mut ranked = Vec::new();
        let (users, mut limited) = self.users_with_words(&*view, &term)?;
        let entries = DIRECTORY_ENTRIES.get_many(&*view, &users)?;
        for (user, entry) in users.into_iter().zip(entries) {
            let Some(entry) = entry else { continue };
            let user_id = self.store.ids().user_id(user)?;
            if let Some(rank) = term.matches(&user_id, &entry) {
                ranked.push((rank, entry.order, user_id, user, entry));
            }
        }
        ranked.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
        let mut visibility = Visibility::new(self, &*view, requester)?;
        let mut people = Vec::new();
        for (_, _, user_id, user, entry) in ranked {
            if !visibility.allows(user)? {
                continue;
            }
            if people.len() == limit {
                limited = true;
                break;
            }
            let DirectoryEntry { display_name, avatar_url, .. } = entry;
            people.push(FoundUser { user_id, display_name, avatar_url });
        }
        Ok(UserResults { people, limited: limited || visibility.is_exhausted() })
    }

    /// Everybody with a word that one of the term's words begins; true if there are more.
    fn users_with_words(&self, read: &dyn Read, term: &Term) -> Result<(Vec<UserSid>, bool), Error> {
        let mut users = Vec::new();
        let mut known = HashSet::new();
        let mut longest_first: Vec<&Piece> = term.pieces.iter().collect();
        longest_first.sort_by_key(|piece| std::cmp::Reverse(piece.folded.len()));
        for piece in longest_first {
            // Of writing without spaces, the first two characters lead there.
            let Some((start, _)) = words::tokens_of(piece).into_iter().next() else { continue };
            let end = format!("{start}{}", char::MAX);
            let rows = DIRECTORY_WORDS.range(read, &(start,), &(end,), Direction::Forward);
            for row in rows {
                let ((_, _, user), ()) = row?;
                if known.insert(user) {
                    if users.len() == CANDIDATES_MAX {
                        return Ok((users, true));
                    }
                    users.push(user);
                }
            }
        }
        Ok((users, false))
    }
}

impl Term {
    fn parse(term: &str) -> Self {
        let mut cut = term.len().min(TERM_BYTES_MAX);
        while !term.is_char_boundary(cut) {
            cut -= 1;
        }
        let typed = term[..cut].trim().to_owned();
        let mut pieces = words::pieces(&typed);
        pieces.truncate(WORDS_MAX);
        Self { pieces, folded: words::folded(&typed), typed }
    }

    /// How well somebody matches, if they do.
    fn matches(&self, user_id: &UserId, entry: &DirectoryEntry) -> Option<Match> {
        let name = entry.display_name.as_deref().unwrap_or_default();
        let own = words::pieces(&format!("{name}\n{user_id}"));
        let is_met = |wanted: &Piece| {
            own.iter().any(|piece| match wanted.spaceless {
                true => piece.folded.contains(&wanted.folded),
                false => piece.folded.starts_with(&wanted.folded),
            })
        };
        if self.pieces.is_empty() || !self.pieces.iter().all(is_met) {
            return None;
        }
        let (name, localpart) = (words::folded(name), words::folded(user_id.localpart()));
        Some(if name == self.folded || localpart == self.folded || user_id.as_str() == self.typed {
            Match::Whole
        } else if name.starts_with(&self.folded) || localpart.starts_with(&self.folded) {
            Match::Beginning
        } else {
            Match::Words
        })
    }
}

/// Whom a searcher may find.
struct Visibility<'a> {
    search: &'a Search,
    read: &'a dyn Read,
    user: UserSid,
    /// The searcher's own rooms.
    own: HashSet<RoomSid>,
    /// Rooms already looked at: whether everybody may join them.
    public: BTreeMap<RoomSid, bool>,
    looked_at: usize,
    /// People already judged.
    judged: HashMap<UserSid, bool>,
}

impl<'a> Visibility<'a> {
    fn new(search: &'a Search, read: &'a dyn Read, requester: &Requester) -> Result<Self, Error> {
        let own = search.rooms.joined_rooms(requester.user)?.into_iter().collect();
        Ok(Self {
            search,
            read,
            user: requester.user,
            own,
            public: BTreeMap::new(),
            looked_at: 0,
            judged: HashMap::new(),
        })
    }

    /// So many rooms were looked at that nobody else is shown.
    fn is_exhausted(&self) -> bool {
        self.looked_at >= ROOMS_LOOKED_AT_MAX
    }

    fn allows(&mut self, user: UserSid) -> Result<bool, Error> {
        if self.search.config.search.all_users || user == self.user {
            return Ok(true);
        }
        if let Some(judged) = self.judged.get(&user) {
            return Ok(*judged);
        }
        let mut allowed = false;
        for row in MEMBERSHIPS.scan(self.read, &user, Direction::Forward) {
            let ((_, room), record) = row?;
            self.looked_at += 1;
            if self.is_exhausted() {
                break;
            }
            if record.membership == Membership::Join && (self.own.contains(&room) || self.is_public(room)?) {
                allowed = true;
                break;
            }
        }
        self.judged.insert(user, allowed);
        Ok(allowed)
    }

    fn is_public(&mut self, room: RoomSid) -> Result<bool, Error> {
        if let Some(known) = self.public.get(&room) {
            return Ok(*known);
        }
        let rules = match self.search.rooms.find_heads(room)? {
            Some(heads) => {
                self.search.rooms.state_at(room, heads.state).get(&StateEventType::RoomJoinRules, "")?
            }
            None => None,
        };
        let public = rules.is_some_and(|rules| {
            rules.content_field::<String>("join_rule").is_some_and(|rule| rule == "public")
        });
        self.public.insert(room, public);
        Ok(public)
    }
}
