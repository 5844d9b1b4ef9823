//! `outbox`: what other servers are to be told and what cannot be told from any other row: messages to devices, and
//! whatever else a crate makes for one server. A row lives until the server has acknowledged it.
//!
//! Events, receipts, typing notices and presence are not here: they are read from where they are kept anyway.

use kith_kv::Read;
use serde::{Deserialize, Serialize};

use crate::{
    Direction, Error, Txn,
    catalog::families,
    changes::ChangeKind,
    record,
    sids::{Position, ServerSid},
    table::Table,
};

/// `(server, position) → an EDU for that server`.
pub static OUTBOX: Table<(ServerSid, Position), OutgoingEdu> = Table::new(families::OUTBOX);

/// An EDU on its way to another server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingEdu {
    /// Its type, as `m.direct_to_device`.
    pub edu_type: String,
    /// Its content: a JSON object.
    pub content: String,
}
record!(OutgoingEdu, 1);

/// Puts an EDU into a server's outbox, with a position and a change of its own.
pub fn put(txn: &mut Txn, server: ServerSid, edu: &OutgoingEdu) -> Result<Position, Error> {
    let position = txn.position()?;
    OUTBOX.put(&mut txn.batch, &(server, position), edu);
    txn.change(position, ChangeKind::Outbox { server });
    Ok(position)
}

/// What is in a server's outbox behind `since`, up to and including `until`, oldest first.
pub fn scan<'a>(
    read: &'a dyn Read,
    server: ServerSid,
    since: Position,
    until: Position,
) -> impl Iterator<Item = Result<(Position, OutgoingEdu), Error>> + 'a {
    let rows = OUTBOX.range(read, &(server, since.next()), &(server, until.next()), Direction::Forward);
    rows.map(|row| row.map(|((_, position), edu)| (position, edu)))
}
