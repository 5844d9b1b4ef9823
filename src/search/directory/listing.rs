//! Keeping the user directory: who is listed, how, and by which words they are found.
//!
//! Users of this server are listed by their accounts and profiles, users of other servers by the rooms they are in. A
//! change of a profile is in no stream, so after a start all accounts are looked at once.

use std::collections::BTreeSet;

use kith_store::{
    Direction, Error, Position, Txn, UserSid,
    tables::{
        accounts::{ACCOUNTS, AccountRecord},
        counters,
        members::{MEMBERSHIPS, Membership, MembershipRecord},
        profiles::PROFILES,
        search::{DIRECTORY_ENTRIES, DIRECTORY_WORDS, DirectoryEntry},
    },
};
use ruma::UserId;

use crate::{Search, words};

/// How many people one step looks at.
const STEP_USERS: usize = 500;
/// How many words lead to one user, and how many bytes of a name they are taken from.
const WORDS_MAX: usize = 48;
const NAME_BYTES_MAX: usize = 512;
/// How far the cursor on the disk may lie back where nothing changes.
const FLUSH_POSITIONS: u64 = 10_000;

/// How far the listing has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Listing {
    /// What arrived up to here has been followed; none before the first step.
    followed: Option<Position>,
    /// Who has to be looked at whatever arrives: everybody behind this user.
    walk: Walk,
    written: Position,
}

#[derive(Clone, Copy, Debug, Default)]
enum Walk {
    /// Users of this server; then the others too, if the directory is new.
    Locals { from: UserSid, others_too: bool },
    /// Users of other servers.
    Others { from: UserSid },
    #[default]
    Done,
}

impl Search {
    /// One step. True once everything up to `until` is listed.
    pub(crate) fn list_people(&self, listing: &mut Listing, until: Position) -> Result<bool, Error> {
        let followed = match listing.followed {
            Some(followed) => followed,
            None => {
                let written = counters::directory(self.store.engine())?;
                let is_new = written == Position::START || written > until;
                listing.walk = Walk::Locals { from: UserSid(0), others_too: is_new };
                listing.written = if is_new { Position::START } else { written };
                if is_new { until } else { written }
            }
        };
        let mut users = BTreeSet::new();
        let arrivals = self.arrivals(followed, until)?;
        users.extend(arrivals.profiles);
        users.extend(arrivals.events.into_iter().filter_map(|(_, member)| member));
        listing.walk = self.walk(listing.walk, &mut users)?;
        self.list(users, listing, until)?;
        listing.followed = Some(until);
        let done = matches!(listing.walk, Walk::Done);
        if done {
            self.listed.send_if_modified(|listed| {
                let moved = *listed < until;
                *listed = (*listed).max(until);
                moved
            });
        }
        Ok(done)
    }

    /// Adds the next people of a walk.
    fn walk(&self, walk: Walk, users: &mut BTreeSet<UserSid>) -> Result<Walk, Error> {
        let engine = self.store.engine();
        let (mut walk, mut taken) = (walk, 0);
        while taken < STEP_USERS {
            match walk {
                Walk::Locals { from, others_too } => {
                    let rows = ACCOUNTS.range(engine, &from, &UserSid(u64::MAX), Direction::Forward);
                    let mut last = None;
                    for row in rows.take(STEP_USERS) {
                        let (user, _) = row?;
                        users.insert(user);
                        last = Some(user);
                        taken += 1;
                    }
                    walk = match last {
                        Some(last) => Walk::Locals { from: UserSid(last.0 + 1), others_too },
                        None if others_too => Walk::Others { from: UserSid(0) },
                        None => Walk::Done,
                    };
                }
                Walk::Others { from } => {
                    let mut rows = MEMBERSHIPS.range(engine, &from, &UserSid(u64::MAX), Direction::Forward);
                    let Some(((user, _), _)) = rows.next().transpose()? else {
                        walk = Walk::Done;
                        continue;
                    };
                    users.insert(user);
                    taken += 1;
                    walk = Walk::Others { from: UserSid(user.0 + 1) };
                }
                Walk::Done => break,
            }
        }
        Ok(walk)
    }

