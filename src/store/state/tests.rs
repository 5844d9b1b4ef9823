//! The tree against an ordered map, whatever its history, and the number of nodes that each operation touches.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use kith_kv::{Engine, memory::MemoryEngine};
use proptest::prelude::*;

use super::*;
use crate::catalog;

const ROOM: RoomSid = RoomSid(7);

type Model = BTreeMap<StateKeySid, EventSid>;

fn engine() -> MemoryEngine {
    MemoryEngine::new(&catalog::specs())
}

fn cache() -> NodeCache {
    NodeCache::new(1 << 20)
}

/// The key whose path is `path`: the inverse of the mixing, to make keys that part late.
fn key_of(path: u64) -> StateKeySid {
    // Undoes `value ^ (value >> by)`.
    let unshift = |mixed: u64, by: u32| (0..u64::BITS / by).fold(mixed, |value, _| mixed ^ (value >> by));
    let mut key = unshift(path, 31);
    key = unshift(key.wrapping_mul(0x3196_42b2_d24d_8ec3), 27);
    key = unshift(key.wrapping_mul(0x96de_1b17_3f11_9089), 30);
    StateKeySid(key)
}

/// Keys that meet again, both such as are given out and such as share long beginnings of their paths.
fn any_key() -> impl Strategy<Value = StateKeySid> {
    prop_oneof![
        (0..40_u64).prop_map(StateKeySid),
        (0..3000_u64).prop_map(StateKeySid),
        (0..16_u64).prop_map(key_of),
        (0..8_u64, 0..60_u32).prop_map(|(bits, shift)| key_of(bits << shift)),
        any::<u64>().prop_map(StateKeySid),
    ]
}

fn any_change() -> impl Strategy<Value = (StateKeySid, Option<EventSid>)> {
    (any_key(), prop_oneof![3 => (0..50_u64).prop_map(|event| Some(EventSid(event))), 1 => Just(None)])
}

fn any_changes(max: usize) -> impl Strategy<Value = Vec<(StateKeySid, Option<EventSid>)>> {
    prop::collection::vec(any_change(), 0..max)
}

fn change(model: &mut Model, (key, event): (StateKeySid, Option<EventSid>)) {
    match event {
        Some(event) => model.insert(key, event),
        None => model.remove(&key),
    };
}

fn model(changes: &[(StateKeySid, Option<EventSid>)]) -> Model {
    let mut model = Model::new();
    changes.iter().for_each(|one| change(&mut model, *one));
    model
}

