//! The bytes of a node never change, and nothing that is not a node is taken for one.

use proptest::prelude::*;

use super::*;

#[test]
fn golden_bytes() {
    let mut builder = NodeBuilder::default();
    builder.push(0, Branch::Entry(Entry { key: StateKeySid(0), event: EventSid(127) }));
    builder.push(5, Branch::Node(NodeId([7; 16])));
    builder.push(31, Branch::Entry(Entry { key: StateKeySid(128), event: EventSid(u64::MAX) }));
    let node = builder.into_node(300);
    let mut expected = vec![1, 0x80, 0, 0, 1, 0, 0, 0, 0x20, 0xac, 2, 0, 127, 0x80, 1];
    expected.extend([255; 9]);
    expected.push(1);
    expected.extend([7; 16]);
    assert_eq!(node.encode(), expected);
    assert_eq!(format!("{:?}", node.id()), "9b1ee8a6f9f2145f068e986f2b613078");
    assert_eq!(Node::decode(&expected), Some(node));
}

#[test]
fn paths_are_cut_into_levels_from_the_top() {
    let expected = [1, 2, 4, 8, 16, 31, 0, 21, 10, 7, 28, 27, 9];
    let (last, others) = expected.split_last().unwrap();
    // Five bits a level, and the four that are left for the last.
    let path = others.iter().fold(0, |path, slot| path << 5 | u64::from(*slot)) << 4 | u64::from(*last);
    assert_eq!(std::array::from_fn(|level| slot(path, level as u32)), expected);
}

#[test]
fn numbers_have_one_form() {
    for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
        let mut bytes = Vec::new();
        put_number(&mut bytes, number);
        assert_eq!(take_number(&mut bytes.as_slice()), Some(number));
    }
    assert_eq!(take_number(&mut [0x80, 0].as_slice()), None, "longer than needed");
    assert_eq!(
        take_number(&mut [255, 255, 255, 255, 255, 255, 255, 255, 255, 2].as_slice()),
        None,
        "65 bits"
    );
    assert_eq!(take_number(&mut [0x80].as_slice()), None, "cut off");
}

proptest! {
    #[test]
    fn what_decodes_encodes_to_the_same(mut bytes in prop::collection::vec(any::<u8>(), 0..80), slots: [u8; 2]) {
        // Random slot maps ask for more than random bytes hold; few slots often decode.
        if bytes.len() > 9 {
            bytes[..9].copy_from_slice(&[1, 0, 0, 0, slots[0] & 0x0f, 0, 0, 0, slots[1] & 0xf0]);
        }
        if let Some(node) = Node::decode(&bytes) {
            prop_assert_eq!(node.encode(), bytes);
        }
    }
}
