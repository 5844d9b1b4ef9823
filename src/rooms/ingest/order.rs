//! Putting events in an order in which each comes after those it builds on.

use std::collections::{BTreeSet, HashMap};

use kith_event::Pdu;
use ruma::OwnedEventId;

/// Sorts events so that each comes after those of them that it builds on, by `builds_on`. Of several copies the first
/// stays. Events that build on each other in a circle, which only liars make, are left out.
///
/// The order does not depend on that of the arguments: what is older by depth comes first, then by id.
pub(crate) fn sorted<T>(
    events: Vec<T>,
    pdu: impl Fn(&T) -> &Pdu,
    builds_on: impl Fn(&Pdu) -> &[OwnedEventId],
) -> Vec<T> {
    let mut index: HashMap<OwnedEventId, usize> = HashMap::with_capacity(events.len());
    for (at, event) in events.iter().enumerate() {
        index.entry(pdu(event).event_id().clone()).or_insert(at);
    }
    let mut waiting_for = vec![0_usize; events.len()];
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); events.len()];
    for (event_id, at) in &index {
        let below: BTreeSet<&OwnedEventId> = builds_on(pdu(&events[*at])).iter().collect();
        for below in below.into_iter().filter(|below| *below != event_id).filter_map(|id| index.get(id)) {
            waiting_for[*at] += 1;
            followers[*below].push(*at);
        }
    }
    let key = |at: usize| {
        let pdu = pdu(&events[at]);
        (pdu.depth(), pdu.event_id().clone(), at)
    };
    let mut ready: BTreeSet<_> =
        index.values().filter(|at| waiting_for[**at] == 0).map(|at| key(*at)).collect();
    let mut order = Vec::with_capacity(index.len());
    while let Some((_, _, at)) = ready.pop_first() {
        order.push(at);
        for follower in &followers[at] {
            waiting_for[*follower] -= 1;
            if waiting_for[*follower] == 0 {
                ready.insert(key(*follower));
            }
        }
    }
    let mut events: Vec<Option<T>> = events.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| events[at].take()).collect()
}