    /// Writes how these people are listed, and how far that is.
    fn list(&self, users: BTreeSet<UserSid>, listing: &mut Listing, until: Position) -> Result<(), Error> {
        let mut txn = self.store.begin();
        for user in users {
            self.relist(&mut txn, user)?;
        }
        let lag = until.0.saturating_sub(listing.written.0);
        // As long as a new directory is not whole, it has no cursor, and a crash begins it again.
        let is_whole = match listing.walk {
            Walk::Locals { others_too, .. } => !others_too,
            Walk::Others { .. } => false,
            Walk::Done => true,
        };
        if is_whole && (!txn.batch.is_empty() || lag > FLUSH_POSITIONS || listing.written == Position::START)
        {
            counters::put_directory(&mut txn.batch, until);
            listing.written = until;
        }
        if !txn.batch.is_empty() {
            drop(self.store.commit(txn)?);
        }
        Ok(())
    }

    fn relist(&self, txn: &mut Txn, user: UserSid) -> Result<(), Error> {
        let old = DIRECTORY_ENTRIES.get(self.store.engine(), &user)?;
        let new = self.entry(user)?;
        if old == new {
            return Ok(());
        }
        if let Some(old) = old {
            for word in old.words {
                DIRECTORY_WORDS.delete(&mut txn.batch, &(word, old.order, user));
            }
        }
        match new {
            Some(new) => {
                for word in &new.words {
                    DIRECTORY_WORDS.put(&mut txn.batch, &(word.clone(), new.order, user), &());
                }
                DIRECTORY_ENTRIES.put(&mut txn.batch, &user, &new);
            }
            None => DIRECTORY_ENTRIES.delete(&mut txn.batch, &user),
        }
        Ok(())
    }

    /// How a user is to be listed, if at all.
    fn entry(&self, user: UserSid) -> Result<Option<DirectoryEntry>, Error> {
        let engine = self.store.engine();
        let user_id = self.store.ids().user_id(user)?;
        let (display_name, avatar_url) = match ACCOUNTS.get(engine, &user)? {
            Some(account) if is_listed(&account) => {
                let profile = PROFILES.get(engine, &user)?.unwrap_or_default();
                (profile.display_name, profile.avatar_url)
            }
            Some(_) => return Ok(None),
            None if user_id.server_name().as_str() == self.config.server_name => return Ok(None),
            None => match self.newest_join(user)? {
                Some(join) => {
                    let join = self.rooms.pdu(join.event)?;
                    (join.content_field("displayname"), join.content_field("avatar_url"))
                }
                None => return Ok(None),
            },
        };
        let words = words_of(&user_id, display_name.as_deref());
        let order = u8::from(display_name.is_none()) + u8::from(avatar_url.is_none());
        Ok(Some(DirectoryEntry { display_name, avatar_url, words, order }))
    }

    /// What a user of another server said of themselves last.
    fn newest_join(&self, user: UserSid) -> Result<Option<MembershipRecord>, Error> {
        let mut newest: Option<MembershipRecord> = None;
        for row in MEMBERSHIPS.scan(self.store.engine(), &user, Direction::Forward) {
            let (_, record) = row?;
            let newer = newest.as_ref().is_none_or(|newest| newest.position < record.position);
            if record.membership == Membership::Join && newer {
                newest = Some(record);
            }
        }
        Ok(newest)
    }
}

fn is_listed(account: &AccountRecord) -> bool {
    let is_support = account.user_type.as_deref() == Some("support");
    !account.deactivated && !account.locked && !account.suspended && !is_support
}

/// The words by which a user is found. The server's name is none of them: everybody of a server has it.
fn words_of(user_id: &UserId, display_name: Option<&str>) -> Vec<String> {
    let name = display_name.unwrap_or_default();
    let mut end = name.len().min(NAME_BYTES_MAX);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let mut words = BTreeSet::new();
    for piece in words::pieces(&format!("{}\n{}", user_id.localpart(), &name[..end])) {
        for (word, _) in words::tokens_of(&piece) {
            if words.len() < WORDS_MAX {
                words.insert(word);
            }
        }
    }
    words.into_iter().collect()
}
