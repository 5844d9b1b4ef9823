//! Walks over the graph of authorising events: the difference of auth chains, and the conflicted subgraph.
//!
//! An auth chain reaches back to the start of the room. These walks go from the newest events downwards and stop
//! where nothing can differ any more, so their cost is that of the difference. They are generic over the id, so
//! that a store can walk over its own short ids.

use std::{
    collections::{BinaryHeap, HashMap, HashSet, hash_map::Entry},
    hash::Hash,
};

/// What the walks have to know about an event.
#[derive(Clone, Debug)]
pub struct AuthNode<Id> {
    /// Its auth depth, see [`auth_depth`].
    pub depth: u64,
    /// The events it names in `auth_events`.
    pub auth_events: Vec<Id>,
}

/// The auth depth of an event, from those of its auth events: one more than the greatest. So it is greater than that
/// of everything in the event's auth chain.
pub fn auth_depth(of_auth_events: impl IntoIterator<Item = u64>) -> u64 {
    of_auth_events.into_iter().max().map_or(0, |depth| depth.saturating_add(1))
}

/// How many forks are painted in one walk: one bit each.
const COLOURS_MAX: usize = 128;

/// The auth difference of several states: the events that are in the auth chain of some of them but not of all. Events
/// that the states do not agree on are left out, since they are in the conflict anyway.
///
/// An event of a state counts as part of the state's chain. The specification's words leave it out; but that is how
/// the servers that most rooms live on have always resolved them, and states must be the same everywhere.
///
/// `forks` has, for each state, the events under those keys where the states do not all have the same event.
/// `common` gives the events that all states have. It is asked only if the forks alone leave a difference, and only
/// until that is explained away; so it does well to begin with those of the difference, then with the power levels, the
/// join rules and the like, which have most of the past in their chains.
/// `node` gives an event's place in the graph; unknown events are passed over.
pub fn auth_difference<Id, Common, E>(
    forks: &[Vec<Id>],
    common: impl FnOnce(&HashMap<Id, u64>) -> Result<Common, E>,
    mut node: impl FnMut(&Id) -> Result<Option<AuthNode<Id>>, E>,
) -> Result<HashSet<Id>, E>
where
    Id: Clone + Ord + Hash,
    Common: IntoIterator<Item = Result<Id, E>>,
{
    let Some((first, others)) = forks.split_first() else {
        return Ok(HashSet::new());
    };
    let mut difference: HashMap<Id, u64> = HashMap::new();
    let mut in_all: Option<HashSet<Id>> = None;
    // What differs between any two forks differs between the first and one of them.
    for group in others.chunks(COLOURS_MAX - 1) {
        let group: Vec<&Vec<Id>> = std::iter::once(first).chain(group).collect();
        let mut walk = Walk::new(group.len());
        walk.paint_from(&group, &mut node)?;
        difference.extend(walk.partly_painted());
        let in_group = walk.wholly_painted();
        in_all = Some(match in_all {
            Some(in_all) => in_all.intersection(&in_group).cloned().collect(),
            None => in_group,
        });
    }
    for head in forks.iter().flatten() {
        difference.remove(head);
    }
    if !difference.is_empty() {
        let common = common(&difference)?;
        take_out_common(&mut difference, &in_all.unwrap_or_default(), common, &mut node)?;
    }
    Ok(difference.into_keys().collect())
}

/// The conflicted state subgraph: every event on a path of `auth_events` from one of the conflicted events to
/// another, ends included.
pub fn conflicted_subgraph<Id, E>(
    conflicted: &[Id],
    mut node: impl FnMut(&Id) -> Result<Option<AuthNode<Id>>, E>,
) -> Result<HashSet<Id>, E>
where
    Id: Clone + Ord + Hash,
{
    let mut nodes = HashMap::new();
    for event_id in conflicted {
        if let Some(found) = node(event_id)? {
            nodes.insert(event_id.clone(), found);
        }
    }
    // Nothing as deep down as this, or deeper, leads to a conflicted event any more.
    let depth_min = nodes.values().map(|found| found.depth).min().unwrap_or(0);
    let mut to_visit: Vec<Id> = nodes.keys().cloned().collect();
    let conflicted: Vec<Id> = to_visit.clone();
    let mut cited_by: HashMap<Id, Vec<Id>> = HashMap::new();
    while let Some(event_id) = to_visit.pop() {
        let auth_events = nodes.get(&event_id).map(|found| found.auth_events.clone()).unwrap_or_default();
        for auth_event_id in auth_events {
            cited_by.entry(auth_event_id.clone()).or_default().push(event_id.clone());
            if nodes.contains_key(&auth_event_id) {
                continue;
            }
            if let Some(found) = node(&auth_event_id)?
                && found.depth > depth_min
            {
                nodes.insert(auth_event_id.clone(), found);
                to_visit.push(auth_event_id);
            }
        }
    }
    // Everything visited is below a conflicted event; what is also above one is on a path.
    let mut subgraph = HashSet::new();
    let mut to_mark = conflicted;
    while let Some(event_id) = to_mark.pop() {
        to_mark.extend(cited_by.remove(&event_id).unwrap_or_default());
        subgraph.insert(event_id);
    }
    Ok(subgraph)
}

