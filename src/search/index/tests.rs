//! The index on a temporary directory: what is found, in which order, and what a reopened index knows.

use std::{collections::HashSet, sync::Arc};

use kith_store::{EventSid, Position, RoomSid, UserSid};

use super::{Fields, Gather, Hit, Index, Mark, Order, Progress};
use crate::{
    query::{Conditions, Wanted},
    text::{Kind, Text},
};

const MEMORY_MIB: u64 = 16;

fn text(event: u64, room: u64, text: &str) -> Text {
    Text {
        event: EventSid(event),
        source: EventSid(event),
        room: RoomSid(room),
        sender: UserSid(room),
        kind: Kind::Message,
        has_url: false,
        timestamp_ms: 1_000 + event / 2,
        text: text.to_owned(),
    }
}

/// An index with these texts.
fn index_of(directory: &std::path::Path, texts: &[Text]) -> Index {
    let (index, progress) = Index::open(directory, Position(9)).expect("opens");
    assert_eq!(progress, Progress::fresh(Position(9)));
    let mut writer = index.writer(MEMORY_MIB).expect("writes");
    for text in texts {
        writer.add_document(index.fields.document(text)).expect("adds");
    }
    let mut prepared = writer.prepare_commit().expect("prepares");
    prepared.set_payload(&serde_json::to_string(&progress).expect("JSON"));
    prepared.commit().expect("commits");
    index.reload().expect("reloads");
    index
}

fn search(index: &Index, term: &str, order: Order, after: Option<Mark>, limit: usize) -> Vec<Hit> {
    let rooms: HashSet<RoomSid> = [RoomSid(1), RoomSid(2)].into();
    let conditions = Conditions { kinds: Kind::ALL.to_vec(), ..Conditions::default() };
    let query =
        Wanted::parse(term).query(&index.fields, &conditions, rooms.iter().copied()).expect("a query");
    index.search(&query, &Gather { rooms: Arc::new(rooms), order, after, limit }).expect("searches")
}

fn events(hits: &[Hit]) -> Vec<u64> {
    hits.iter().map(|hit| hit.event.0).collect()
}

#[test]
fn words_beginnings_phrases_and_parts_are_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let texts = [
        text(1, 1, "The quick brown fox"),
        text(2, 2, "Foxes are brown and quick"),
        text(3, 1, "私は東京都に住んでいます"),
        text(4, 3, "a fox in a room of others"),
    ];
    let index = index_of(directory.path(), &texts);
    let found = |term: &str| events(&search(&index, term, Order::Recent, None, 10));
    assert_eq!(found("fox"), [2, 1]);
    assert_eq!(found("foxes"), [2]);
    assert_eq!(found("\"quick brown\""), [1]);
    assert_eq!(found("quick brown"), [2, 1]);
    assert_eq!(found("京都"), [3]);
    assert_eq!(found("東京都"), [3]);
    assert_eq!(found("す"), [3]);
    assert_eq!(found("京東"), [0_u64; 0]);
    assert_eq!(found("absent"), [0_u64; 0]);
    // A whole word is a better match than the beginning of one.
    assert_eq!(events(&search(&index, "fox", Order::Rank, None, 10)), [1, 2]);
}

#[test]
fn pages_follow_marks_also_where_times_are_equal() {
    let directory = tempfile::tempdir().expect("a directory");
    let texts: Vec<Text> = (1..=9).map(|event| text(event, 1 + event % 2, "same words")).collect();
    let index = index_of(directory.path(), &texts);
    for order in [Order::Recent, Order::Rank] {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let hits = search(&index, "same", order, after, 4);
            let Some(last) = hits.last() else { break };
            after = Some(last.mark);
            all.extend(events(&hits));
        }
        assert_eq!(all, [9, 8, 7, 6, 5, 4, 3, 2, 1], "{order:?}");
    }
}

#[test]
fn conditions_narrow_what_is_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut name = text(3, 1, "tea room");
    name.kind = Kind::Name;
    let mut file = text(4, 2, "tea.pdf");
    file.has_url = true;
    let index = index_of(directory.path(), &[text(1, 1, "tea"), text(2, 2, "tea"), name, file]);
    let found = |conditions: Conditions| {
        let rooms: HashSet<RoomSid> = [RoomSid(1), RoomSid(2)].into();
        let query = Wanted::parse("tea").query(&index.fields, &conditions, rooms.iter().copied());
        let gather = Gather { rooms: Arc::new(rooms), order: Order::Recent, after: None, limit: 10 };
        events(&index.search(&query.expect("a query"), &gather).expect("searches"))
    };
    let all = Conditions { kinds: Kind::ALL.to_vec(), ..Conditions::default() };
    assert_eq!(found(all.clone()), [4, 3, 2, 1]);
    assert_eq!(found(Conditions { kinds: vec![Kind::Name], ..all.clone() }), [3]);
    assert_eq!(found(Conditions { kinds: Vec::new(), ..all.clone() }), [0_u64; 0]);
    assert_eq!(found(Conditions { senders: Some(vec![UserSid(2)]), ..all.clone() }), [4, 2]);
    assert_eq!(found(Conditions { senders: Some(Vec::new()), ..all.clone() }), [0_u64; 0]);
    assert_eq!(found(Conditions { not_senders: vec![UserSid(2)], ..all.clone() }), [3, 1]);
    assert_eq!(found(Conditions { has_url: Some(true), ..all.clone() }), [4]);
    assert_eq!(found(Conditions { has_url: Some(false), ..all }), [3, 2, 1]);
}

#[test]
fn what_is_deleted_and_added_again_is_there_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let index = index_of(directory.path(), &[text(1, 1, "before"), text(2, 1, "other")]);
    let mut writer = index.writer(MEMORY_MIB).expect("writes");
    writer.delete_term(Fields::term(index.fields.event, 1));
    writer.add_document(index.fields.document(&text(1, 1, "after"))).expect("adds");
    writer.commit().expect("commits");
    index.reload().expect("reloads");
    assert_eq!(index.count(), 2);
    assert!(search(&index, "before", Order::Recent, None, 10).is_empty());
    assert_eq!(events(&search(&index, "after", Order::Recent, None, 10)), [1]);
}

#[test]
fn an_index_is_opened_again_or_made_anew() {
    let directory = tempfile::tempdir().expect("a directory");
    drop(index_of(directory.path(), &[text(1, 1, "kept")]));
    let (index, progress) = Index::open(directory.path(), Position(20)).expect("opens");
    assert_eq!((index.count(), progress), (1, Progress::fresh(Position(9))));
    drop(index);
    // The store is an older copy.
    let (index, progress) = Index::open(directory.path(), Position(5)).expect("opens");
    assert_eq!((index.count(), progress), (0, Progress::fresh(Position(5))));
    drop(index);
    std::fs::write(directory.path().join("meta.json"), "damaged").expect("writes");
    let (index, _) = Index::open(directory.path(), Position(5)).expect("opens");
    assert_eq!(index.count(), 0);
}