fn entries(states: &RoomStates<'_>, root: StateRoot) -> Model {
    states.iter(root).collect::<Result<_, _>>().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// One by one, in batches, or built at once: equal maps have equal roots, and each is canonical.
    #[test]
    fn equal_maps_have_equal_roots(history in any_changes(120), split in 1..20_usize) {
        let (engine, cache) = (engine(), cache());
        let mut states = RoomStates::new(&engine, ROOM, &cache);
        let mut expected = Model::new();
        let mut singly = StateRoot::EMPTY;
        for one in &history {
            singly = match *one {
                (key, Some(event)) => states.insert(singly, key, event).unwrap(),
                (key, None) => states.remove(singly, key).unwrap(),
            };
            change(&mut expected, *one);
            prop_assert_eq!(states.get(singly, one.0).unwrap(), one.1);
            prop_assert_eq!(states.len(singly).unwrap(), expected.len() as u64);
        }
        let mut batched = StateRoot::EMPTY;
        for part in history.chunks(split) {
            batched = states.apply(batched, part).unwrap();
        }
        let built = states.build(expected.iter().rev().map(|(key, event)| (*key, *event))).unwrap();
        prop_assert_eq!(singly, built);
        prop_assert_eq!(batched, built);
        prop_assert_eq!(check(&states.overlay(), built).unwrap(), expected.len() as u64);
        prop_assert_eq!(entries(&states, built), expected.clone());

        // And back to nothing, which is the empty state again.
        let all: Vec<_> = expected.keys().map(|key| (*key, None)).collect();
        prop_assert_eq!(states.apply(built, &all).unwrap(), StateRoot::EMPTY);
        let mut emptied = built;
        for (key, _) in all {
            emptied = states.remove(emptied, key).unwrap();
        }
        prop_assert_eq!(emptied, StateRoot::EMPTY);
    }

    #[test]
    fn the_difference_is_that_of_the_maps(common in any_changes(80), left in any_changes(30), right in any_changes(30)) {
        let (engine, cache) = (engine(), cache());
        let mut states = RoomStates::new(&engine, ROOM, &cache);
        let base = states.apply(StateRoot::EMPTY, &common).unwrap();
        let (before, after) = (states.apply(base, &left).unwrap(), states.apply(base, &right).unwrap());
        let with = |changes: &[_]| model(&[&common[..], changes].concat());
        let (old, new) = (with(&left), with(&right));
        let keys: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
        let expected: BTreeSet<Difference> = keys
            .into_iter()
            .map(|key| (key, old.get(&key).copied(), new.get(&key).copied()))
            .filter(|(_, before, after)| before != after)
            .collect();
        let found = states.diff(before, after).unwrap();
        prop_assert!(found.is_sorted_by_key(|(key, ..)| node::path(*key)));
        prop_assert_eq!(found.len(), expected.len());
        prop_assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), expected);

        // A difference leads from the one to the other.
        let changes: Vec<_> = found.iter().map(|(key, _, after)| (*key, *after)).collect();
        prop_assert_eq!(states.apply(before, &changes).unwrap(), after);
        prop_assert_eq!(before == after, found.is_empty());
    }

    #[test]
    fn many_look_ups_are_as_many_single_ones(changes in any_changes(120), keys in prop::collection::vec(any_key(), 0..60)) {
        let (engine, cache) = (engine(), cache());
        let mut states = RoomStates::new(&engine, ROOM, &cache);
        let root = states.apply(StateRoot::EMPTY, &changes).unwrap();
        let model = model(&changes);
        let keys: Vec<_> = keys.into_iter().chain(model.keys().copied().take(40)).collect();
        let expected: Vec<_> = keys.iter().map(|key| model.get(key).copied()).collect();
        prop_assert_eq!(states.get_many(root, &keys).unwrap(), expected.clone());
        for (key, event) in keys.iter().zip(expected) {
            prop_assert_eq!(states.get(root, *key).unwrap(), event);
        }
    }

    /// What is written suffices to read every kept root with nothing in memory, also through a cache that holds nothing.
    #[test]
    fn what_is_written_can_be_read(steps in prop::collection::vec(any_changes(20), 1..6)) {
        let engine = engine();
        let mut kept = Vec::new();
        let (mut root, mut map) = (StateRoot::EMPTY, Model::new());
        for step in steps {
            let cache = NodeCache::new(0);
            let mut states = RoomStates::new(&engine, ROOM, &cache);
            // Singly, so that states in between are made that nobody keeps.
            for one in step {
                root = states.apply(root, &[one]).unwrap();
                change(&mut map, one);
            }
            let mut batch = Batch::new();
            prop_assert_eq!(states.write(&mut batch, &[root]), batch.len());
            engine.write(batch).unwrap();
            prop_assert_eq!(cache.bytes(), 0);
            kept.push((root, map.clone()));
        }
        let cache = NodeCache::new(0);
        let states = RoomStates::new(&engine, ROOM, &cache);
        for (root, map) in kept {
            prop_assert_eq!(check(&states.nodes, root).unwrap(), map.len() as u64);
            prop_assert_eq!(entries(&states, root), map);
        }
    }
}

#[test]
fn mixing_is_undone() {
    for path in [0, 1, 0xffff_ffff_ffff_ffff, 0x0123_4567_89ab_cdef, 1 << 63] {
        assert_eq!(node::path(key_of(path)), path);
    }
}