/// Takes out of the difference the events that all states have, and what is in their auth chains.
///
/// `in_all` are events known to be in all chains already: nothing below them is in the difference.
fn take_out_common<Id: Clone + Ord + Hash, E>(
    difference: &mut HashMap<Id, u64>,
    in_all: &HashSet<Id>,
    common: impl IntoIterator<Item = Result<Id, E>>,
    node: &mut impl FnMut(&Id) -> Result<Option<AuthNode<Id>>, E>,
) -> Result<(), E> {
    // An event this deep down, or deeper, has nothing of the difference in its chain.
    let depth_min = difference.values().copied().min().unwrap_or(0);
    let mut visited: HashSet<Id> = HashSet::new();
    let mut to_visit = Vec::new();
    for head in common {
        let head = head?;
        // A head that is in the chain of another has been followed already.
        if visited.insert(head.clone()) {
            difference.remove(&head);
            to_visit.push(head);
        }
        while let Some(event_id) = to_visit.pop() {
            let Some(found) = node(&event_id)?.filter(|found| found.depth > depth_min) else {
                continue;
            };
            for auth_event_id in found.auth_events {
                if visited.insert(auth_event_id.clone()) {
                    difference.remove(&auth_event_id);
                    if !in_all.contains(&auth_event_id) {
                        to_visit.push(auth_event_id);
                    }
                }
            }
        }
        if difference.is_empty() {
            break;
        }
    }
    Ok(())
}

/// A walk from several sides at once. Each fork paints its events and those of its auth chain in its own colour.
struct Walk<Id> {
    all_colours: u128,
    painted: HashMap<Id, Painted<Id>>,
    /// Events to go on from, the one with the greatest depth first.
    queue: BinaryHeap<(u64, Id)>,
    /// How many queued events lack a colour. When none does, everything below has all colours.
    partly_painted_queued: usize,
}

/// An event that was painted, with what the walk knows about it.
struct Painted<Id> {
    node: AuthNode<Id>,
    colours: u128,
    queued: bool,
}

impl<Id: Clone + Ord + Hash> Walk<Id> {
    fn new(forks: usize) -> Self {
        Self {
            all_colours: u128::MAX >> (COLOURS_MAX - forks),
            painted: HashMap::new(),
            queue: BinaryHeap::new(),
            partly_painted_queued: 0,
        }
    }

    fn paint_from<E>(
        &mut self,
        forks: &[&Vec<Id>],
        node: &mut impl FnMut(&Id) -> Result<Option<AuthNode<Id>>, E>,
    ) -> Result<(), E> {
        for (fork, heads) in forks.iter().enumerate() {
            self.paint(heads, 1 << fork, node)?;
        }
        while self.partly_painted_queued > 0
            && let Some((_, event_id)) = self.queue.pop()
        {
            let Some(event) = self.painted.get_mut(&event_id) else {
                continue;
            };
            // Everything above has been here already, so these are all the colours it gets.
            event.queued = false;
            self.partly_painted_queued -= usize::from(event.colours != self.all_colours);
            let (colours, auth_events) = (event.colours, event.node.auth_events.clone());
            self.paint(&auth_events, colours, node)?;
        }
        Ok(())
    }

    fn paint<E>(
        &mut self,
        event_ids: &[Id],
        colours: u128,
        node: &mut impl FnMut(&Id) -> Result<Option<AuthNode<Id>>, E>,
    ) -> Result<(), E> {
        for event_id in event_ids {
            let event = match self.painted.entry(event_id.clone()) {
                Entry::Occupied(painted) => painted.into_mut(),
                Entry::Vacant(vacant) => match node(event_id)? {
                    Some(node) => vacant.insert(Painted { node, colours: 0, queued: false }),
                    None => continue,
                },
            };
            let before = event.colours;
            event.colours |= colours;
            if event.colours == before {
                continue;
            }
            if event.queued {
                self.partly_painted_queued -= usize::from(before != self.all_colours);
            } else {
                event.queued = true;
                self.queue.push((event.node.depth, event_id.clone()));
            }
            self.partly_painted_queued += usize::from(event.colours != self.all_colours);
        }
        Ok(())
    }

    fn partly_painted(&self) -> impl Iterator<Item = (Id, u64)> {
        let partly = self.painted.iter().filter(|(_, event)| event.colours != self.all_colours);
        partly.map(|(event_id, event)| (event_id.clone(), event.node.depth))
    }

    fn wholly_painted(&self) -> HashSet<Id> {
        let wholly = self.painted.iter().filter(|(_, event)| event.colours == self.all_colours);
        wholly.map(|(event_id, _)| event_id.clone()).collect()
    }
}
