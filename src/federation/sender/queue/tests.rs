//! How a destination stands, move by move.

use super::{Destination, Item, Move, QUEUE_ITEMS_MAX, Queued, Standing};
use kith_store::{EventSid, Position, RoomSid, UserSid};

fn event(position: u64) -> Queued {
    Queued { position: Position(position), item: Item::Event(EventSid(position)) }
}

fn positions(destination: &Destination) -> Vec<u64> {
    destination.queue.iter().map(|queued| queued.position.0).collect()
}

#[test]
fn what_is_delivered_leaves_the_queue_and_frees_the_common_cursor() {
    let mut destination = Destination::in_step();
    assert_eq!((destination.floor(), destination.next()), (None, Move::Finish));
    destination.push(event(5));
    destination.push(event(9));
    assert_eq!((destination.floor(), destination.next()), (Some(Position(4)), Move::Send));
    destination.delivered(Position(5));
    assert_eq!(destination.floor(), Some(Position(8)));
    destination.delivered(Position(9));
    assert_eq!((destination.floor(), destination.next()), (None, Move::Finish));
}

#[test]
fn a_full_queue_asks_for_a_row_where_it_began() {
    let mut destination = Destination::in_step();
    destination.passing.add_presence(UserSid(7));
    for position in 10..10 + QUEUE_ITEMS_MAX as u64 + 3 {
        destination.push(event(position));
    }
    assert_eq!(destination.standing, Standing::Overflowed { cursor: Position(9) });
    assert_eq!((destination.floor(), destination.queue.len()), (Some(Position(9)), 0));
    assert!(destination.passing.is_empty(), "what passes is not kept either");
    // What was on its way meanwhile need not be sent again.
    destination.delivered(Position(20));
    assert_eq!(destination.next(), Move::Fall { cursor: Position(20) });
    destination.fall_behind();
    assert_eq!((destination.floor(), destination.next()), (None, Move::Read));
}

#[test]
fn what_happens_while_the_tables_are_read_comes_after_what_was_missed() {
    let mut destination = Destination::behind();
    destination.push(event(50));
    assert_eq!(positions(&destination), [0_u64; 0], "it is read from the tables");
    destination.standing = Standing::CatchingUp;
    destination.push(event(61));
    destination.missed(vec![event(50), event(55)], Position(60), true);
    assert_eq!(positions(&destination), [50, 55, 61]);
    assert_eq!((destination.floor(), destination.cursor(Position(61))), (None, Some(Position(49))));
}

#[test]
fn who_missed_too_much_to_read_at_once_reads_on_later() {
    let mut destination = Destination::behind();
    destination.standing = Standing::CatchingUp;
    destination.push(event(61));
    destination.missed(vec![event(50)], Position(52), false);
    assert_eq!(positions(&destination), [50]);
    destination.push(event(62));
    destination.delivered(Position(50));
    assert_eq!(destination.next(), Move::Advance { cursor: Position(52) });
    assert_eq!(destination.cursor(Position(62)), Some(Position(52)));
}

#[test]
fn a_queue_that_overflows_while_the_tables_are_read_is_read_again() {
    let mut destination = Destination::behind();
    destination.standing = Standing::CatchingUp;
    for position in 100..=100 + QUEUE_ITEMS_MAX as u64 {
        destination.push(event(position));
    }
    destination.missed(vec![event(50)], Position(60), true);
    assert_eq!((destination.next(), destination.queue.len()), (Move::Read, 0));
}

#[test]
fn an_unreachable_destination_keeps_nothing_in_memory() {
    let mut destination = Destination::in_step();
    destination.push(event(5));
    destination.passing.add_typing(RoomSid(1), UserSid(1));
    destination.passing.add_presence(UserSid(1));
    assert_eq!(destination.cursor(Position(7)), Some(Position(4)));
    destination.fall_behind();
    assert!(destination.passing.is_empty() && destination.queue.capacity() == 0);
    let mut passing_only = Destination::in_step();
    passing_only.passing.add_presence(UserSid(1));
    assert_eq!((passing_only.next(), passing_only.cursor(Position(7))), (Move::Send, None));
}