#[test]
fn keys_that_part_in_the_last_bit_are_kept_apart() {
    let (engine, cache) = (engine(), cache());
    let mut states = RoomStates::new(&engine, ROOM, &cache);
    let (left, right) = (key_of(0xdead_beef_dead_bee0), key_of(0xdead_beef_dead_bee1));
    let both = states.build([(left, EventSid(1)), (right, EventSid(2))]).unwrap();
    assert_eq!(states.pending.len(), 13, "one node a level, down to the last");
    assert_eq!(states.get(both, left).unwrap(), Some(EventSid(1)));
    assert_eq!(states.get(both, right).unwrap(), Some(EventSid(2)));
    let single = states.remove(both, left).unwrap();
    assert_eq!(single, states.build([(right, EventSid(2))]).unwrap());
    assert_eq!(states.diff(both, single).unwrap(), [(left, Some(EventSid(1)), None)]);
}

#[test]
fn rooms_are_apart_and_can_be_purged() {
    let engine = engine();
    let mut roots = Vec::new();
    for room in [1, 2, 3] {
        let cache = cache();
        let mut states = RoomStates::new(&engine, RoomSid(room), &cache);
        let root = states.build((0..100).map(|key| (StateKeySid(key), EventSid(key + room)))).unwrap();
        let mut batch = Batch::new();
        states.write(&mut batch, &[root]);
        engine.write(batch).unwrap();
        roots.push((RoomSid(room), root));
    }
    let mut batch = Batch::new();
    purge(&mut batch, RoomSid(2));
    engine.write(batch).unwrap();
    for (room, root) in roots {
        let cache = cache();
        let found = get(&RoomNodes::new(&engine, room, &cache), root, StateKeySid(1));
        match room.0 {
            2 => assert!(matches!(found, Err(Error::Missing { table: "state_nodes", .. }))),
            room => assert_eq!(found.unwrap(), Some(EventSid(1 + room))),
        }
    }
}

/// Trees that no change makes: each is a node of the right name, and each has one thing wrong.
#[test]
fn a_damaged_tree_is_found_out() {
    let (engine, cache) = (engine(), cache());
    let mut states = RoomStates::new(&engine, ROOM, &cache);
    let entry = |path: u64| node::Branch::Entry(node::Entry { key: key_of(path), event: EventSid(1) });
    let mut tree = |branches: &[(u32, node::Branch)], len: u64| {
        let mut builder = node::NodeBuilder::default();
        branches.iter().for_each(|(slot, branch)| builder.push(*slot, *branch));
        states.pending.add(builder.into_node(len))
    };
    let pair = tree(&[(1, entry(1 << 54)), (2, entry(2 << 54))], 2);
    let whole = tree(&[(0, node::Branch::Node(pair)), (31, entry(u64::MAX))], 3);
    let wrong_length = tree(&[(0, node::Branch::Node(pair)), (31, entry(u64::MAX))], 4);
    let wrong_place = tree(&[(3, node::Branch::Node(pair))], 2);
    let single = tree(&[(1, entry(1 << 54))], 1);
    let not_canonical = tree(&[(0, node::Branch::Node(single)), (31, entry(u64::MAX))], 2);
    let broken = tree(&[(0, node::Branch::Node(NodeId([5; 16])))], 2);
    let checked = |id| check(&states.overlay(), StateRoot(id));
    assert_eq!(checked(whole).unwrap(), 3);
    for damaged in [wrong_length, wrong_place, not_canonical] {
        assert!(matches!(checked(damaged), Err(Error::Corrupt { .. })));
    }
    assert!(matches!(checked(broken), Err(Error::Missing { .. })));
}

