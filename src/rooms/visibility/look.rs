//! Judging events: the rules of history visibility, for many events at once.

use std::collections::HashSet;

use kith_store::{
    Error, EventSid, UserSid,
    state::StateRoot,
    tables::{
        accounts::{ACCOUNTS, AccountRecord},
        events::{EVENT_META, EventMeta, Verdict},
        members::Membership,
    },
};
use ruma::events::room::history_visibility::HistoryVisibility;

use super::{RoomView, Seen, Standing};
use crate::tokens::Place;

impl RoomView<'_> {
    /// What the viewer sees of each event, in the events' order; nothing where it is hidden.
    ///
    /// Events of ignored users are hidden, unless they are state: without that the room could not be understood.
    pub fn look(&self, events: &[EventSid]) -> Result<Vec<Option<Seen>>, Error> {
        let metas = EVENT_META.get_many(self.read, events)?;
        let mut seen = Vec::with_capacity(events.len());
        for (event, meta) in events.iter().zip(metas) {
            let ignored =
                |meta: &EventMeta| meta.state_key.is_none() && self.viewer.ignored.contains(&meta.sender);
            seen.push(match meta {
                Some(meta) if !ignored(&meta) && self.may_see(*event, &meta)? => {
                    Some(Seen { event: *event, meta, redacted: false })
                }
                _ => None,
            });
        }
        self.redact_erased(&mut seen)?;
        Ok(seen)
    }

    /// As [`Self::look`], for one event.
    pub fn look_at(&self, event: EventSid) -> Result<Option<Seen>, Error> {
        Ok(self.look(&[event])?.pop().flatten())
    }

    /// As [`Self::look`], with the events of ignored users shown as if they had been redacted: for the roots of
    /// threads, which hold what others wrote together.
    pub fn look_past_ignoring(&self, events: &[EventSid]) -> Result<Vec<Option<Seen>>, Error> {
        let metas = EVENT_META.get_many(self.read, events)?;
        let mut seen = Vec::with_capacity(events.len());
        for (event, meta) in events.iter().zip(metas) {
            seen.push(match meta {
                Some(meta) if self.may_see(*event, &meta)? => {
                    let redacted = meta.state_key.is_none() && self.viewer.ignored.contains(&meta.sender);
                    Some(Seen { event: *event, meta, redacted })
                }
                _ => None,
            });
        }
        self.redact_erased(&mut seen)?;
        Ok(seen)
    }

    /// What is at stake is history alone; who is ignored is not asked here.
    fn may_see(&self, event: EventSid, meta: &EventMeta) -> Result<bool, Error> {
        let Some(place) = &meta.place else { return Ok(false) };
        let arrived = place.position.is_none_or(|position| position <= self.horizon);
        if meta.room != self.room || meta.verdict != Verdict::Accepted || !arrived {
            return Ok(false);
        }
        let at = Place { depth: meta.depth, order: place.order };
        if self.viewer.operator || self.state_allows(place.state_after, at)? {
            return Ok(true);
        }
        // A change of the visibility is shown to whom either side of it allows, and so is the viewer's own coming
        // and going.
        let both_sides = meta.state_key.is_some()
            && (meta.state_key == self.visibility_key || meta.state_key == self.member_key);
        Ok((both_sides && self.state_allows(place.state_before, at)?) || self.is_in_sight(event)?)
    }

    /// Whether the viewer may see an event at this place of the room, given the state at the event.
    fn state_allows(&self, root: StateRoot, at: Place) -> Result<bool, Error> {
        let visibility = self.history_visibility_at(root)?;
        match visibility {
            HistoryVisibility::WorldReadable => return Ok(true),
            HistoryVisibility::Shared if self.joined_after(at) => return Ok(true),
            _ => {}
        }
        Ok(match self.membership_at(root)? {
            Some(Membership::Join) => true,
            Some(Membership::Invite) => visibility == HistoryVisibility::Invited,
            _ => false,
        })
    }

    /// Whether the viewer was a member at some time after the event at this place.
    fn joined_after(&self, at: Place) -> bool {
        match self.standing() {
            Standing::Joined => true,
            Standing::Departed(departure) => at <= departure.place,
            Standing::Outside => false,
        }
    }

    /// Of what an erased user wrote, only those who were there at the time keep the text.
    fn redact_erased(&self, seen: &mut [Option<Seen>]) -> Result<(), Error> {
        let mut senders: Vec<UserSid> = seen.iter().flatten().map(|seen| seen.meta.sender).collect();
        senders.sort_unstable();
        senders.dedup();
        let accounts = ACCOUNTS.get_many(self.read, &senders)?;
        let is_erased =
            |account: &Option<AccountRecord>| account.as_ref().is_some_and(|account| account.erased);
        let erased: HashSet<UserSid> = senders
            .into_iter()
            .zip(&accounts)
            .filter(|(_, account)| is_erased(account))
            .map(|(sender, _)| sender)
            .collect();
        if erased.is_empty() {
            return Ok(());
        }
        for seen in seen.iter_mut().flatten() {
            let Some(place) = &seen.meta.place else { continue };
            if erased.contains(&seen.meta.sender)
                && seen.meta.state_key.is_none()
                && self.membership_at(place.state_after)? != Some(Membership::Join)
            {
                seen.redacted = true;
            }
        }
        Ok(())
    }
}