#[test]
fn what_changes_nothing_makes_nothing() {
    let (engine, cache) = (engine(), cache());
    let mut states = RoomStates::new(&engine, ROOM, &cache);
    let root = states.build((0..1000).map(|key| (StateKeySid(key), EventSid(key)))).unwrap();
    let nodes = states.pending.len();
    assert_eq!(states.insert(root, StateKeySid(5), EventSid(5)).unwrap(), root);
    assert_eq!(states.remove(root, StateKeySid(5000)).unwrap(), root);
    assert_eq!(states.apply(root, &[]).unwrap(), root);
    assert_eq!(
        states.apply(root, &[(StateKeySid(5), None), (StateKeySid(5), Some(EventSid(5)))]).unwrap(),
        root
    );
    assert_eq!(states.pending.len(), nodes);
    assert_eq!(states.apply(StateRoot::EMPTY, &[(StateKeySid(5), None)]).unwrap(), StateRoot::EMPTY);
}

/// Counts the nodes that are read.
struct Counted<'a> {
    nodes: &'a dyn Nodes,
    read: Cell<usize>,
}

impl Nodes for Counted<'_> {
    fn node(&self, id: NodeId) -> Result<Arc<Node>, Error> {
        self.read.set(self.read.get() + 1);
        self.nodes.node(id)
    }
}

/// The cost of each operation in nodes grows with the logarithm of the state's size, and that of a difference
/// with the difference. These are counts, so they are the same on every machine.
#[test]
fn costs_are_logarithmic() {
    for exponent in 1..=5_u32 {
        let size = 10_u64.pow(exponent);
        let depth_max = (f64::from(exponent) * 10_f64.log(32.0)).ceil() as usize + 4;
        let (engine, cache) = (engine(), cache());
        let mut states = RoomStates::new(&engine, ROOM, &cache);
        let root = states.build((0..size).map(|key| (StateKeySid(key), EventSid(key)))).unwrap();
        assert!(states.pending.len() as u64 <= size / 2 + 1, "a tree has fewer nodes than entries");
        let overlay = states.overlay();
        let counted = Counted { nodes: &overlay, read: Cell::new(0) };
        let reads = |limit: usize, what: &str| {
            assert!(counted.read.get() <= limit, "{what} of {size}: {} > {limit}", counted.read.get());
            counted.read.set(0);
        };
        let (mut read_in_total, step) = (0, (size / 100).max(1) as usize);
        for key in (0..size).step_by(step) {
            assert_eq!(get(&counted, root, StateKeySid(key)).unwrap(), Some(EventSid(key)));
            read_in_total += counted.read.get();
            reads(depth_max, "get");
        }
        let average = read_in_total as f64 / size.div_ceil(step as u64) as f64;
        assert!(
            average <= f64::from(exponent) * 10_f64.log(32.0) + 1.5,
            "{average} reads of {size} on average"
        );
        len(&counted, root).unwrap();
        reads(1, "len");

        for changed in [Some(EventSid(u64::MAX)), None] {
            let mut pending = Pending::default();
            let changes = [(StateKeySid(size / 2), changed)];
            let after = apply(&counted, &mut pending, root, changes).unwrap();
            reads(depth_max, "apply");
            assert!(pending.len() <= depth_max, "{} nodes made of {size}", pending.len());
            let both = pending.over(&counted);
            assert_eq!(diff(&both, root, after).unwrap().len(), 1);
            reads(2 * depth_max, "diff");
            // Nothing superfluous is made: every new node is one that the new state needs.
            assert_eq!(pending.write(ROOM, &mut Batch::new(), &[after], &cache), pending.len());
        }

        let many: Vec<_> = (0..50).map(|index| StateKeySid(index * size / 50)).collect();
        get_many(&counted, root, &many).unwrap();
        reads(50 * depth_max, "get_many");
        assert_eq!(iter(overlay, root).count() as u64, size);
        counted.read.set(0);
        get_many(&counted, root, &(0..size).map(StateKeySid).collect::<Vec<_>>()).unwrap();
        reads(states.pending.len(), "get_many of all");
    }
}
